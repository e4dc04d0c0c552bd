package credential

import (
	"crypto/subtle"
	"encoding/base64"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// The most that a stored argon2 hash may ask for: the first two bound what it takes at once, the third how long.
const (
	maxArgon2Memory = 256 << 10 // KiB
	maxArgon2Lanes  = 16
	maxArgon2Work   = 1 << 20 // KiB times passes: about half a second
)

type argon2Hash struct {
	variant      string
	memory, time uint32
	lanes        uint8
	salt, key    []byte
}

// parseArgon2 reads $argon2id$v=19$m=19456,t=2,p=1$salt$key.
func parseArgon2(variant string, fields []string) (stored, error) {
	// Without a version it is 16, which computes something else and which nobody has made since 2016.
	if len(fields) != 4 || fields[0] != fmt.Sprintf("v=%d", argon2.Version) {
		return nil, unreadable("it is not argon2 version 19")
	}
	p, err := parameters(fields[1], "m", "t", "p")
	if err != nil {
		return nil, err
	}
	memory, time, lanes := p[0], p[1], p[2]
	switch {
	case lanes < 1 || lanes > maxArgon2Lanes || time < 1 || memory < 8*lanes: // RFC 9106 section 3.1
		return nil, unreadable("its argon2 parameters are out of range")
	case memory > maxArgon2Memory || uint64(memory)*uint64(time) > maxArgon2Work:
		return nil, unreadable("its argon2 parameters ask for more than 256 MiB, or for more than 1 GiB in all passes")
	}
	salt, err := unpadded(fields[2], 8, 64)
	if err != nil {
		return nil, err
	}
	key, err := unpadded(fields[3], 16, 64)
	if err != nil {
		return nil, err
	}
	return argon2Hash{variant, memory, time, uint8(lanes), salt, key}, nil
}

func (a argon2Hash) scheme() string { return a.variant }

func (a argon2Hash) matches(password []byte) bool {
	derive := argon2.IDKey
	if a.variant == Argon2i {
		derive = argon2.Key
	}
	key := derive(password, a.salt, a.time, a.memory, a.lanes, uint32(len(a.key)))
	return subtle.ConstantTimeCompare(key, a.key) == 1
}

// isCurrent reports whether Hash would make such a hash today.
func (h *Hasher) isCurrent(s stored) bool {
	a, ok := s.(argon2Hash)
	return ok && a.variant == Argon2id &&
		a.memory == h.config.Memory && a.time == h.config.Time && a.lanes == h.config.Threads &&
		len(a.salt) == saltLength && len(a.key) == keyLength
}

func (h *Hasher) encode(salt, key []byte) string {
	return fmt.Sprintf("$%s$v=%d$m=%d,t=%d,p=%d$%s$%s", Argon2id, argon2.Version,
		h.config.Memory, h.config.Time, h.config.Threads,
		base64.RawStdEncoding.EncodeToString(salt), base64.RawStdEncoding.EncodeToString(key))
}
