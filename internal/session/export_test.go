package session

import (
	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/secret"
)

// MakeToken makes a refresh token as whoever has the keys and a seed can.
func MakeToken(keys []secret.Key, user, id uuid.UUID, seed [SeedSize]byte, generation uint32) string {
	return tags(keys).token(user, id, seed, generation)
}
