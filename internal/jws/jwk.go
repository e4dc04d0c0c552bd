package jws

import (
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
)

// jwk is the public key of RFC 7517 and RFC 7518 section 6. There is no field for a private member, so none can be
// written by mistake.
type jwk struct {
	Type      string    `json:"kty"`
	Curve     string    `json:"crv,omitempty"`
	X         string    `json:"x,omitempty"`
	Y         string    `json:"y,omitempty"`
	N         string    `json:"n,omitempty"`
	E         string    `json:"e,omitempty"`
	ID        string    `json:"kid,omitempty"`
	Algorithm Algorithm `json:"alg,omitempty"`
	Use       string    `json:"use,omitempty"`
}

// thumbprint is RFC 7638: the hash of the members that make the key, in the order of their names, without white space.
// Every value here is base64url or a constant, so none needs an escape.
func (m jwk) thumbprint() string {
	var canonical string
	switch m.Type {
	case "EC":
		canonical = `{"crv":"` + m.Curve + `","kty":"EC","x":"` + m.X + `","y":"` + m.Y + `"}`
	case "OKP": // RFC 8037 section 2
		canonical = `{"crv":"` + m.Curve + `","kty":"OKP","x":"` + m.X + `"}`
	case "RSA":
		canonical = `{"e":"` + m.E + `","kty":"RSA","n":"` + m.N + `"}`
	}
	sum := sha256.Sum256([]byte(canonical))
	return encoding.EncodeToString(sum[:])
}

// JWK returns the key as a JSON Web Key with kid, alg and use=sig. key_ops is left out: RFC 7517 section 4.3 wants one
// of the two. A shared secret is refused: ErrKey.
func (k *PublicKey) JWK() ([]byte, error) {
	if k.half == nil {
		return nil, unusable("there is no public key")
	}
	m, err := k.half.jwk()
	if err != nil {
		return nil, err
	}
	m.ID, m.Algorithm, m.Use = k.ID, k.Algorithm, "sig"
	return json.Marshal(m)
}

// MarshalSet returns the keys as a JWK Set, which may be empty. Two keys with one ID are refused.
func MarshalSet(keys []*PublicKey) ([]byte, error) {
	set := struct {
		Keys []json.RawMessage `json:"keys"`
	}{Keys: []json.RawMessage{}}
	if err := distinct(keys); err != nil {
		return nil, err
	}
	for _, k := range keys {
		b, err := k.JWK()
		if err != nil {
			return nil, err
		}
		set.Keys = append(set.Keys, b)
	}
	return json.Marshal(set)
}

// errPrivate tells a leaked key from one that is merely unusable.
var errPrivate = unusable("it carries its private part: replace the key and publish only the public members")

// ParseJWK reads a public key. The algorithm is alg or, without one, what the curve fixes: ES256 for P-256, EdDSA for
// Ed25519. An RSA key must name its own: two algorithms fit it, and to guess is to use one key for both.
//
// A key we have no algorithm for, or that is meant for encryption, is ErrAlgorithm; a private member, even in a key of a
// kind we do not know, is ErrKey; everything else is ErrMalformed.
func ParseJWK(b []byte) (*PublicKey, error) {
	members, err := DecodeObject(b)
	if err != nil {
		return nil, fmt.Errorf("key: %w", err)
	}
	// Whoever publishes one of these has a leak to close, and a key that is already stolen proves nothing.
	for _, name := range []string{"d", "p", "q", "dp", "dq", "qi", "oth", "k", "priv"} {
		if _, ok := members[name]; ok {
			return nil, errPrivate
		}
	}
	m, err := readMembers(members)
	if err != nil {
		return nil, err
	}
	if err := forVerifying(m.Use, members["key_ops"]); err != nil {
		return nil, err
	}
	half, err := m.public()
	if err != nil {
		return nil, err
	}
	return &PublicKey{ID: m.ID, Algorithm: m.Algorithm, half: half}, nil
}

func readMembers(members map[string]json.RawMessage) (jwk, error) {
	var m jwk
	var alg string
	err := errors.Join(
		readText(members, "kty", &m.Type),
		readText(members, "crv", &m.Curve),
		readText(members, "x", &m.X),
		readText(members, "y", &m.Y),
		readText(members, "n", &m.N),
		readText(members, "e", &m.E),
		readText(members, "kid", &m.ID),
		readText(members, "alg", &alg),
		readText(members, "use", &m.Use),
	)
	if err != nil {
		return jwk{}, fmt.Errorf("key: %w", err)
	}
	m.Algorithm = Algorithm(alg).canonical()
	return m, nil
}

// forVerifying checks use and key_ops, RFC 7517 sections 4.2 and 4.3.
func forVerifying(use string, ops json.RawMessage) error {
	if use != "" && use != "sig" {
		return fmt.Errorf("%w: the key is not for signatures", ErrAlgorithm)
	}
	if ops == nil {
		return nil
	}
	var names []string
	if err := json.Unmarshal(ops, &names); err != nil {
		return malformed("key_ops is not a list of strings")
	}
	if slices.Contains(names, "verify") {
		return nil
	}
	return fmt.Errorf("%w: the key is not for verifying", ErrAlgorithm)
}

// public builds the key and settles its algorithm.
func (m *jwk) public() (public, error) {
	switch m.Type {
	case "EC":
		if err := m.settle(ES256); err != nil {
			return nil, err
		}
		return readECDSA(*m)
	case "OKP":
		if err := m.settle(EdDSA); err != nil {
			return nil, err
		}
		return readEd25519(*m)
	case "RSA":
		if m.Algorithm != RS256 && m.Algorithm != PS256 {
			return nil, fmt.Errorf("%w: an RSA key must say RS256 or PS256 in alg", ErrAlgorithm)
		}
		return readRSA(*m)
	case "":
		return nil, malformed("a key needs kty")
	}
	return nil, fmt.Errorf("%w: this kind of key is not known", ErrAlgorithm)
}

// settle gives a key without alg the only one that fits its kind, and refuses any other.
func (m *jwk) settle(only Algorithm) error {
	if m.Algorithm == "" {
		m.Algorithm = only
	}
	if m.Algorithm != only {
		return fmt.Errorf("%w: alg does not fit the key", ErrAlgorithm)
	}
	return nil
}

// ParseSet reads a JWK Set. Keys that this package can not use are skipped, so that an issuer may add new kinds without
// breaking anybody (RFC 7517 section 5). A set that carries a private member, or two usable keys under one kid, is
// refused as a whole: ErrKey.
func ParseSet(b []byte) ([]*PublicKey, error) {
	members, err := DecodeObject(b)
	if err != nil {
		return nil, fmt.Errorf("key set: %w", err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(members["keys"], &list); err != nil || list == nil {
		return nil, malformed("a key set has a list named keys")
	}
	keys := make([]*PublicKey, 0, len(list))
	for _, raw := range list {
		k, err := ParseJWK(raw)
		switch {
		case errors.Is(err, errPrivate):
			return nil, err
		case err == nil:
			keys = append(keys, k)
		}
	}
	if err := distinct(keys); err != nil {
		return nil, err
	}
	return keys, nil
}

// distinct refuses two keys under one id: which of them verifies would depend on their order (STD-30).
func distinct(keys []*PublicKey) error {
	seen := make(map[string]bool, len(keys))
	for _, k := range keys {
		if seen[k.ID] {
			return unusable(fmt.Sprintf("two keys of the set share the kid %q", k.ID))
		}
		seen[k.ID] = true
	}
	return nil
}
