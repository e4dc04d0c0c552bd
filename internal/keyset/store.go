package keyset

import (
	"context"
	"errors"
	"time"
)

// ErrConflict says that the set was changed by somebody else in the meantime.
var ErrConflict = errors.New("keyset: changed in the meantime")

// ErrNotFound says that no key has this id.
var ErrNotFound = errors.New("keyset: no such key")

// StoredKey is a signing key at rest.
type StoredKey struct {
	ID        string // kid
	Algorithm string
	Public    []byte // JWK
	Sealed    []byte // the private key, encrypted with a key derived from the server secret
	CreatedAt time.Time
	SignsAt   time.Time // from then on it signs, until a younger key does
	RevokedAt time.Time // zero, or the moment an operator declared it compromised
}

// Store keeps signing keys. Every method is one atomic step, and times keep millisecond precision.
type Store interface {
	// List returns every key, ordered by SignsAt, then ID.
	List(ctx context.Context) ([]StoredKey, error)
	// Add stores a key if the last one of List is still the one named, "" for none: ErrConflict otherwise. So two
	// nodes that start or rotate together make one key, not two.
	Add(ctx context.Context, k StoredKey, last string) error
	// Reseal replaces the sealed private key if it is still old: ErrConflict, ErrNotFound.
	Reseal(ctx context.Context, id string, old, sealed []byte) error
	// Revoke sets RevokedAt once. ErrNotFound.
	Revoke(ctx context.Context, id string, at time.Time) error
	// Delete removes a key that no living token was signed with. Deleting what is gone is no error.
	Delete(ctx context.Context, id string) error
}
