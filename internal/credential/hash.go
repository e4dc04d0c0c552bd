package credential

import (
	"encoding/base64"
	"errors"
	"strconv"
	"strings"
)

var errQueueFull = errors.New("too many passwords wait to be checked")

// UnreadableError says why a password hash cannot be used. It repeats nothing of the hash.
type UnreadableError struct{ Detail string }

func (e *UnreadableError) Error() string { return "credential: password hash: " + e.Detail }

func unreadable(detail string) error { return &UnreadableError{Detail: detail} }

// The schemes that can be read.
const (
	Argon2id     = "argon2id"
	Argon2i      = "argon2i"
	Bcrypt       = "bcrypt"
	Scrypt       = "scrypt"
	PBKDF2SHA1   = "pbkdf2-sha1"
	PBKDF2SHA256 = "pbkdf2-sha256"
	PBKDF2SHA512 = "pbkdf2-sha512"
)

// stored is a hash that was read and found to ask for a bearable amount of work.
type stored interface {
	scheme() string
	matches(password []byte) bool
}

// maxHash is the longest hash that is looked at. The longest that any scheme needs is a third of it.
const maxHash = 512

// Recognized returns the scheme of a hash that another system made, or an *UnreadableError that says why users cannot
// be imported with it.
func Recognized(hash string) (scheme string, err error) {
	s, err := parse(hash)
	if err != nil {
		return "", err
	}
	return s.scheme(), nil
}

// parse reads a hash. Everything it asks for is bounded here, before any work is done.
func parse(hash string) (stored, error) {
	if len(hash) > maxHash {
		return nil, unreadable("it is longer than 512 bytes")
	}
	name, rest, found := strings.Cut(strings.TrimPrefix(hash, "$"), "$")
	if !found {
		return nil, unreadable("it has no scheme: a hash begins like $argon2id$")
	}
	// Only Django's have no dollar sign in front, and only Django's have an underscore.
	if strings.HasPrefix(hash, "$") == strings.HasPrefix(name, "pbkdf2_") {
		return nil, unreadable("its scheme is not known")
	}
	fields := strings.Split(rest, "$")
	switch name {
	case Argon2id, Argon2i:
		return parseArgon2(name, fields)
	case "2a", "2b", "2y":
		return parseBcrypt(hash, fields)
	case "scrypt":
		return parseScrypt(fields)
	case "pbkdf2", "pbkdf2-sha1", "pbkdf2-sha256", "pbkdf2-sha512":
		return parsePBKDF2(name, fields)
	case "pbkdf2_sha1", "pbkdf2_sha256", "pbkdf2_sha512":
		return parseDjango(name, fields)
	}
	return nil, unreadable("its scheme is not known: argon2id, argon2i, bcrypt, scrypt and PBKDF2 are")
}

// parameters reads "m=19456,t=2,p=1": exactly the names wanted, in this order, as decimal numbers without sign or
// leading zero that fit 31 bits. (The PHC string format lets an order be fixed for each scheme.)
func parameters(field string, names ...string) ([]uint32, error) {
	parts := strings.Split(field, ",")
	if len(parts) != len(names) {
		return nil, unreadable("its parameters are not " + strings.Join(names, ", "))
	}
	values := make([]uint32, len(names))
	for i, part := range parts {
		text, found := strings.CutPrefix(part, names[i]+"=")
		value, err := number(text)
		if !found || err != nil {
			return nil, unreadable("its parameters are not " + strings.Join(names, ", "))
		}
		values[i] = value
	}
	return values, nil
}

func number(text string) (uint32, error) {
	value, err := strconv.ParseUint(text, 10, 31)
	if err != nil || strconv.FormatUint(value, 10) != text {
		return 0, unreadable("a parameter is not a number")
	}
	return uint32(value), nil
}

// unpadded reads the base64 of PHC strings. Passlib writes "." for "+".
func unpadded(text string, least, most int) ([]byte, error) {
	return decode(base64.RawStdEncoding, strings.ReplaceAll(text, ".", "+"), least, most)
}

func decode(encoding *base64.Encoding, text string, least, most int) ([]byte, error) {
	if strings.ContainsAny(text, "\r\n") { // which the decoder would skip
		return nil, unreadable("its salt or key is not base64")
	}
	raw, err := encoding.Strict().DecodeString(text)
	switch {
	case err != nil:
		return nil, unreadable("its salt or key is not base64")
	case len(raw) < least || len(raw) > most:
		return nil, unreadable("its salt or key has an unusual length")
	}
	return raw, nil
}
