package mayfly

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

const (
	// DefaultMaxMarks is how many revoked sessions a verifier remembers unless told otherwise; with so many they take 32 MB.
	DefaultMaxMarks = 1_000_000

	// mostLeeway is for how long after its last token has expired the feed goes on to name a session.
	mostLeeway = time.Minute
)

// RevocationsConfig says how a [Verifier] follows the revocation feed. All of it may be left at its zero value.
type RevocationsConfig struct {
	// URL is where the feed is; empty means Issuer + "/v1/revocations".
	URL string
	// RefuseWhenDown refuses every token while the feed is down, with ErrRevocationsUnknown (503). Without it tokens are
	// then good until they expire, as they are without the feed.
	RefuseWhenDown bool
	// MaxMarks is how many revoked sessions are remembered at most, at 32 to 80 bytes each; 0 means DefaultMaxMarks. They
	// are forgotten when no token of theirs can be valid any more, so it takes as many revocations within the life of an
	// access token to reach it. Then the sixteenth that ends first is forgotten early, which [FeedState] counts.
	MaxMarks int
	// OnChange is told when the feed comes up, when it goes down, when it can not be reached at the start, and when
	// sessions were forgotten early. Calls come one after another. The feed is not read before OnChange returns, so
	// whatever takes long belongs into a goroutine.
	OnChange func(FeedState)
}

// FeedState is what a verifier knows of its revocation feed.
type FeedState struct {
	// Up says that every session is known that was revoked more than two seconds ago.
	Up bool
	// Since is when Up took its value; zero before the first token was to be verified, when nothing is followed yet.
	Since time.Time
	// Marks is how many revoked sessions are remembered. Those that are over leave within a minute or two.
	Marks int
	// Dropped is how many were forgotten early, because there were more than MaxMarks.
	Dropped uint64
	// LastError is why the feed was down the last time; nil if it never was.
	LastError error
}

// Feed returns what is known of the revocation feed at this moment, for a metric or a page of health. It costs nothing
// worth counting. Without [VerifierConfig.Revocations] it is the zero value.
func (v *Verifier) Feed() FeedState {
	if v.revocations == nil {
		return FeedState{}
	}
	return v.revocations.snapshot()
}

// Close stops following the revocation feed; without one it does nothing. The feed is down from then on and tokens are
// judged accordingly.
func (v *Verifier) Close() {
	if v.revocations != nil {
		v.revocations.close()
	}
}

// newFollower reads c.Revocations, which is set.
func newFollower(c VerifierConfig) (*follower, error) {
	r := *c.Revocations
	if c.Leeway > mostLeeway {
		return nil, fmt.Errorf("mayfly: Leeway is %v, and the revocation feed names a session for no longer than %v after "+
			"its last token has expired: set it to that at most, or leave Revocations out", c.Leeway, mostLeeway)
	}
	if r.MaxMarks < 0 {
		return nil, fmt.Errorf("mayfly: Revocations.MaxMarks is %d: it must be 0 or more", r.MaxMarks)
	}
	if r.MaxMarks == 0 {
		r.MaxMarks = DefaultMaxMarks
	}
	if r.URL == "" {
		r.URL = trimSlash(c.Issuer) + "/v1/revocations"
	}
	if _, err := parseAddress("Revocations.URL", r.URL, c.InsecureHTTP); err != nil {
		return nil, err
	}
	return startableFollower(r, c.HTTPClient, c.Logger), nil
}

// admit judges a token that is good in itself by what has become of its session.
func (v *Verifier) admit(ctx context.Context, claims *Claims, mark accesstoken.Mark, own *Claims) (*Claims, error) {
	if v.revocations != nil {
		if err := v.revocations.check(ctx, mark); err != nil {
			return nil, err
		}
	}
	*own = *claims
	return own, nil
}

// check returns ErrTokenRevoked for a session that the feed has named, and ErrRevocationsUnknown where it is not known
// and must not be guessed. The first callers wait until the feed has told what was revoked before it was followed, or
// could not; later ones never wait.
func (f *follower) check(ctx context.Context, mark accesstoken.Mark) error {
	if !f.isSettled.Load() {
		if err := f.await(ctx); err != nil {
			return err
		}
	}
	if until := f.marks.until(mark); until != 0 && until >= stampOf(f.elapsed()) {
		return ErrTokenRevoked
	}
	if f.config.RefuseWhenDown && !f.isFresh() {
		return &revocationsError{f.snapshot().LastError}
	}
	return nil
}

func (f *follower) await(ctx context.Context) error {
	f.begin()
	select {
	case <-f.settled:
		return nil
	case <-ctx.Done():
		return &revocationsError{ctx.Err()}
	}
}

// isFresh does not rely on a timer: a process that was stopped for an hour knows nothing of that hour, whatever goroutine
// gets to run first.
func (f *follower) isFresh() bool {
	heard := f.heard.Load()
	return heard != notHeard && f.elapsed()-time.Duration(heard) < feedSilence
}

// revocationsError is ErrRevocationsUnknown with its cause.
type revocationsError struct{ cause error }

func (e *revocationsError) Error() string {
	return ErrRevocationsUnknown.Error() + ": " + e.reason().Error()
}

func (e *revocationsError) Unwrap() []error { return []error{ErrRevocationsUnknown, e.reason()} }

func (e *revocationsError) reason() error {
	if e.cause == nil {
		return errSilence
	}
	return e.cause
}

var errSilence = errors.New("the feed has been silent for too long")
