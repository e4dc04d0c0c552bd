package revocation

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Revocation is one session that was ended before its time, for whatever reason: signed out, replaced, a changed
// password, a disabled or deleted user, a copied token.
type Revocation struct {
	Session uuid.UUID
	At      time.Time // by the database's own clock, so that nodes whose clocks differ agree
}

// Reading is what one look into the store saw.
type Reading struct {
	Now         time.Time    // of the database's clock, which tells how old a revocation is
	Revocations []Revocation // oldest first
}

// Store tells which sessions were ended lately. The stores of sessions, users and credentials write it down in the very
// step that ends a session; a session that merely expires is not in it, since its tokens expire too.
//
// Faults of the database come back as *fault.Unavailable; anything else is a bug.
type Store interface {
	// Recent returns what was revoked within the last `within`, by the database's clock: the newest `limit` of it. A step
	// that was under way when an earlier call was answered may show up later with a moment before that call: callers
	// overlap.
	Recent(ctx context.Context, within time.Duration, limit int) (Reading, error)
	// Await returns when something may have been revoked since it was called, here or by another node, or when ctx ends.
	// It never fails: a store that cannot tell waits for ctx, and callers read from time to time whatever it says.
	Await(ctx context.Context)
	// Clean forgets at most limit revocations that are older than olderThan, and says how many.
	Clean(ctx context.Context, olderThan time.Duration, limit int) (int, error)
}
