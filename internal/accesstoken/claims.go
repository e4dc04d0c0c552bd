package accesstoken

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// Claims are what a token states.
type Claims struct {
	Issuer, Subject, Session, ClientID, ID, Scope string

	Audience                                 []string
	IssuedAt, ExpiresAt, NotBefore, AuthTime time.Time // zero when absent
	AMR                                      []string

	// The profile under its usual names. An issuer may have renamed these claims or given the names to something else:
	// one that is absent, or not of this type, is empty here and as it is in All.
	Email          string
	EmailVerified  bool
	Username, Name string
	Roles          []string

	// All holds every claim as it was written, renamed and added ones too; nil from Issuer.Verify. It is read-only.
	All map[string]json.RawMessage
}

// readClaims decodes a payload. The claims that RFC 9068 section 2.2 requires must be there; a registered claim of
// another type than the RFCs give it makes the token malformed.
func readClaims(payload []byte) (Claims, error) {
	members, err := jws.DecodeObject(payload)
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	r := reader{members: members}
	c := Claims{
		Issuer:    r.text("iss", required),
		Subject:   r.text("sub", required),
		Audience:  r.audience(),
		ExpiresAt: r.date("exp", required),
		IssuedAt:  r.date("iat", required),
		ID:        r.text("jti", required),
		ClientID:  r.text("client_id", required),
		Session:   r.text("sid", optional),
		Scope:     r.text("scope", optional),
		NotBefore: r.date("nbf", optional),
		AuthTime:  r.date("auth_time", optional),
		AMR:       r.list("amr"),
		All:       members,
	}
	if r.err != nil {
		return Claims{}, r.err
	}
	c.Email, _ = jws.DecodeString(members["email"])
	c.EmailVerified = string(members["email_verified"]) == "true"
	c.Username, _ = jws.DecodeString(members["preferred_username"])
	c.Name, _ = jws.DecodeString(members["name"])
	c.Roles, _ = jws.DecodeStrings(members["roles"])
	return c, nil
}

const (
	required = true
	optional = false
)

// reader reads claims and keeps the first error.
type reader struct {
	members map[string]json.RawMessage
	err     error
}

func (r *reader) fail(name, reason string) {
	if r.err == nil {
		r.err = fmt.Errorf("%w: %s %s", ErrMalformed, name, reason)
	}
}

// value returns nil for an absent claim.
func (r *reader) value(name string, must bool) json.RawMessage {
	value, ok := r.members[name]
	if !ok && must {
		r.fail(name, "is missing")
	}
	return value
}

func (r *reader) text(name string, must bool) string {
	value := r.value(name, must)
	if value == nil {
		return ""
	}
	s, ok := jws.DecodeString(value)
	if !ok || (must && s == "") {
		r.fail(name, "is not a string, or an empty one")
	}
	return s
}

// maxDate is the last second of the year 9999: a later one overflows in other readers.
const maxDate = 253402300799

// date reads a NumericDate (RFC 7519 section 2): seconds since 1970, which may have a fraction. The fraction is dropped.
func (r *reader) date(name string, must bool) time.Time {
	value := r.value(name, must)
	if value == nil {
		return time.Time{}
	}
	seconds, err := strconv.ParseInt(string(value), 10, 64)
	if err != nil {
		var fraction float64
		fraction, err = strconv.ParseFloat(string(value), 64)
		if fraction < 0 || fraction > maxDate {
			fraction = -1
		}
		seconds = int64(fraction)
	}
	if err != nil || seconds < 0 || seconds > maxDate {
		r.fail(name, "is not a number of seconds since 1970")
		return time.Time{}
	}
	return time.Unix(seconds, 0).UTC()
}

func (r *reader) list(name string) []string {
	value := r.value(name, optional)
	if value == nil {
		return nil
	}
	list, ok := jws.DecodeStrings(value)
	if !ok {
		r.fail(name, "is not a list of strings")
	}
	return list
}

// audience reads aud, a string or a list of them (RFC 7519 section 4.1.3).
func (r *reader) audience() []string {
	value := r.value("aud", required)
	if value == nil {
		return nil
	}
	if s, ok := jws.DecodeString(value); ok {
		return []string{s}
	}
	return r.list("aud")
}
