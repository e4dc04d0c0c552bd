// Package secret holds the server secrets and derives from them the keys that other rooms use.
//
// There is a list of secrets so that one can be replaced without signing anybody out: the first makes every new tag and
// seal, all of them verify and open old ones. A secret is never used as it is: each purpose gets a key of its own by
// HKDF-SHA256 (RFC 5869), so that what leaks from one use says nothing about another. Where secrets are kept (a file
// with mode 0600 beside the data, a variable) is the business of the server's wiring.
package secret

import (
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"strings"
)

// MinLength is the fewest bytes of text a secret may have.
const MinLength = 32

// Key is what a purpose gets from one secret.
type Key struct {
	// ID tells the keys of a list apart in one byte; two secrets may share it by chance, so a verifier tries every
	// key with a matching ID.
	ID    byte
	Bytes [32]byte
}

// Format hides the key from every verb of fmt.
func (Key) Format(f fmt.State, _ rune) { io.WriteString(f, "a key") }

// MarshalText hides the key from JSON and from structured logs.
func (Key) MarshalText() ([]byte, error) { return []byte("a key"), nil }

// List is one or more server secrets, the one that signs first.
type List struct {
	// In a func, because fmt looks into unexported fields without asking their methods, and through pointers too, but
	// of a func it has only the address.
	texts func() []string
}

// Parse reads secrets as an operator writes them: white space around each is dropped, empty ones are ignored.
func Parse(texts ...string) (List, error) {
	var secrets []string
	for i, text := range texts {
		text = strings.TrimSpace(text)
		if text == "" {
			continue
		}
		if len(text) < MinLength {
			return List{}, fmt.Errorf("secret %d has %d characters, at least %d are needed: make one with `openssl rand -base64 32`",
				i+1, len(text), MinLength)
		}
		secrets = append(secrets, text)
	}
	if len(secrets) == 0 {
		return List{}, errors.New("no secret given: make one with `openssl rand -base64 32`")
	}
	return List{func() []string { return secrets }}, nil
}

// Generate returns a new secret of 256 random bits, as text.
func Generate() string {
	var b [32]byte
	rand.Read(b[:]) // never fails: see the documentation of crypto/rand
	return base64.RawURLEncoding.EncodeToString(b[:])
}

// Derive returns the purpose's key from each secret, in the order of the list.
func (l List) Derive(purpose string) []Key {
	secrets := l.secrets()
	keys := make([]Key, len(secrets))
	for i, s := range secrets {
		derived, err := hkdf.Key(sha256.New, []byte(s), nil, "mayfly "+purpose, 33)
		if err != nil {
			panic(err) // only a length beyond 255 hashes can fail
		}
		keys[i].ID = derived[0]
		copy(keys[i].Bytes[:], derived[1:])
	}
	return keys
}

// Format hides the secrets from every verb of fmt.
func (l List) Format(f fmt.State, _ rune) { fmt.Fprintf(f, "%d secrets", len(l.secrets())) }

func (l List) secrets() []string {
	if l.texts == nil {
		return nil
	}
	return l.texts()
}
