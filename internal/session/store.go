package session

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// ErrNotFound says that no such session exists, or that its user does not.
var ErrNotFound = errors.New("session: not found")

// ErrUserChanged says that the user was disabled, deleted or given a new epoch while a sign-in was under way.
var ErrUserChanged = errors.New("session: the user changed during sign-in")

// Store keeps sessions. Every method is one atomic step, and times keep millisecond precision.
//
// A session is live while it has not ended, its user exists and is not disabled, and its epoch is the user's. Expiry is
// not part of being live here: it depends on settings, so callers pass the moments that count.
//
// Faults of the database come back as *fault.Unavailable; anything else that is not named here is a bug.
type Store interface {
	// Create adds a session if the user exists, is not disabled and still has the session's epoch: ErrUserChanged
	// otherwise. A sign-in therefore never outlives a password change that it raced with.
	Create(ctx context.Context, s Session) error
	// Rotate is the compare-and-swap behind a refresh: it sets the lineage to r.Next if the row answers to every
	// condition of r, and returns the record as it is after the step, and whether the lineage was moved.
	// ErrNotFound.
	Rotate(ctx context.Context, r Rotation) (rec Record, moved bool, err error)
	// Find returns a session, ended or not, with its user: ErrNotFound.
	Find(ctx context.Context, user, id uuid.UUID) (Record, error)
	// List returns all sessions of a user that are still kept, ended ones too, newest first.
	List(ctx context.Context, user uuid.UUID) ([]Session, error)
	// End ends one live session and reports whether it did; one that is over or unknown is left alone.
	End(ctx context.Context, user, id uuid.UUID, e Ending) (bool, error)
	// EndAll raises the user's epoch and ends every live session except keep (uuid.Nil keeps none), whose epoch goes
	// along if it was live. It returns how many it ended. No rotation or sign-in in flight survives it. An unknown user has
	// none.
	EndAll(ctx context.Context, user, keep uuid.UUID, e Ending) (int, error)
	// Clean looks at up to b.Limit rows in key order after b.After and deletes the dead among them. It returns the key of the
	// last row it looked at, or the zero Key when it reached the end, and how many it deleted.
	Clean(ctx context.Context, b CleanBatch) (next Key, deleted int, err error)
}

// Rotation is one compare-and-swap of a lineage. The session must be live, and:
type Rotation struct {
	User, Session uuid.UUID
	Generation    uint32    // the row holds exactly this generation
	RotatedBefore time.Time // rotated_at < RotatedBefore: the refresh window is over
	RotatedAfter  time.Time // rotated_at > RotatedAfter: the idle timeout is not
	Now           time.Time // expires_at > Now
	Next          Lineage
}

// Ending says when a session ended and why.
type Ending struct {
	At     time.Time
	Reason Reason
}

// Key is the primary key of a session: the user first, so that a sharded engine keeps one person's rows together.
type Key struct{ User, Session uuid.UUID }

// CleanBatch is one step of the cleaner. A row is dead if it ended before EndedBefore, expires before EndedBefore, or
// was last rotated before IdleBefore.
type CleanBatch struct {
	After                   Key
	Limit                   int
	EndedBefore, IdleBefore time.Time
}
