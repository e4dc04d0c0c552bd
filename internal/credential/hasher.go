package credential

import (
	"context"
	"crypto/rand"
	"fmt"
	"runtime"
	"sync/atomic"

	"golang.org/x/crypto/argon2"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

// Config says how dear a password is. Zero values are replaced by the defaults, which are OWASP's.
type Config struct {
	Memory  uint32 // KiB per hash, 19,456 by default
	Time    uint32 // passes, 2 by default
	Threads uint8  // lanes, 1 by default
	// Parallel is how many hashes run at once. By default one processor is left to refreshes, which must never wait
	// for passwords; on a single one, one.
	Parallel int
	// Queue is how many may wait for their turn, 256 by default: two or three seconds of a small machine.
	Queue int
	// Aside runs the work of one hash and returns when it is done; Parallel of them run at once. Nil does it where it is
	// asked for. A program that has threads of low priority lends them here.
	Aside func(work func())
}

// Lengths of what a new hash is made of, in bytes (RFC 9106 section 4 recommends 16 and 32).
const (
	saltLength = 16
	keyLength  = 32
)

// Hasher makes and checks password hashes, a bounded number at a time. It is safe for concurrent use.
type Hasher struct {
	config  Config
	running chan struct{} // a place for each hash that may run
	waiting atomic.Int64
	done    atomic.Int64
	dummy   string
}

// NewHasher returns a Hasher.
func NewHasher(c Config) *Hasher {
	c.Memory = orDefault(c.Memory, 19_456)
	c.Time = orDefault(c.Time, 2)
	c.Threads = orDefault(c.Threads, 1)
	c.Parallel = orDefault(c.Parallel, max(1, runtime.GOMAXPROCS(0)-1))
	c.Queue = orDefault(c.Queue, 256)
	h := &Hasher{config: c, running: make(chan struct{}, c.Parallel)}
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
	return Load{Running: len(h.running), Waiting: int(h.waiting.Load()), Done: h.done.Load()}
}

// run waits for a place and does the work. Who waits is served in the order of arrival; who hangs up leaves the queue.
func (h *Hasher) run(ctx context.Context, work func()) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := h.enter(ctx); err != nil {
		return err
	}
	defer func() { <-h.running }()
	if h.config.Aside != nil {
		h.config.Aside(work)
	} else {
		work()
	}
	h.done.Add(1)
	return nil
}

func (h *Hasher) enter(ctx context.Context) error {
	select {
	case h.running <- struct{}{}:
		return nil
	default:
	}
	defer h.waiting.Add(-1)
	if h.waiting.Add(1) > int64(h.config.Queue) {
		return &fault.Unavailable{
			Cause: errQueueFull,
			Fix:   "wait, or give Mayfly more processors: every sign-in costs one password hash",
		}
	}
	select {
	case h.running <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
