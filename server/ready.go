package server

import (
	"context"
	"sync"
	"time"
)

// readiness asks the store at most once in a while: the question costs a durable write, and anybody may ask.
type readiness struct {
	check func(context.Context) error

	mu    sync.Mutex
	asked time.Time
	said  error
}

const readyFor = time.Second

// Check returns nil if a request that needs the store would be answered.
func (r *readiness) Check(ctx context.Context) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.asked.IsZero() && time.Since(r.asked) < readyFor {
		return r.said
	}
	// The answer is for everybody who asks in the next while: one impatient client must not decide it.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
	defer cancel()
	r.said = r.check(ctx)
	r.asked = time.Now()
	return r.said
}
