package credential

import (
	"strings"

	"golang.org/x/crypto/bcrypt"
)

// maxBcryptCost keeps one check under three seconds; each step up doubles it, and the format goes to 31.
const maxBcryptCost = 15

// bcryptBytes is how much of a password bcrypt looks at.
const bcryptBytes = 72

// bcryptHash is checked by x/crypto, which reads it once more.
type bcryptHash string

// parseBcrypt reads $2b$10$ and 53 characters of bcrypt's own base64: 22 of salt and 31 of key.
func parseBcrypt(hash string, fields []string) (stored, error) {
	if len(fields) != 2 || len(fields[0]) != 2 || len(fields[1]) != 53 || !isBcrypt64(fields[1]) {
		return nil, unreadable("it is not a bcrypt hash of 60 characters")
	}
	cost, err := bcrypt.Cost([]byte(hash))
	switch {
	case err != nil:
		return nil, unreadable("it is not a bcrypt hash of 60 characters")
	case cost > maxBcryptCost:
		return nil, unreadable("its bcrypt cost is above 15")
	}
	return bcryptHash(hash), nil
}

func isBcrypt64(s string) bool {
	return !strings.ContainsFunc(s, func(r rune) bool {
		return !('A' <= r && r <= 'Z' || 'a' <= r && r <= 'z' || '0' <= r && r <= '9' || r == '.' || r == '/')
	})
}

func (bcryptHash) scheme() string { return Bcrypt }

// matches looks at the first 72 bytes, as did whoever made the hash: somebody with a longer password would be locked
// out otherwise. The whole of what they type is hashed with argon2id right after.
func (b bcryptHash) matches(password []byte) bool {
	if len(password) > bcryptBytes {
		password = password[:bcryptBytes]
	}
	return bcrypt.CompareHashAndPassword([]byte(b), password) == nil
}
