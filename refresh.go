package mayfly

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// fly makes one refresh. Its time is its own: none of the calls that wait for it can cancel it for the others.
func (s *clientSession) fly(f *flight) {
	ctx, cancel := context.WithTimeout(context.Background(), refreshTimeout)
	defer cancel()
	token, err := s.refresh(ctx, f)

	s.mu.Lock()
	defer s.mu.Unlock()
	if errors.Is(err, ErrUnavailable) {
		s.failed(err)
	}
	f.token, f.err = token, err
	s.flight = nil
	close(f.done)
}

// failed notes a failure that will pass. The caller holds mu.
func (s *clientSession) failed(err error) {
	pause := longestBackoff
	if s.failures < 6 {
		pause = min(firstBackoff<<s.failures, longestBackoff)
	}
	if p := new(Problem); errors.As(err, &p) {
		pause = max(pause, p.RetryAfter)
	}
	pause += rand.N(pause/4 + 1) // so that a crowd does not return at once
	s.failures++
	s.failure, s.retryAt = err, s.now()+pause
}

// refresh buys the next pair. Its error is ErrSignedOut, errSuperseded, or ErrUnavailable for all that will pass.
func (s *clientSession) refresh(ctx context.Context, f *flight) (*accessToken, error) {
	// Read right before it is sent: another program may have refreshed since, and a token two generations old would
	// look stolen.
	sent, err := s.storage.Load(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	if sent == "" || sent == s.dead() {
		return nil, s.lost(ctx, f, sent)
	}
	asked := s.now()
	g, err := s.endpoint.refresh(ctx, sent)
	problem := new(Problem)
	switch {
	case err == nil:
		return s.keep(ctx, f, sent, g, asked)
	case errors.As(err, &problem) && problem.SessionEnded:
		return nil, s.bury(ctx, f, sent, problem)
	}
	return nil, unavailable(err)
}

func unavailable(err error) error {
	if errors.Is(err, ErrUnavailable) {
		return err
	}
	return fmt.Errorf("%w: %w", ErrUnavailable, err)
}

// keep saves the refresh token and takes the access token into use, unless somebody else wrote to the storage
// meanwhile. When it can not be saved the pair is dropped: the server accepts the token that is still stored, however
// late, but not one that is two generations old.
func (s *clientSession) keep(ctx context.Context, f *flight, sent string, g grant, asked time.Duration) (*accessToken, error) {
	s.storing.Lock()
	defer s.storing.Unlock()
	stored, err := s.storage.Load(ctx)
	if err != nil {
		return nil, unavailable(err)
	}
	if stored != sent && stored != g.refresh {
		s.drop(f, nil)
		return nil, errSuperseded
	}
	if stored != g.refresh {
		if err := s.storage.Save(ctx, g.refresh); err != nil {
			return nil, unavailable(err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token := s.use(g, asked)
	if f.forced {
		token.believed = s.now() + refusalPause
	}
	return token, nil
}

// begin takes a sign-in into use.
func (s *clientSession) begin(ctx context.Context, g grant, asked time.Duration) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	if err := s.storage.Save(ctx, g.refresh); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.use(g, asked)
	return nil
}

// use makes g the current token. Its life is counted from when it was asked for: the server's count began later.
// The caller holds mu.
func (s *clientSession) use(g grant, asked time.Duration) *accessToken {
	lead := min(longestLead, g.life/5)
	s.token = &accessToken{text: g.access, session: g.session, soon: asked + g.life - lead, dead: asked + g.life}
	s.failures, s.failure, s.ended = 0, nil, nil
	return s.token
}

// end forgets the session here and returns its refresh token, for the server to hear of.
func (s *clientSession) end(ctx context.Context) (refreshToken string, err error) {
	s.storing.Lock()
	defer s.storing.Unlock()
	s.mu.Lock()
	s.token, s.ended, s.failures = nil, nil, 0
	s.mu.Unlock()
	refreshToken, err = s.storage.Load(ctx)
	return refreshToken, errors.Join(err, s.storage.Save(ctx, ""))
}

// bury takes note that the server ended the session. A newer sign-in in the storage stays.
func (s *clientSession) bury(ctx context.Context, f *flight, sent string, p *Problem) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	stored, err := s.storage.Load(ctx)
	if err == nil && stored != sent {
		s.drop(f, nil)
		return errSuperseded
	}
	_ = s.storage.Save(ctx, "") // where it fails, buried keeps the dead token from being sent for every call
	ended := fmt.Errorf("%w: %w", ErrSignedOut, p)
	s.mu.Lock()
	s.buried = sent
	s.mu.Unlock()
	s.drop(f, ended)
	return ended
}

func (s *clientSession) dead() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.buried
}

// lost returns the error of a storage that holds no session, after looking again: a sign-in may have just saved one.
func (s *clientSession) lost(ctx context.Context, f *flight, seen string) error {
	s.storing.Lock()
	defer s.storing.Unlock()
	if stored, err := s.storage.Load(ctx); err == nil && stored != seen {
		return errSuperseded
	}
	s.mu.Lock()
	ended := s.ended
	s.mu.Unlock()
	if ended == nil {
		ended = fmt.Errorf("%w: call Login first", ErrSignedOut)
	}
	s.drop(f, ended)
	return ended
}

// drop forgets the token that the flight was to replace. One that a sign-in has put in its place stays.
func (s *clientSession) drop(f *flight, ended error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.token == f.replaces {
		s.token, s.ended, s.failures = nil, ended, 0
	}
}
