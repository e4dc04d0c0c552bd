package accesstoken

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/mayfly-auth/mayfly/internal/jws"
)

// Config says what tokens an Issuer makes.
type Config struct {
	Keys   Keys
	Issuer string // iss: the public URL
	// Audience is who the tokens are for; empty means the issuer itself (RFC 9068 section 3).
	Audience []string
	TTL      time.Duration // zero means DefaultTTL
	// Jitter is the largest part of the life that chance takes away from each token, so that people who signed in
	// together do not return together. Zero means DefaultJitter, negative none.
	Jitter float64
	// Claims renames and adds claims, see ParseClaim.
	Claims []Claim
	Now    func() time.Time // nil means time.Now
}

// Issuer makes access tokens and checks its own. It is safe for use by many goroutines.
type Issuer struct {
	keys   Keys
	ttl    time.Duration
	jitter float64
	now    func() time.Time
	rules  Rules
	head   []byte  // {"iss":…,"aud":…,"sub":
	fields []field // the claims of the profile
	seen   *Seen[*jws.PublicKey, Claims]
}

// seenTokens is how many of its tokens an issuer remembers.
const seenTokens = 4096

// NewIssuer checks the configuration; its errors are for the operator.
func NewIssuer(c Config) (*Issuer, error) {
	i := &Issuer{keys: c.Keys, ttl: c.TTL, jitter: c.Jitter, now: c.Now, seen: NewSeen[*jws.PublicKey, Claims](seenTokens)}
	if i.ttl == 0 {
		i.ttl = DefaultTTL
	}
	if i.jitter == 0 {
		i.jitter = DefaultJitter
	}
	if i.now == nil {
		i.now = time.Now
	}
	audience := c.Audience
	if len(audience) == 0 {
		audience = []string{c.Issuer}
	}
	switch {
	case c.Keys == nil:
		return nil, errors.New("no signing keys given")
	case c.Issuer == "" || !utf8.ValidString(c.Issuer):
		return nil, errors.New("the issuer is empty or not UTF-8")
	case i.ttl < time.Second:
		return nil, errors.New("the access token life is shorter than a second")
	case i.jitter > 0.5:
		return nil, errors.New("the jitter takes away more than half of a token's life")
	}
	for _, a := range audience {
		if a == "" || !utf8.ValidString(a) {
			return nil, errors.New("an audience is empty or not UTF-8")
		}
	}
	claims, err := plan(c.Claims)
	if err != nil {
		return nil, err
	}
	i.fields = makeFields(claims)
	i.head = makeHead(c.Issuer, audience)
	i.rules = Rules{Issuer: c.Issuer, Audience: audience[0], Now: i.now}
	return i, nil
}

// life draws the life of one token.
func (i *Issuer) life() time.Duration {
	if i.jitter < 0 {
		return i.ttl
	}
	return time.Duration(float64(i.ttl) * (1 - i.jitter*rand.Float64()))
}

// Minted is a new access token.
type Minted struct {
	Token     string
	ExpiresAt time.Time // exp: a whole second
	// ExpiresIn is what is left until then, rounded down to whole seconds and at least one: whoever counts from the
	// moment of the answer never believes in a token that has expired.
	ExpiresIn time.Duration
}

// Mint makes a token for the subject. It fails when there is no key to sign with, when a claim is taken from metadata
// that is not a JSON object, and when the token would be longer than jws.MaxLength.
func (i *Issuer) Mint(s Subject) (Minted, error) {
	if s.User == "" {
		return Minted{}, errors.New("mint access token: the subject has no user")
	}
	key, err := i.keys.Signing()
	if err != nil {
		return Minted{}, fmt.Errorf("mint access token: %w", err)
	}
	now := i.now()
	expiresAt := now.Add(i.life()).Truncate(time.Second)
	// The usual payload is short enough for the stack; more claims make it grow.
	payload, err := i.appendPayload(make([]byte, 0, 640), s, now, expiresAt)
	if err != nil {
		return Minted{}, fmt.Errorf("mint access token: %w", err)
	}
	token, err := jws.Sign(key, Type, payload)
	if err != nil {
		return Minted{}, fmt.Errorf("mint access token: %w", err)
	}
	return Minted{
		Token:     token,
		ExpiresAt: expiresAt.UTC(),
		ExpiresIn: max(expiresAt.Sub(now).Truncate(time.Second), time.Second),
	}, nil
}

// Verify checks a token of this issuer, for its first audience. ErrExpired comes with the claims, and comes on the second:
// the leeway is for the clocks of others.
//
// The signature is checked once in a token's life, and the claims are shared by all who present it: they are read-only,
// and without All, which is more to remember than the rest.
func (i *Issuer) Verify(token string) (Claims, error) {
	now := i.now()
	if c := i.seen.Get(token, now, i.believes); c != nil {
		return *c, nil
	}
	t, err := jws.Parse(token)
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	key, ok := i.keys.Lookup(t.Header.KeyID)
	if !ok {
		return Claims{}, ErrUnknownKey
	}
	if err := t.Verify(key); err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrSignature, err)
	}
	c, err := i.rules.Check(t)
	if err == nil && !i.now().Before(c.ExpiresAt) {
		err = ErrExpired
	}
	c.All = nil
	if err == nil {
		i.seen.Put(token, key, now, c.ExpiresAt, c)
	}
	return c, err
}

// believes says whether a key is still one of the issuer's.
func (i *Issuer) believes(key *jws.PublicKey) bool {
	current, ok := i.keys.Lookup(key.ID)
	return ok && current == key
}

// isType compares media types, which know no case, with or without application/ (RFC 7515 section 4.1.9).
func isType(typ string) bool {
	return strings.EqualFold(typ, Type) || strings.EqualFold(typ, "application/"+Type)
}
