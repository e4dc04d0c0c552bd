package accesstoken

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// Rules are what a resource server demands of a token (RFC 9068 section 4).
type Rules struct {
	// Issuer must be exactly iss. It is required: without one every token is refused.
	Issuer string
	// Audience must be among aud. It is required: without one every token is refused, because a token that is good
	// everywhere is stolen by the weakest service that receives it.
	Audience string
	// InsecureSkipAudience accepts tokens for anybody.
	InsecureSkipAudience bool
	// Leeway is how far clocks may differ. Zero means DefaultLeeway, negative none.
	Leeway time.Duration
	Now    func() time.Time // nil means time.Now
}

// Check reads the claims of a token and applies the rules. It does not check the signature: do that before, with a key
// of this issuer.
//
// A token that has expired and is right in every other respect comes back as its claims together with ErrExpired; with
// any other error there are no claims.
func (r Rules) Check(t *jws.Token) (Claims, error) {
	// The type keeps ID tokens, logout tokens and others that the same key may sign from being spent as access tokens
	// (RFC 8725 section 3.11, STD-15).
	if !isType(t.Header.Type) {
		return Claims{}, ErrWrongType
	}
	c, err := readClaims(t.Payload)
	if err != nil {
		return Claims{}, err
	}
	if r.Issuer == "" || c.Issuer != r.Issuer {
		return Claims{}, ErrWrongIssuer
	}
	if !r.InsecureSkipAudience && (r.Audience == "" || !slices.Contains(c.Audience, r.Audience)) {
		return Claims{}, ErrWrongAudience
	}
	switch err := r.checkTimes(&c); {
	case err == nil, errors.Is(err, ErrExpired):
		return c, err
	default:
		return Claims{}, err
	}
}

func (r Rules) checkTimes(c *Claims) error {
	leeway := r.Leeway
	switch {
	case leeway == 0:
		leeway = DefaultLeeway
	case leeway < 0:
		leeway = 0
	}
	now := time.Now
	if r.Now != nil {
		now = r.Now
	}
	at := now()
	switch {
	case c.IssuedAt.After(c.ExpiresAt):
		return fmt.Errorf("%w: it was issued after it expires", ErrMalformed)
	case c.NotBefore.After(at.Add(leeway)), c.IssuedAt.After(at.Add(leeway)):
		// A token from the future is one from a clock that cannot be trusted about exp either.
		return ErrNotYetValid
	case !at.Before(c.ExpiresAt.Add(leeway)): // RFC 7519 section 4.1.4: on or after exp it is over
		return ErrExpired
	}
	return nil
}
