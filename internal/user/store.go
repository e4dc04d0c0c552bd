package user

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
)

// ErrNotFound says that no such user exists.
var ErrNotFound = errors.New("user: not found")

// TakenError says that another user has the identifier in Field ("email" or "username").
type TakenError struct{ Field string }

func (e *TakenError) Error() string { return "user: " + e.Field + " is taken" }

// Change names what an update replaces; a nil field stays as it is.
type Change struct {
	Email    *string
	Username *string // "" takes the username away
	Name     *string
	Roles    *[]string
	Metadata *json.RawMessage
}

// Store keeps users. Every method is one atomic step, and times keep millisecond precision.
//
// Faults of the database come back as *fault.Unavailable; anything else that is not named here is a bug.
type Store interface {
	// Create adds a user with the hash of the first password. A *TakenError names the identifier that another user
	// has; email is looked at first. Identifiers are compared by Key.
	Create(ctx context.Context, u User, passwordHash string) error
	// Find returns a user by id, or ErrNotFound.
	Find(ctx context.Context, id uuid.UUID) (User, error)
	// FindByIdentifier returns the user whose email or username has this Key, or ErrNotFound.
	FindByIdentifier(ctx context.Context, key string) (User, error)
	// Update makes the change and returns the user as it then is; ErrNotFound, *TakenError. A new email is unverified.
	Update(ctx context.Context, id uuid.UUID, c Change, at time.Time) (User, error)
	// Disable sets or (with disabled false) takes away the user's DisabledAt. Disabling raises the epoch and ends
	// every live session with reason session.UserDisabled. Doing it again changes nothing. ErrNotFound.
	Disable(ctx context.Context, id uuid.UUID, disabled bool, at time.Time) error
	// Delete removes the user with all sessions and credentials. ErrNotFound.
	Delete(ctx context.Context, id uuid.UUID) error
	// List returns at most limit users with an id greater than after, in the order of their ids, so oldest first.
	List(ctx context.Context, after uuid.UUID, limit int) ([]User, error)
}
