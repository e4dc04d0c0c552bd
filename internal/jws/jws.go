// Package jws signs and reads tokens in the compact form of RFC 7515, and the keys that go with them as the JWKs of
// RFC 7517, on nothing but the standard library.
//
// It is strict where the RFCs leave room, because nearly every hole in a JWT library was a leniency: a key carries
// exactly one algorithm and the header never chooses another; one signed text has one spelling; a header that tries to
// bring a key, switch an encoding or demand an extension is refused rather than ignored. The full list stands at
// [Parse]. HS256 exists for applications that share a secret with the server; a key of that kind never becomes a JWK.
//
// What a payload means (who issued it, for whom, until when) is the business of package accesstoken; which key is in
// use, where it is kept and when it is replaced is that of package keyset. This package knows no clock, does no I/O and
// imports nothing of ours.
package jws

import (
	"errors"
	"fmt"
)

// Algorithm is a signature algorithm as a header names it.
type Algorithm string

// The algorithms, all of them with SHA-256 but EdDSA, which brings its own hash.
const (
	ES256 Algorithm = "ES256" // ECDSA on P-256, RFC 7518 section 3.4
	EdDSA Algorithm = "EdDSA" // Ed25519 only, RFC 8037 section 3.1
	RS256 Algorithm = "RS256" // RSASSA-PKCS1-v1_5, RFC 7518 section 3.3
	PS256 Algorithm = "PS256" // RSASSA-PSS, RFC 7518 section 3.5
	HS256 Algorithm = "HS256" // HMAC with a shared secret, RFC 7518 section 3.2
)

// Valid reports whether a is one of the constants.
func (a Algorithm) Valid() bool {
	switch a {
	case ES256, EdDSA, RS256, PS256, HS256:
		return true
	}
	return false
}

// canonical maps the second name of an algorithm to its first. RFC 9864 calls Ed25519 what RFC 8037 called EdDSA: two
// spellings, still one algorithm of one key.
func (a Algorithm) canonical() Algorithm {
	if a == "Ed25519" {
		return EdDSA
	}
	return a
}

// MaxLength is the most bytes a token may have. It bounds the work a stranger can ask for before a signature is
// checked; a header line or a cookie would refuse a longer one anyway.
const MaxLength = 8192

// What a caller can act on. Every error of this package wraps one of them.
var (
	// ErrMalformed says that the bytes are no token, key or object as this package wants them.
	ErrMalformed = errors.New("jws: malformed")
	// ErrSignature says that the signature was not made by this key over this token.
	ErrSignature = errors.New("jws: the signature does not match")
	// ErrAlgorithm says that the algorithm is not allowed, or not the one of the key.
	ErrAlgorithm = errors.New("jws: the algorithm is not allowed here")
	// ErrKey says that a key can not be made, read or used in this way.
	ErrKey = errors.New("jws: unusable key")
)

func malformed(reason string) error { return fmt.Errorf("%w: %s", ErrMalformed, reason) }

func unusable(reason string) error { return fmt.Errorf("%w: %s", ErrKey, reason) }
