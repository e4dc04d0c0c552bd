package keyset

import (
	"github.com/mayfly-auth/mayfly/internal/jws"
)

// Shared is the key set of the shared-secret mode: one HS256 key that the application knows too. Nothing is stored,
// published or rotated; its tokens carry no kid.
type Shared struct {
	private *jws.PrivateKey
	public  *jws.PublicKey
}

// NewShared takes the secret as the application has it. The error says what is wrong with one that is too short.
func NewShared(secret []byte) (*Shared, error) {
	private, err := jws.NewSharedSecret("", secret)
	if err != nil {
		return nil, err
	}
	return &Shared{private, private.Public()}, nil
}

// Signing returns the key.
func (s *Shared) Signing() (*jws.PrivateKey, error) { return s.private, nil }

// Lookup returns the key for a token without kid; a token that names one was signed with something else.
func (s *Shared) Lookup(kid string) (*jws.PublicKey, bool) { return s.public, kid == "" }

// JWKS returns the empty set: the key is a secret.
func (s *Shared) JWKS() []byte { return []byte(emptyJWKS) }
