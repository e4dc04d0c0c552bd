package transfer

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Person is a user with everything that is theirs, each value as the store keeps it.
type Person struct {
	user.User
	EmailKey     string // what sign-in finds the user by
	UsernameKey  string // empty when there is no username
	PasswordHash string // empty when there is none
	Sessions     []session.Session
}

// Revoked is a session that was ended early, for those who check access tokens.
type Revoked struct {
	session.Key
	At time.Time
}

// Mark says that a database is the target of a copy, and how far that is. The zero Mark is no mark.
type Mark struct {
	Source   string    // its name, without user and password
	BegunAt  time.Time // of the first run
	Complete bool      // the last run found both sides the same
}

// Change is what one step writes. What is put replaces what the target has of it entirely; taking away what is not there
// changes nothing.
type Change struct {
	Put             []Person
	Gone            []uuid.UUID
	PutKeys         []keyset.StoredKey
	GoneKeys        []string
	PutRevocations  []Revoked
	GoneRevocations []session.Key
}

// Source is a database to copy from. Times have the precision of milliseconds.
//
// Faults of the database come back as *fault.Unavailable; anything else is a bug.
type Source interface {
	// Count returns how many users there are.
	Count(ctx context.Context) (int, error)
	// People returns at most limit users with an id greater than after, in the order of their ids, with their sessions in
	// the order of theirs. All of it is as it was at one moment.
	People(ctx context.Context, after uuid.UUID, limit int) ([]Person, error)
	// Keys returns every signing key, in any order.
	Keys(ctx context.Context) ([]keyset.StoredKey, error)
	// Revocations returns at most limit revocations with a key greater than after, in the order of their keys.
	Revocations(ctx context.Context, after session.Key, limit int) ([]Revoked, error)
	// Mark returns the mark, or the zero Mark.
	Mark(ctx context.Context) (Mark, error)
}

// Target is a database to copy into, on which nobody else works.
type Target interface {
	Source
	// Write makes the change: all of it or nothing where the engine can do that, and otherwise so that making the same
	// change again after a fault mends what is half done. It judges nothing: a session is written although its user is
	// disabled or has another epoch.
	//
	// Whoever else has an identifier of a user that is put is out of date and removed with all that is theirs; they come
	// again when it is their turn.
	Write(ctx context.Context, c Change) error
	// SetMark puts the mark in place of the one there is; the zero Mark takes it away.
	SetMark(ctx context.Context, m Mark) error
}
