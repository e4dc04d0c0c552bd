package mongo

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"

	"go.mongodb.org/mongo-driver/v2/event"
)

const (
	mostTries = 8                      // of a command
	firstWait = 5 * time.Millisecond   // at most, before the second try; then twice as much each time
	longWait  = 500 * time.Millisecond // no wait is longer
)

// steps are those that run, the ones whose caller has left too.
type steps struct {
	timeout time.Duration // of one, with all that is waited for within it

	mu      sync.RWMutex // held for reading while a step begins, so that none comes after the last
	closed  bool
	running sync.WaitGroup
}

// step runs one step of a store apart from its caller. A context that ends would otherwise close the connection under a
// command: a crowd of visitors who hang up would cost the database a crowd of new connections, and a step of several
// commands would end in the middle. The caller leaves at once; the step ends by itself, within the timeout.
func step[T any](ctx context.Context, s *steps, run func(context.Context) (T, error)) (T, error) {
	var result, none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	outcome := make(chan error, 1)
	err := s.begin(func() {
		own, cancel := context.WithTimeout(context.WithoutCancel(ctx), s.timeout)
		defer cancel()
		var err error
		result, err = run(own)
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

// repeat makes a command that may be made twice without harm: a read, or a change that can only come true once.
func repeat[T any](ctx context.Context, command func(context.Context) (T, error)) (T, error) {
	return try(ctx, command, failure.again)
}

// once makes a command that is tried again only if the database is known not to have made it.
func once[T any](ctx context.Context, command func(context.Context) (T, error)) (T, error) {
	return try(ctx, command, failure.notMade)
}

func try[T any](ctx context.Context, command func(context.Context) (T, error), again func(failure) bool) (T, error) {
	wait := firstWait
	for tries := 1; ; tries++ {
		result, tried := attempt(ctx, command)
		if tried.err == nil || tries == mostTries || !again(tried) || !pause(ctx, wait) {
			return result, tried.err
		}
		wait = min(2*wait, longWait)
	}
}

func attempt[T any](ctx context.Context, command func(context.Context) (T, error)) (T, failure) {
	var sent atomic.Bool
	ctx, cancel := context.WithTimeout(context.WithValue(ctx, sentKey{}, &sent), share(ctx))
	defer cancel()
	result, err := command(ctx)
	return result, failure{err: err, sent: sent.Load()}
}

// share is how long one command may take: not all that is left of the step, so that a primary that went silent leaves time
// for its successor.
func share(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return stepTimeout
	}
	left := time.Until(deadline)
	return max(left*2/5, min(left, longWait))
}

// pause waits for a random part of d: whoever met over a document does not meet again. It reports false if there is no
// time left.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(rand.N(d))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// begin runs f in a goroutine of its own.
func (s *steps) begin(f func()) error {
	s.mu.RLock()
	defer s.mu.RUnlock()
	if s.closed {
		return errClosed
	}
	s.running.Go(f)
	return nil
}

// close takes no more steps and waits for those that run.
func (s *steps) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.running.Wait()
}

type sentKey struct{}

// watch notes which commands have left for the database, and tells another monitor, if there is one.
func watch(other *event.CommandMonitor) *event.CommandMonitor {
	w := &event.CommandMonitor{}
	if other != nil {
		*w = *other
	}
	started := w.Started
	w.Started = func(ctx context.Context, e *event.CommandStartedEvent) {
		if sent, ok := ctx.Value(sentKey{}).(*atomic.Bool); ok {
			sent.Store(true)
		}
		if started != nil {
			started(ctx, e)
		}
	}
	return w
}
