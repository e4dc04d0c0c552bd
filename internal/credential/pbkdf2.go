package credential

import (
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // hashes made elsewhere; HMAC does not need SHA-1 to resist collisions
	"crypto/sha256"
	"crypto/sha512"
	"crypto/subtle"
	"encoding/base64"
	"hash"
	"strings"
)

// maxPBKDF2Work is the most rounds of HMAC that a stored hash may ask for: about two seconds. Django's default passed
// a million in 2025.
const maxPBKDF2Work = 4_000_000

type pbkdf2Hash struct {
	name      string
	rounds    int
	salt, key []byte
}

// pbkdf2Digest is the hash function of a scheme.
func pbkdf2Digest(scheme string) func() hash.Hash {
	switch scheme {
	case PBKDF2SHA512:
		return sha512.New
	case PBKDF2SHA256:
		return sha256.New
	}
	return sha1.New
}

// parsePBKDF2 reads $pbkdf2-sha256$29000$salt$key, as passlib writes it ("pbkdf2" alone is SHA-1), and
// $pbkdf2-sha256$i=600000,l=32$salt$key of the PHC string format, where l may be missing.
func parsePBKDF2(name string, fields []string) (stored, error) {
	if name == "pbkdf2" {
		name = PBKDF2SHA1
	}
	if len(fields) != 3 {
		return nil, unreadable("it is not PBKDF2 with rounds, salt and key")
	}
	salt, err := unpadded(fields[1], 8, 64)
	if err != nil {
		return nil, err
	}
	key, err := unpadded(fields[2], 16, 64)
	if err != nil {
		return nil, err
	}
	rounds, length, named := strings.Cut(strings.TrimPrefix(fields[0], "i="), ",l=")
	if n, err := number(length); named && (err != nil || int(n) != len(key)) {
		return nil, unreadable("its key has another length than it says")
	}
	return newPBKDF2(name, rounds, salt, key)
}

// parseDjango reads pbkdf2_sha256$720000$salt$key, where the salt is text and the key padded base64.
func parseDjango(name string, fields []string) (stored, error) {
	if len(fields) != 3 || len(fields[1]) < 1 || len(fields[1]) > 128 {
		return nil, unreadable("it is not PBKDF2 with rounds, salt and key")
	}
	key, err := decode(base64.StdEncoding, fields[2], 16, 64)
	if err != nil {
		return nil, err
	}
	return newPBKDF2(strings.Replace(name, "_", "-", 1), fields[0], []byte(fields[1]), key)
}

func newPBKDF2(name, rounds string, salt, key []byte) (stored, error) {
	n, err := number(rounds)
	if err != nil || n < 1 {
		return nil, unreadable("its PBKDF2 rounds are out of range")
	}
	size := pbkdf2Digest(name)().Size()
	blocks := (len(key) + size - 1) / size // each costs all the rounds: RFC 8018 section 5.2
	if uint64(n)*uint64(blocks) > maxPBKDF2Work {
		return nil, unreadable("its PBKDF2 rounds are more than 4,000,000")
	}
	return pbkdf2Hash{name, int(n), salt, key}, nil
}

func (p pbkdf2Hash) scheme() string { return p.name }

func (p pbkdf2Hash) matches(password []byte) bool {
	key, err := pbkdf2.Key(pbkdf2Digest(p.name), string(password), p.salt, p.rounds, len(p.key))
	return err == nil && subtle.ConstantTimeCompare(key, p.key) == 1
}
