package jws

import (
	"crypto/x509"
	"fmt"
	"sync/atomic"
	"unicode/utf8"
)

// PrivateKey signs. Its fields are for reading; it is safe for use by many goroutines.
type PrivateKey struct {
	ID        string // kid; empty leaves the member out
	Algorithm Algorithm

	half private
	last atomic.Pointer[encodedHeader]
}

// PublicKey verifies. Its fields are for reading; it is safe for use by many goroutines.
type PublicKey struct {
	ID        string
	Algorithm Algorithm

	half public
}

// private is the half of a key that one algorithm signs with. It is made for that algorithm and serves no other.
type private interface {
	sign(input []byte) ([]byte, error)
	public() public
	pkcs8() (any, error) // what x509 can write
}

// public is the half that one algorithm verifies with.
type public interface {
	verify(input, signature []byte) bool
	jwk() (jwk, error) // the members that belong to its kty
}

// GenerateKey makes a key of an asymmetric algorithm. Its ID is the RFC 7638 thumbprint of the public half, so two
// keys never share one and anybody can recompute it.
func GenerateKey(alg Algorithm) (*PrivateKey, error) {
	var half private
	var err error
	switch alg {
	case ES256:
		half, err = generateECDSA()
	case EdDSA:
		half, err = generateEd25519()
	case RS256, PS256:
		half, err = generateRSA(alg)
	default:
		return nil, fmt.Errorf("%w: no key can be made for it", ErrAlgorithm)
	}
	if err != nil {
		return nil, fmt.Errorf("generate key: %w", err)
	}
	members, err := half.public().jwk()
	if err != nil {
		return nil, err
	}
	return &PrivateKey{ID: members.thumbprint(), Algorithm: alg, half: half}, nil
}

// NewSharedSecret makes an HS256 key from a secret that another program knows too. RFC 7518 section 3.2 wants a key no
// shorter than the hash, 32 bytes. An empty id leaves kid out of the tokens.
func NewSharedSecret(id string, secret []byte) (*PrivateKey, error) {
	if !utf8.ValidString(id) {
		return nil, unusable("the key id is not UTF-8")
	}
	if len(secret) < minSecret {
		return nil, unusable(fmt.Sprintf("the shared secret has %d characters, at least %d are needed, or it can be "+
			"guessed from any one token: make one with `openssl rand -base64 32`", len(secret), minSecret))
	}
	return &PrivateKey{ID: id, Algorithm: HS256, half: newHMAC(secret)}, nil
}

// Public returns the half that verifies, under the same ID. For HS256 it is the same secret again, in a form that
// refuses to become a JWK.
func (k *PrivateKey) Public() *PublicKey {
	return &PublicKey{ID: k.ID, Algorithm: k.Algorithm, half: k.half.public()}
}

// MarshalPKCS8 returns the private key in PKCS #8, DER (RFC 5958). A shared secret has no such form: ErrKey.
func (k *PrivateKey) MarshalPKCS8() ([]byte, error) {
	key, err := k.half.pkcs8()
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, fmt.Errorf("encode private key: %w", err)
	}
	return der, nil
}

// ParsePrivateKey reads what MarshalPKCS8 wrote. The id and the algorithm are not in it: the first is a choice, and an
// RSA key fits two algorithms but may only ever serve one (STD-18).
func ParsePrivateKey(id string, alg Algorithm, der []byte) (*PrivateKey, error) {
	if !utf8.ValidString(id) {
		return nil, unusable("the key id is not UTF-8")
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		// The parser's words are left out: they may quote from the key.
		return nil, unusable("this is not a private key in PKCS #8 form")
	}
	var half private
	switch alg {
	case ES256:
		half, err = newECDSA(key)
	case EdDSA:
		half, err = newEd25519(key)
	case RS256, PS256:
		half, err = newRSA(alg, key)
	default:
		return nil, fmt.Errorf("%w: no private key is read for it", ErrAlgorithm)
	}
	if err != nil {
		return nil, err
	}
	return &PrivateKey{ID: id, Algorithm: alg, half: half}, nil
}

// String names the key and keeps its secret out of logs.
func (k *PrivateKey) String() string { return fmt.Sprintf("%s private key %q", k.Algorithm, k.ID) }

// GoString does the same for %#v.
func (k *PrivateKey) GoString() string { return k.String() }

// String names the key. For HS256 the verification key is the secret, so it is kept out of logs as well.
func (k *PublicKey) String() string { return fmt.Sprintf("%s public key %q", k.Algorithm, k.ID) }

// GoString does the same for %#v.
func (k *PublicKey) GoString() string { return k.String() }
