package mayfly

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"runtime"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

// The defaults of [VerifierConfig].
const (
	DefaultLeeway          = 30 * time.Second
	DefaultRefetchInterval = 10 * time.Second
	DefaultCacheSize       = 4096
)

// VerifierConfig says which access tokens a [Verifier] believes. Only Issuer is required.
type VerifierConfig struct {
	// Issuer is the public URL of Mayfly, exactly as its tokens have it in iss: https://auth.example.com.
	Issuer string
	// Audience is who the tokens must be made for; empty means Issuer, which is what Mayfly puts into aud unless it was
	// told otherwise.
	Audience string
	// JWKSURL is where the public keys are; empty means Issuer + "/.well-known/jwks.json".
	JWKSURL string
	// SharedSecret is for a Mayfly that signs with HS256: the secret both know, at least 32 bytes. No keys are fetched
	// then, and no other algorithm is accepted.
	SharedSecret []byte

	// Cookie is the name of the cookie that may carry the access token; empty means __Host-mayfly_access for an https
	// issuer and mayfly_access otherwise.
	Cookie string
	// BearerOnly takes tokens from the Authorization header alone, never from a cookie.
	BearerOnly bool
	// AllowedOrigins are the pages, such as https://app.example.com, that may send requests which change something with
	// the cookie, besides those of the server's own origin.
	AllowedOrigins []string

	// Leeway is how far clocks may differ; 0 means DefaultLeeway, negative none.
	Leeway time.Duration
	// RefetchInterval is the least time between two fetches of the keys, whatever tokens come; 0 means
	// DefaultRefetchInterval.
	RefetchInterval time.Duration
	// CacheSize is how many verified tokens are remembered, at about 5 kB each; 0 means DefaultCacheSize, negative none.
	CacheSize int

	// Revocations, if set, has the verifier follow Mayfly's revocation feed: the tokens of a session that was ended are
	// refused within two seconds, and not only when they expire. It takes one connection and one goroutine from the first
	// token that is verified until [Verifier.Close], which is why it has to be asked for. What else the feed asks for is in
	// [RevocationsConfig]; Leeway can be a minute at most with it.
	Revocations *RevocationsConfig

	// HTTPClient fetches the keys and the feed, to which its Timeout does not apply; nil means one of our own. Redirects
	// are refused either way.
	HTTPClient *http.Client
	// InsecureHTTP allows plain http to a host that is not this machine: whoever is on the way can replace the keys, and
	// then sign whatever they like.
	InsecureHTTP bool
	// Logger is told what no caller sees: that keys can not be fetched while older ones are still in use, and that the
	// revocation feed is down or up again; nil means [slog.Default].
	Logger *slog.Logger
	// Now is the clock by which tokens expire; nil means [time.Now].
	Now func() time.Time
}

// Verifier checks access tokens. It is safe for use by many goroutines; a program needs one for each issuer.
//
// The keys are fetched at first use and kept for as long as the answer allows, between one minute and one hour. After
// that the next request causes a new fetch and goes on with the old keys. They stay in use while the issuer can not be
// reached, for a day at most. A key that the issuer has withdrawn is therefore refused after twice that life, ten
// minutes with Mayfly's answers, if the issuer can be reached, and after a day in any case.
type Verifier struct {
	keys  keySource
	rules accesstoken.Rules
	seen  *accesstoken.Seen[*keySet, seenToken]
	now   func() time.Time

	revocations *follower // nil follows none

	issuer  string
	cookie  string // "" takes none
	allowed map[string]bool
}

// seenToken is what is remembered of a token.
type seenToken struct {
	claims *Claims
	mark   accesstoken.Mark // of its session
}

// NewVerifier returns a Verifier, or an error that says how to mend the configuration. It makes no request.
func NewVerifier(c VerifierConfig) (*Verifier, error) {
	issuer, err := parseAddress("Issuer", c.Issuer, c.InsecureHTTP || c.SharedSecret != nil)
	if err != nil {
		return nil, err
	}
	v := &Verifier{issuer: c.Issuer, allowed: map[string]bool{}, now: c.Now}
	if v.now == nil {
		v.now = time.Now
	}
	for _, text := range c.AllowedOrigins {
		origin, err := parseOrigin("AllowedOrigins", text, true)
		if err != nil {
			return nil, err
		}
		v.allowed[origin] = true
	}
	if !c.BearerOnly {
		v.cookie = c.Cookie
		if v.cookie == "" {
			v.cookie = cookieOf(issuer.Scheme)
		}
	}
	if c.Leeway == 0 {
		c.Leeway = DefaultLeeway
	}
	v.rules = accesstoken.Rules{Issuer: c.Issuer, Audience: c.Audience, Leeway: c.Leeway, Now: v.now}
	if c.Audience == "" {
		v.rules.Audience = c.Issuer
	}
	if c.CacheSize == 0 {
		c.CacheSize = DefaultCacheSize
	}
	v.seen = accesstoken.NewSeen[*keySet, seenToken](c.CacheSize)
	if v.keys, err = newKeySource(c, v.now); err != nil {
		return nil, err
	}
	if c.Revocations == nil {
		return v, nil
	}
	if v.revocations, err = newFollower(c); err != nil {
		return nil, err
	}
	// The follower knows nothing of v, so that a verifier which is forgotten without Close ends it all the same.
	runtime.AddCleanup(v, (*follower).close, v.revocations)
	return v, nil
}

