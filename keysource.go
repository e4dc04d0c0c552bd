package mayfly

import (
	"context"
	"errors"
	"log/slog"
	"sync"
	"sync/atomic"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

// keySource is where a verifier finds keys.
type keySource interface {
	// current returns the set in use, without waiting, or nil if find has to be asked.
	current(now time.Time) *keySet
	// find returns the key with this id and the set it is in. Its error is ErrUnknownKey or ErrKeysUnavailable.
	find(ctx context.Context, kid string) (*jws.PublicKey, *keySet, error)
}

// keySet is one answer of the issuer. It never changes, so its address stands for its content: what was verified with
// one set is verified anew with the next.
type keySet struct {
	byID map[string]*jws.PublicKey
	text string
}

// sharedKey is the one secret of HS256. A kid, if there is one, says nothing: both sides know a single secret.
type sharedKey struct {
	set *keySet
	key *jws.PublicKey
}

func (s *sharedKey) current(time.Time) *keySet { return s.set }

func (s *sharedKey) find(context.Context, string) (*jws.PublicKey, *keySet, error) {
	return s.key, s.set, nil
}

const (
	// oldestKeys is how long a set is used without having been confirmed. By then every token that an unreachable issuer
	// ever made has long expired, so nobody is turned away who could have been let in.
	oldestKeys = 24 * time.Hour
	// firstPause is how soon after a failure the keys are asked for again while there are none at all.
	firstPause   = time.Second
	longestPause = 5 * time.Minute
)

// remoteKeys are the keys of an issuer, over HTTP. A request waits for them when there are none, when it names a key
// that is not among them, and after a long silence; at most one fetch runs at a time, and after each comes a pause that
// no token can shorten.
type remoteKeys struct {
	fetcher  *keyFetcher
	interval time.Duration
	now      func() time.Time
	log      *slog.Logger

	held atomic.Pointer[heldKeys]

	mu       sync.Mutex // guards the rest
	fetch    chan struct{}
	tried    bool
	triedAt  time.Time
	failures int
	failure  error
}

// heldKeys is a set with its age.
type heldKeys struct {
	set       *keySet
	fetchedAt time.Time
	life      time.Duration
}

func newRemoteKeys(address string, c VerifierConfig, now func() time.Time) *remoteKeys {
	k := &remoteKeys{fetcher: newKeyFetcher(address, c.HTTPClient), interval: c.RefetchInterval, now: now, log: c.Logger}
	if k.interval <= 0 {
		k.interval = DefaultRefetchInterval
	}
	return k
}

func (k *remoteKeys) current(now time.Time) *keySet {
	h := k.held.Load()
	if h == nil {
		return nil
	}
	age := now.Sub(h.fetchedAt)
	if 0 <= age && age < h.life { // nothing but this for nearly every request
		return h.set
	}
	// A clock that was set back makes a set look younger than nothing: it is due as well.
	_, failed := k.refetch(now)
	if age >= oldestKeys || (age >= 2*h.life && !failed) {
		return nil
	}
	return h.set
}

// find waits for a fetch at most once.
func (k *remoteKeys) find(ctx context.Context, kid string) (*jws.PublicKey, *keySet, error) {
	now := k.now()
	set := k.current(now)
	if set != nil && set.byID[kid] != nil {
		return set.byID[kid], set, nil
	}
	if done, _ := k.refetch(now); done != nil {
		select {
		case <-done:
		case <-ctx.Done():
			return nil, nil, &keysError{cause: ctx.Err(), retryAfter: firstPause}
		}
	}
	h := k.held.Load()
	if h == nil || k.now().Sub(h.fetchedAt) >= oldestKeys {
		return nil, nil, k.unavailable()
	}
	if key := h.set.byID[kid]; key != nil {
		return key, h.set, nil
	}
	if err := k.unavailable(); err != nil {
		return nil, nil, err // it may be a key that we could not hear of: that is no reason to call its token invalid
	}
	return nil, nil, accesstoken.ErrUnknownKey
}

// refetch begins a fetch unless one is under way or it is too early, and returns what is closed when it is done: nil
// if it is too early. The second result says that the last fetch failed.
func (k *remoteKeys) refetch(now time.Time) (done <-chan struct{}, failed bool) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.fetch != nil {
		return k.fetch, k.failures > 0
	}
	if since := now.Sub(k.triedAt); k.tried && 0 <= since && since < k.pause() {
		return nil, k.failures > 0
	}
	k.tried, k.triedAt = true, now
	k.fetch = make(chan struct{})
	go k.run(k.fetch)
	return k.fetch, k.failures > 0
}

// pause returns how long after the last fetch the next one may begin. The caller holds mu.
func (k *remoteKeys) pause() time.Duration {
	switch {
	case k.failures == 0:
		return k.interval
	case k.held.Load() == nil: // everybody is locked out: ask soon
		return min(firstPause<<min(k.failures-1, 10), max(k.interval, firstPause))
	}
	return max(min(k.interval<<min(k.failures-1, 10), longestPause), k.interval)
}

// run makes one fetch. No request owns it, so none can cancel it for the others.
func (k *remoteKeys) run(done chan struct{}) {
	set, life, err := k.fetcher.fetch()
	fetchedAt := k.now()

	k.mu.Lock()
	defer k.mu.Unlock()
	defer close(done)
	k.fetch = nil
	if k.failure = err; err != nil {
		k.failures++
		if k.held.Load() != nil {
			k.warn(err)
		}
		return
	}
	k.failures = 0
	if old := k.held.Load(); old != nil && old.set.text == set.text {
		set = old.set // the same answer: what was verified stays verified
	}
	k.held.Store(&heldKeys{set: set, fetchedAt: fetchedAt, life: life})
}

func (k *remoteKeys) warn(err error) {
	log := k.log
	if log == nil {
		log = slog.Default()
	}
	log.Warn("mayfly: the keys of the issuer can not be fetched; the old ones stay in use for now",
		"url", k.fetcher.url, "error", err)
}

// unavailable returns why the last fetch failed, nil if it did not.
func (k *remoteKeys) unavailable() error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.failure == nil && k.held.Load() != nil {
		return nil
	}
	cause := k.failure
	if cause == nil {
		cause = errors.New("they have not been fetched yet")
	}
	return &keysError{cause: cause, retryAfter: max(k.pause()-k.now().Sub(k.triedAt), firstPause)}
}

// keysError is ErrKeysUnavailable with its cause.
type keysError struct {
	cause      error
	retryAfter time.Duration
}

func (e *keysError) Error() string { return ErrKeysUnavailable.Error() + ": " + e.cause.Error() }

func (e *keysError) Unwrap() []error { return []error{ErrKeysUnavailable, e.cause} }
