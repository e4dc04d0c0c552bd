package postgres

import (
	"context"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// conns are the connections that one kind of steps shares.
type conns struct {
	pool *pgxpool.Pool

	mu      sync.RWMutex // held for reading while a step begins, so that none comes after the last
	closed  bool
	running sync.WaitGroup // steps, those whose caller has left too
}

const (
	mostTries = 8                      // of a step
	mostLost  = 3                      // of them that a lost connection or a refused one may cost
	firstWait = 5 * time.Millisecond   // at most, before the second try; then twice as much each time
	longWait  = 200 * time.Millisecond // no wait is longer
)

// work is a step on a connection. Its error is what the database said.
type work[T any] func(context.Context, *pgx.Conn) (T, error)

// repeat runs a step that may be made twice without harm: a read, or a change that can only come true once.
func repeat[T any](ctx context.Context, c *conns, run work[T]) (T, error) {
	return start(ctx, c, run, func(tried failure) bool { return tried.again() })
}

// repeatHere is repeat for a caller who never leaves: the step needs no goroutine of its own.
func repeatHere[T any](ctx context.Context, c *conns, run work[T]) (T, error) {
	ctx, cancel := context.WithTimeout(ctx, stepTimeout)
	defer cancel()
	result, err := try(ctx, ctx.Done(), c.pool, run, failure.again)
	return result, asFault(err)
}

// once runs a step that is tried again only if the database is known not to have made it.
func once[T any](ctx context.Context, c *conns, run work[T]) (T, error) {
	return start(ctx, c, run, func(tried failure) bool { return tried.notMade() })
}

// start runs the step apart from its caller. A context that ends would otherwise close the connection under the step: a
// crowd of visitors who hang up would cost the database a crowd of new connections. The caller leaves at once; the step
// ends by itself, within stepTimeout.
func start[T any](ctx context.Context, c *conns, run work[T], again func(failure) bool) (T, error) {
	var result, none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	outcome := make(chan error, 1)
	err := c.begin(func() {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), stepTimeout)
		defer cancel()
		var err error
		result, err = try(own, ctx.Done(), c.pool, run, again)
		outcome <- err
	})
	if err != nil {
		return none, err
	}
	select {
	case err := <-outcome:
		if err != nil {
			return none, asFault(err)
		}
		return result, nil
	case <-ctx.Done():
		return none, ctx.Err() // and leave the result alone: it may be written at this moment
	}
}

// try runs the step until it succeeds, or fails in a way that is not to be tried again, or nobody waits any more.
func try[T any](ctx context.Context, left <-chan struct{}, pool *pgxpool.Pool, run work[T], again func(failure) bool) (T, error) {
	wait, lost := firstWait, 0
	for tries := 1; ; tries++ {
		result, tried := attempt(ctx, pool, run)
		if tried.err == nil {
			return result, nil
		}
		if tried.lost {
			lost++
			ctx = repeated(ctx)
		}
		if tries == mostTries || lost > mostLost || !again(tried) || !pause(ctx, left, wait) {
			return result, tried.err
		}
		wait = min(2*wait, longWait)
	}
}

// attempt runs the step once.
func attempt[T any](ctx context.Context, pool *pgxpool.Pool, run work[T]) (result T, tried failure) {
	conn, err := pool.Acquire(ctx)
	if err != nil {
		return result, failure{err: err, lost: true, unsent: true}
	}
	defer conn.Release() // a connection that was lost is closed by it
	result, err = run(ctx, conn.Conn())
	return result, failed(err, conn.Conn())
}

// pause waits for a random part of d: whoever met over a row does not meet again. It reports false if there is no time
// left, or nobody who waits.
func pause(ctx context.Context, left <-chan struct{}, d time.Duration) bool {
	timer := time.NewTimer(rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-left:
		return false
	case <-ctx.Done():
		return false
	}
}

// begin runs f in a goroutine of its own.
func (c *conns) begin(f func()) error {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if c.closed {
		return errClosed
	}
	c.running.Go(f)
	return nil
}

// close takes no more steps and waits for those that run.
func (c *conns) close() {
	c.mu.Lock()
	c.closed = true
	c.mu.Unlock()
	c.running.Wait()
	c.pool.Close()
}

type repeatedKey struct{}

// repeated marks the context of a step that has lost a connection: the others in the pool may have died with it, and
// are tried before they are used.
func repeated(ctx context.Context) context.Context {
	return context.WithValue(ctx, repeatedKey{}, true)
}

func isRepeated(ctx context.Context) bool { return ctx.Value(repeatedKey{}) != nil }