// cookieOf returns the name under which Mayfly delivers access tokens. Over https only the one with the prefix is
// taken: a page of a sibling sub-domain can plant a cookie with any other name and so make somebody act as another.
func cookieOf(scheme string) string {
	if scheme == "https" {
		return "__Host-mayfly_access"
	}
	return "mayfly_access"
}

func newKeySource(c VerifierConfig, now func() time.Time) (keySource, error) {
	if c.SharedSecret != nil {
		key, err := jws.NewSharedSecret("", c.SharedSecret)
		if err != nil {
			return nil, fmt.Errorf("mayfly: SharedSecret: %w", err)
		}
		return &sharedKey{set: &keySet{}, key: key.Public()}, nil
	}
	address := c.JWKSURL
	if address == "" {
		address = trimSlash(c.Issuer) + "/.well-known/jwks.json"
	}
	if _, err := parseAddress("JWKSURL", address, c.InsecureHTTP); err != nil {
		return nil, err
	}
	return newRemoteKeys(address, c, now), nil
}

// Verify returns what a token states, after checking that the issuer signed it, for this audience, and that it has not
// expired. The error is ErrTokenMissing, ErrTokenExpired, ErrTokenInvalid or ErrKeysUnavailable, with the reason; with
// the revocation feed also ErrTokenRevoked or ErrRevocationsUnknown.
//
// The first call waits for the keys, and for the feed at most five seconds; later ones do no I/O. The context ends the
// waiting. A token that was verified before costs a look-up and an expiry check, and another look-up with the feed.
func (v *Verifier) Verify(ctx context.Context, token string) (*Claims, error) {
	// The copy is the caller's own: a handler that changes its claims changes them for nobody else. This function is small
	// enough to be inlined, so the copy is no allocation unless the caller keeps it.
	return v.verify(ctx, token, new(Claims))
}

// verify fills own and returns it, or nil with an error.
func (v *Verifier) verify(ctx context.Context, token string, own *Claims) (*Claims, error) {
	now := v.now()
	if set := v.keys.current(now); set != nil {
		// With the next set a signature counts for nothing.
		if seen := v.seen.Get(token, now, func(by *keySet) bool { return by == set }); seen != nil {
			return v.admit(ctx, seen.claims, seen.mark, own)
		}
	}
	claims, set, err := v.verifyAnew(ctx, token)
	if err != nil {
		return nil, v.explain(err)
	}
	mark := accesstoken.MarkOf(claims.Session)
	until := claims.ExpiresAt.Add(max(v.rules.Leeway, 0))
	v.seen.Put(token, set, now, until, seenToken{claims: claims, mark: mark})
	return v.admit(ctx, claims, mark, own)
}

func (v *Verifier) verifyAnew(ctx context.Context, token string) (*Claims, *keySet, error) {
	if token == "" {
		return nil, nil, ErrTokenMissing
	}
	t, err := jws.Parse(token)
	if err != nil {
		return nil, nil, err
	}
	if v.revocations != nil {
		v.revocations.begin() // while the keys are fetched
	}
	key, set, err := v.keys.find(ctx, t.Header.KeyID)
	if err != nil {
		return nil, nil, err
	}
	if err := t.Verify(key); err != nil {
		return nil, nil, err
	}
	c, err := v.rules.Check(t)
	if err != nil {
		return nil, nil, err
	}
	return newClaims(c), set, nil
}

// explain gives an error of the rooms below one of the names that callers act on.
func (v *Verifier) explain(err error) error {
	switch {
	case errors.Is(err, ErrTokenMissing), errors.Is(err, ErrKeysUnavailable):
		return err
	case errors.Is(err, accesstoken.ErrExpired):
		return ErrTokenExpired
	case errors.Is(err, accesstoken.ErrWrongAudience):
		return fmt.Errorf("%w: %w (%q is expected: set Audience to what the tokens have in aud)", ErrTokenInvalid, err, v.rules.Audience)
	case errors.Is(err, accesstoken.ErrWrongIssuer):
		return fmt.Errorf("%w: %w (%q is expected: Issuer must be Mayfly's public URL, letter by letter)", ErrTokenInvalid, err, v.issuer)
	}
	return fmt.Errorf("%w: %w", ErrTokenInvalid, err)
}
