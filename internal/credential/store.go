package credential

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
)

// ErrNotFound says that the user has no password, or does not exist.
var ErrNotFound = errors.New("credential: not found")

// ErrConflict says that the password was changed by somebody else in the meantime.
var ErrConflict = errors.New("credential: changed in the meantime")

// Replacement is one change of a password hash.
type Replacement struct {
	User    uuid.UUID
	OldHash string // must still be the stored one
	NewHash string
	// EndSessions raises the user's epoch and ends every live session except Keep with reason
	// session.PasswordChanged. It is false only when the same password is hashed anew.
	EndSessions bool
	Keep        uuid.UUID // a session of the user that goes on, or uuid.Nil
	At          time.Time
}

// Store keeps password hashes. Every method is one atomic step.
type Store interface {
	// PasswordHash returns the user's hash, or ErrNotFound.
	PasswordHash(ctx context.Context, user uuid.UUID) (string, error)
	// ReplacePassword compares OldHash and swaps: ErrNotFound, or ErrConflict when it is no longer the stored one.
	ReplacePassword(ctx context.Context, r Replacement) error
}
