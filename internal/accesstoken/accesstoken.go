// Package accesstoken says what an access token states, makes it and checks it: JWTs in the profile of RFC 9068.
//
// It owns the claims, their names and their lifetimes. The signature is the business of package jws, which key signs
// that of whoever implements [Keys] (package keyset in the server). Whether the session behind a token still lives is
// not known here: a token is good until it expires, and who needs to know sooner follows the revocation feed.
//
// [Issuer] makes tokens and checks its own; [Rules] check those of another issuer and need nothing but a token whose
// signature was verified, so a resource server imports no more than this package and jws. [Seen] remembers, for the
// issuer and for whoever checks by rules, which signatures were found right.
package accesstoken

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// Type is the typ of an access token (RFC 9068 section 2.1).
const Type = "at+jwt"

// Defaults of [Config] and [Rules].
const (
	DefaultTTL    = 10 * time.Minute
	DefaultJitter = 0.10
	DefaultLeeway = 30 * time.Second
	// DefaultClientID names the app itself, where no other client is known. It is no user id and never will be one
	// (STD-34).
	DefaultClientID = "mayfly"
)

// Why a token is refused. Each is wrapped with the reason, never with a part of the token.
var (
	ErrMalformed     = errors.New("accesstoken: malformed")
	ErrSignature     = errors.New("accesstoken: not signed by the issuer's key")
	ErrUnknownKey    = errors.New("accesstoken: signed with a key that is not known")
	ErrWrongType     = errors.New("accesstoken: not an access token")
	ErrWrongIssuer   = errors.New("accesstoken: from another issuer")
	ErrWrongAudience = errors.New("accesstoken: for another audience")
	ErrNotYetValid   = errors.New("accesstoken: not valid yet")
	// ErrExpired comes together with the claims, all of them checked: a sign-out with yesterday's token still knows
	// which session it means.
	ErrExpired = errors.New("accesstoken: expired")
)

// Subject is all that a token says about a person and a session.
type Subject struct {
	User     string    // sub; required
	Session  string    // sid
	ClientID string    // client_id; empty means DefaultClientID
	Scope    string    // space-separated, RFC 6749 section 3.3
	AuthTime time.Time // when the person signed in
	AMR      []string  // how: RFC 8176 names

	Email         string
	EmailVerified bool
	Username      string
	Name          string
	Roles         []string
	Metadata      json.RawMessage // a JSON object, or nil; none of it gets into a token unless a Claim names it
}

// Keys are the keys of the issuer. An implementation MUST:
//
//   - answer both calls from memory: they are made for every token;
//   - be safe for use by many goroutines;
//   - return from Signing only a key that Lookup knows, and that every verifier had the time to learn of;
//   - return from Lookup the key with exactly this id and no other, and false for one that was revoked. The id comes
//     from outside: it is compared, never made part of a path or a query.
//
// It SHOULD return the same pointer for as long as the key is the same: what a key found right is remembered under its
// address, and checked again when that is another one.
type Keys interface {
	Signing() (*jws.PrivateKey, error)
	Lookup(kid string) (*jws.PublicKey, bool)
}
