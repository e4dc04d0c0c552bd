package mayfly

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

const (
	// longestLead is how long before its end an access token is replaced, one fifth of its life if that is shorter.
	longestLead = time.Minute
	// refusalPause is how long a token that was fetched because of a 401 is believed over further ones. An API that
	// answers every request with its own 401 causes no chain of refreshes.
	refusalPause = 30 * time.Second
	// mostRounds bounds how often one call follows a storage that keeps changing under it.
	mostRounds = 3

	firstBackoff   = time.Second
	longestBackoff = time.Minute
)

// errSuperseded says that the session was replaced or ended here while a refresh was under way; its answer is dropped.
var errSuperseded = errors.New("mayfly: superseded")

// accessToken is an access token as its holder sees it. It never changes.
type accessToken struct {
	text     string
	session  string        // id: a request never goes out again under another one
	believed time.Duration // on the session's clock: until here a 401 is taken for the API's own business
	soon     time.Duration // from here on the next one is fetched beside the calls
	dead     time.Duration // from here on calls wait for the next one
}

// clientSession holds the tokens of one signed-in client and decides when to refresh.
//
//	no token ──▶ refreshing ──▶ fresh ──soon──▶ refreshing, calls go on ──dead──▶ refreshing, calls wait
//	   ▲             │ failed: pause, then again
//	   └─ ended ◀────┘ session_ended, and only then
type clientSession struct {
	endpoint *endpoint
	storage  Storage
	// now is the time since some moment in the past, on the monotonic clock: the type leaves no way to a wall clock.
	now func() time.Duration

	// storing is held where the storage is compared and changed, so that no late answer undoes a sign-out or overwrites
	// a newer sign-in. It is taken before mu.
	storing sync.Mutex

	mu       sync.Mutex // guards all below, never held while waiting
	token    *accessToken
	flight   *flight       // the refresh under way
	failures int           // temporary ones in a row,
	failure  error         // the last of them,
	retryAt  time.Duration // and when to try again
	ended    error         // why the last session ended
	buried   string        // its refresh token, which is never sent again
}

// flight is one refresh that many calls may wait for.
type flight struct {
	replaces *accessToken // the current token when it began
	forced   bool         // that token was refused, see refusalPause; guarded by mu
	done     chan struct{}
	token    *accessToken // these two after done is closed
	err      error
}

func newClientSession(e *endpoint, storage Storage) *clientSession {
	start := time.Now()
	return &clientSession{endpoint: e, storage: storage, now: func() time.Duration { return time.Since(start) }}
}

// current returns the token for a call, and waits for one only if there is none alive.
func (s *clientSession) current(ctx context.Context) (*accessToken, error) {
	for range mostRounds {
		s.mu.Lock()
		token, now := s.token, s.now()
		if token != nil && now < token.soon {
			s.mu.Unlock()
			return token, nil
		}
		f, err := s.start(now)
		s.mu.Unlock()
		if token != nil && now < token.dead {
			return token, nil
		}
		if err != nil {
			return nil, err
		}
		if next, err := f.wait(ctx); !errors.Is(err, errSuperseded) {
			return next, err
		}
	}
	return nil, fmt.Errorf("%w: the storage changes with every refresh", ErrUnavailable)
}

// after returns the token to send a call with again, after it was answered 401 with refused. Nil says to leave it at
// that answer: a refresh would change nothing, or the session is no longer the one that the call was made in.
func (s *clientSession) after(ctx context.Context, refused *accessToken) (*accessToken, error) {
	s.mu.Lock()
	token, now := s.token, s.now()
	switch {
	case token == nil:
		err := s.ended
		s.mu.Unlock()
		return nil, err
	case token != refused: // a straggler: the next one is here already
		s.mu.Unlock()
		return token.in(refused.session), nil
	case now < token.believed:
		s.mu.Unlock()
		return nil, nil
	}
	f, err := s.start(now)
	if err == nil {
		f.forced = true
	}
	s.mu.Unlock()
	if err != nil {
		return nil, err
	}
	next, err := f.wait(ctx)
	switch {
	case errors.Is(err, errSuperseded):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return next.in(refused.session), nil
}

// in returns the token if it belongs to the session, nil otherwise.
func (t *accessToken) in(session string) *accessToken {
	if t.session != session {
		return nil
	}
	return t
}

// start returns the refresh under way or begins one; an error says that it is too early after the last failure.
// The caller holds mu.
func (s *clientSession) start(now time.Duration) (*flight, error) {
	switch {
	case s.flight != nil:
		return s.flight, nil
	case s.failures > 0 && now < s.retryAt:
		return nil, s.failure
	}
	f := &flight{replaces: s.token, done: make(chan struct{})}
	s.flight = f
	go s.fly(f)
	return f, nil
}

func (f *flight) wait(ctx context.Context) (*accessToken, error) {
	select {
	case <-f.done:
		return f.token, f.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}
