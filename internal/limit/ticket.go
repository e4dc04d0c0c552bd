package limit

import (
	"context"
	"errors"
	"fmt"
)

// Ticket is an attempt under way. Its holder calls Failed, Succeeded or Withdraw once, when it knows what became of it.
type Ticket struct {
	limiter *Limiter
	charges []charge
}

// charge is one attempt in one bucket, and what a success does to it.
type charge struct {
	key       string
	bucket    Bucket
	onSuccess settlement
}

type settlement int

const (
	giveBack settlement = iota // take the one attempt out: others share the bucket, or an attacker may
	forget                     // empty the bucket: the person has proved that the failures in it were theirs
)

// Failed leaves the attempt where it was charged.
func (t *Ticket) Failed() { t.charges = nil }

// Succeeded takes the attempt out, and with it the failures that came before it from the same place.
func (t *Ticket) Succeeded(ctx context.Context) error {
	return t.settle(ctx, func(c charge) settlement { return c.onSuccess })
}

// Withdraw takes the attempt out because it was never judged, as when the database did not answer.
func (t *Ticket) Withdraw(ctx context.Context) error {
	return t.settle(ctx, func(charge) settlement { return giveBack })
}

// settle goes on when the visitor has gone away: otherwise hanging up at the right moment would cost a crowd behind one
// address its room.
func (t *Ticket) settle(ctx context.Context, how func(charge) settlement) error {
	ctx = context.WithoutCancel(ctx)
	var faults []error
	for _, c := range t.charges {
		var err error
		if how(c) == forget {
			err = t.limiter.store.Forget(ctx, c.key)
		} else {
			err = t.limiter.store.GiveBack(ctx, c.key, c.bucket)
		}
		faults = append(faults, err)
	}
	t.charges = nil
	if err := errors.Join(faults...); err != nil {
		return fmt.Errorf("settle attempt: %w", err)
	}
	return nil
}

// take charges one bucket after the other and notes each on the ticket. It stops at the first that is full.
func (t *Ticket) take(ctx context.Context, charges ...charge) error {
	for _, c := range charges {
		wait, err := t.limiter.store.Take(ctx, c.key, c.bucket, t.limiter.now())
		switch {
		case err != nil:
			return fmt.Errorf("charge attempt: %w", err)
		case wait > 0:
			return &TooManyError{RetryAfter: wait}
		}
		t.charges = append(t.charges, c)
	}
	return nil
}
