package credential

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"sync/atomic"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

// Config says how dear a password is. Zero values are replaced by the defaults, which are OWASP's.
type Config struct {
	Memory  uint32 // KiB per hash, 19,456 by default
	Time    uint32 // passes, 2 by default
	Threads uint8  // lanes, 1 by default
	// Parallel is how many hashes run at once, by default as many as there are processors.
	Parallel int
	// Queue is how many may wait for their turn, 256 by default: two or three seconds of a small machine.
	Queue int
	// Busy, if set, reports whether others need the processors now. While they do, one fewer of several hashes runs.
	Busy func() bool
}

// Lengths of what a new hash is made of, in bytes (RFC 9106 section 4 recommends 16 and 32).
const (
	saltLength = 16
	keyLength  = 32
)

// Hasher makes and checks password hashes, a bounded number at a time. It is safe for concurrent use.
type Hasher struct {
	config  Config
	first   chan struct{} // a place for whoever is first in the queue
	running chan struct{} // a place for each hash that may run at any time
	spare   chan struct{} // and for one that may while nobody else needs the processors; nil if there is only one at all
	waiting atomic.Int64
	done    atomic.Int64
	dummy   string
}

// NewHasher returns a Hasher.
func NewHasher(c Config) *Hasher {
	c.Memory = orDefault(c.Memory, 19_456)
	c.Time = orDefault(c.Time, 2)
	c.Threads = orDefault(c.Threads, 1)
	c.Parallel = orDefault(c.Parallel, runtime.GOMAXPROCS(0))
	c.Queue = orDefault(c.Queue, 256)
	if c.Busy == nil {
		c.Busy = func() bool { return false }
	}
	h := &Hasher{config: c, first: make(chan struct{}, 1), running: make(chan struct{}, max(1, c.Parallel-1))}
	if c.Parallel > 1 {
		h.spare = make(chan struct{}, 1)
	}
	// A key that no password has: it was drawn, not derived.
	h.dummy = h.encode(random(saltLength), random(keyLength))
	return h
}

func orDefault[T int | uint32 | uint8](value, fallback T) T {
	if value == 0 {
		return fallback
	}
	return value
}

func random(n int) []byte {
	b := make([]byte, n)
	rand.Read(b) // never fails: see the documentation of crypto/rand
	return b
}

// Hash returns the hash of a new password, which Policy.Check has found good. *fault.Unavailable when too many wait.
func (h *Hasher) Hash(ctx context.Context, password string) (string, error) {
	salt := random(saltLength)
	var key []byte
	err := h.run(ctx, func() {
		key = argon2.IDKey(forms(password)[0], salt, h.config.Time, h.config.Memory, h.config.Threads, keyLength)
	})
	if err != nil {
		return "", fmt.Errorf("hash password: %w", err)
	}
	return h.encode(salt, key), nil
}

// Verify reports whether the password is the one that hash was made from, and if so whether it should be hashed anew
// because the hash is not what Hash makes today.
//
// *fault.Unavailable when too many wait; *UnreadableError when the stored hash cannot be read.
func (h *Hasher) Verify(ctx context.Context, password, hash string) (ok, rehash bool, err error) {
	stored, err := parse(hash)
	if err != nil {
		return false, false, fmt.Errorf("verify password: %w", err)
	}
	if tooLong(password) {
		return false, false, nil
	}
	for i, form := range forms(password) {
		if err := h.run(ctx, func() { ok = stored.matches(form) }); err != nil {
			return false, false, fmt.Errorf("verify password: %w", err)
		}
		if ok {
			return true, i > 0 || !h.isCurrent(stored), nil
		}
	}
	return false, false, nil
}

// VerifyDummy does the work of Verify for a user who does not exist, so that time does not tell (STD-96). It always
// fails; the error is that of a Verify that could not be done.
func (h *Hasher) VerifyDummy(ctx context.Context, password string) error {
	_, _, err := h.Verify(ctx, password, h.dummy)
	return err
}

// Load is what a Hasher has to do now and has done so far.
type Load struct {
	Running, Waiting int
	Done             int64 // hashes computed since the start
}

// Load returns the load, for metrics.
func (h *Hasher) Load() Load {
	return Load{Running: len(h.running) + len(h.spare), Waiting: int(h.waiting.Load()), Done: h.done.Load()}
}

// run waits for a place and does the work. Who waits is served in the order of arrival; who hangs up leaves the queue.
func (h *Hasher) run(ctx context.Context, work func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	place, err := h.enter(ctx)
	if err != nil {
		return err
	}
	defer func() { <-place }()
	work()
	h.done.Add(1)
	return nil
}

// pause is how long whoever is first in the queue waits before asking again whether others need the processors: about as
// long as one hash takes.
const pause = 20 * time.Millisecond

// enter takes a place and returns where.
func (h *Hasher) enter(ctx context.Context) (place chan struct{}, err error) {
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > int64(h.config.Queue) {
		return nil, &fault.Unavailable{
			Cause: errQueueFull,
			Fix:   "wait, or give Mayfly more processors: every sign-in costs one password hash",
		}
	}
	select {
	case h.first <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	defer func() { <-h.first }()
	for {
		spare, again := h.spare, (<-chan time.Time)(nil)
		if h.config.Busy() {
			spare, again = nil, time.After(pause)
		}
		select {
		case h.running <- struct{}{}:
			return h.running, nil
		case spare <- struct{}{}:
			return h.spare, nil
		case <-again:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}
