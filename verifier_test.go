package mayfly_test

import (
	"encoding/base64"
	"errors"
	"reflect"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

func TestVerifyReadsWhatTheTokenStates(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	c := mustVerify(t, i.verifier(t), i.token(t, key, nil))

	now := i.clock.now()
	for _, got := range [][2]any{
		{c.Subject, "u-ada"},
		{c.Session, "s-1"},
		{c.ClientID, "mayfly"},
		{c.ID, "j-1"},
		{c.Scope, "account"},
		{c.Email, "ada@example.com"},
		{c.EmailVerified, true},
		{c.Username, "ada"},
		{c.Name, "Ada Lovelace"},
		{c.Roles, []string{"admin", "editor"}},
		{c.AuthTime, now.Add(-time.Minute)},
		{c.IssuedAt, now},
		{c.ExpiresAt, now.Add(10 * time.Minute)},
		{c.HasRole("admin"), true},
		{c.HasRole("adm"), false},
	} {
		if !reflect.DeepEqual(got[0], got[1]) {
			t.Errorf("got %v, want %v", got[0], got[1])
		}
	}

	var plan struct{ Tier string }
	if err := c.Decode("plan", &plan); err != nil || plan.Tier != "gold" {
		t.Errorf("plan = %+v, %v", plan, err)
	}
	if err := c.Decode("plans", &plan); !errors.Is(err, mayfly.ErrClaimMissing) {
		t.Errorf("an absent claim: %v", err)
	}
	if err := c.Decode("plan", new(int)); err == nil || errors.Is(err, mayfly.ErrClaimMissing) {
		t.Errorf("a claim of another type: %v", err)
	}
}

func TestVerifyRefuses(t *testing.T) {
	i := newIssuer(t)
	key, other := newKey(t), newKey(t)
	i.publish(key)
	sharedKey := func(secret []byte) *jws.PrivateKey {
		k, err := jws.NewSharedSecret(key.ID, secret)
		if err != nil {
			t.Fatal(err)
		}
		return k
	}
	publicText, err := key.Public().JWK()
	if err != nil {
		t.Fatal(err)
	}
	stranger, err := jws.GenerateKey(jws.ES256)
	if err != nil {
		t.Fatal(err)
	}
	stranger.ID = key.ID
	good := i.token(t, key, nil)
	withHeader := func(header string) string {
		_, rest, _ := strings.Cut(good, ".")
		return base64.RawURLEncoding.EncodeToString([]byte(header)) + "." + rest
	}
	kid := `"kid":"` + key.ID + `"`
	invalid := mayfly.ErrTokenInvalid
	for name, test := range map[string]struct {
		token string
		want  error
	}{
		"nothing":                       {"", mayfly.ErrTokenMissing},
		"garbage":                       {"garbage", invalid},
		"two parts":                     {good[:strings.LastIndex(good, ".")], invalid},
		"an empty signature":            {good[:strings.LastIndex(good, ".")+1], invalid},
		"a line break":                  {good + "\n", invalid},
		"more than the longest":         {good + strings.Repeat("A", jws.MaxLength), invalid},
		"alg none":                      {withHeader(`{"alg":"none","typ":"at+jwt",` + kid + `}`), invalid},
		"alg nOnE":                      {withHeader(`{"alg":"nOnE","typ":"at+jwt",` + kid + `}`), invalid},
		"the public key as HMAC secret": {signed(t, sharedKey(publicText), "at+jwt", i.claims(nil)), invalid},
		"its own key in jwk":            {withHeader(`{"alg":"ES256","typ":"at+jwt","jwk":` + string(publicText) + `}`), invalid},
		"its own key at jku":            {withHeader(`{"alg":"ES256","typ":"at+jwt","jku":"` + i.URL + `",` + kid + `}`), invalid},
		"crit":                          {withHeader(`{"alg":"ES256","typ":"at+jwt","crit":[],` + kid + `}`), invalid},
		"another key under this kid":    {i.token(t, stranger, nil), invalid},
		"an unknown kid":                {i.token(t, other, nil), invalid},
		"an ID token":                   {signed(t, key, "JWT", i.claims(nil)), invalid},
		"no typ":                        {signed(t, key, "", i.claims(nil)), invalid},
		"another issuer":                {i.token(t, key, claims{"iss": i.URL + "/"}), invalid},
		"another audience":              {i.token(t, key, claims{"aud": "https://other.example"}), invalid},
		"no audience":                   {i.token(t, key, claims{"aud": nil}), invalid},
		"no exp":                        {i.token(t, key, claims{"exp": nil}), invalid},
		"no jti":                        {i.token(t, key, claims{"jti": nil}), invalid},
		"expired":                       {i.token(t, key, claims{"iat": i.clock.now().Unix() - 700, "exp": i.clock.now().Unix() - 30}), mayfly.ErrTokenExpired},
		"not yet valid":                 {i.token(t, key, claims{"nbf": i.clock.now().Unix() + 31}), invalid},
	} {
		t.Run(name, func(t *testing.T) {
			v := i.verifier(t)
			mustVerify(t, v, good) // what was seen before must not help a forgery
			for range 2 {
				c, err := v.Verify(t.Context(), test.token)
				if !errors.Is(err, test.want) || c != nil {
					t.Fatalf("got %v, want %v", err, test.want)
				}
				if test.token != "" && strings.Contains(err.Error(), test.token) {
					t.Errorf("the error has the token in it")
				}
			}
		})
	}
}

func TestPromise22_NoChangedByteIsAccepted(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	v := i.verifier(t)
	good := []byte(i.token(t, key, nil))
	mustVerify(t, v, string(good))
	for at := range good {
		for _, to := range []byte{good[at] ^ 1, 'A', '-', '='} {
			if to == good[at] {
				continue
			}
			changed := append([]byte(nil), good...)
			changed[at] = to
			if _, err := v.Verify(t.Context(), string(changed)); !errors.Is(err, mayfly.ErrTokenInvalid) {
				t.Fatalf("byte %d as %q: %v", at, to, err)
			}
		}
		if at%8 == 0 {
			mustVerify(t, v, string(good))
		}
	}
}

func TestATokenSeenBeforeExpiresAllTheSame(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	v := i.verifier(t)
	token := i.token(t, key, nil)
	mustVerify(t, v, token)

	i.clock.move(10*time.Minute + 29*time.Second)
	mustVerify(t, v, token)
	i.clock.move(time.Second)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, mayfly.ErrTokenExpired) {
		t.Errorf("after exp and leeway: %v", err)
	}
	i.clock.move(365 * 24 * time.Hour)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, mayfly.ErrTokenExpired) {
		t.Errorf("a year later: %v", err)
	}
	i.clock.move(-365*24*time.Hour - 5*time.Minute)
	mustVerify(t, v, token)
	i.clock.move(-time.Hour)
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, mayfly.ErrTokenInvalid) {
		t.Errorf("by a clock from before the token was made: %v", err)
	}
}

func TestATokenSeenBeforeDiesWithItsKey(t *testing.T) {
	i := newIssuer(t)
	old, next := newKey(t), newKey(t)
	i.publish(old)
	v := i.verifier(t)
	token := i.token(t, old, claims{"exp": i.clock.now().Add(24 * time.Hour).Unix()})
	mustVerify(t, v, token)

	i.publish(next)
	i.clock.move(mayfly.DefaultRefetchInterval)
	mustVerify(t, v, i.token(t, next, nil)) // an unknown kid brings the new set
	if _, err := v.Verify(t.Context(), token); !errors.Is(err, mayfly.ErrTokenInvalid) {
		t.Errorf("the key is gone: %v", err)
	}
}

func TestEveryCallerHasClaimsOfItsOwn(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	v := i.verifier(t)
	token := i.token(t, key, nil)
	for range 3 { // the first was verified, the others were seen before
		c := mustVerify(t, v, token)
		if c.Subject != "u-ada" || c.HasRole("owner") {
			t.Errorf("one caller changed the claims of another: %+v", c)
		}
		c.Subject = "somebody else"
		c.Roles = append(c.Roles, "owner")
	}
}

func TestTheAudienceIsTheIssuerUnlessSet(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	v := i.verifier(t, func(c *mayfly.VerifierConfig) { c.Audience = "https://api.example.com" })
	mustVerify(t, v, i.token(t, key, claims{"aud": []string{i.URL, "https://api.example.com"}}))
	_, err := v.Verify(t.Context(), i.token(t, key, nil))
	if !errors.Is(err, mayfly.ErrTokenInvalid) || !strings.Contains(err.Error(), "https://api.example.com") {
		t.Errorf("a token for the issuer alone: %v", err)
	}
}

func TestASharedSecretNeedsNoKeys(t *testing.T) {
	i := newIssuer(t)
	secret := []byte(strings.Repeat("secret", 6))
	key, err := jws.NewSharedSecret("", secret)
	if err != nil {
		t.Fatal(err)
	}
	v := i.verifier(t, func(c *mayfly.VerifierConfig) { c.SharedSecret = secret })
	token := i.token(t, key, nil)
	for range 2 {
		mustVerify(t, v, token)
	}
	wrong, err := jws.NewSharedSecret("", []byte(strings.Repeat("secrex", 6)))
	if err != nil {
		t.Fatal(err)
	}
	for _, forged := range []string{i.token(t, wrong, nil), i.token(t, newKey(t), nil)} {
		if _, err := v.Verify(t.Context(), forged); !errors.Is(err, mayfly.ErrTokenInvalid) {
			t.Errorf("a forgery: %v", err)
		}
	}
	if n := i.fetches.Load(); n != 0 {
		t.Errorf("%d requests", n)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	for _, size := range []int{-1, 1, 8} {
		v := i.verifier(t, func(c *mayfly.VerifierConfig) { c.CacheSize = size })
		for range 2 {
			for n := range 50 {
				id := "u-" + strconv.Itoa(n)
				if c := mustVerify(t, v, i.token(t, key, claims{"sub": id})); c.Subject != id {
					t.Fatalf("size %d: asked for %s, got %s", size, id, c.Subject)
				}
			}
		}
	}
}

func TestNewVerifierNamesTheFix(t *testing.T) {
	for name, test := range map[string]struct {
		config mayfly.VerifierConfig
		want   string
	}{
		"no issuer":            {mayfly.VerifierConfig{}, "Issuer"},
		"no scheme":            {mayfly.VerifierConfig{Issuer: "auth.example.com"}, "https://"},
		"another scheme":       {mayfly.VerifierConfig{Issuer: "ftp://auth.example.com"}, "https"},
		"plain http":           {mayfly.VerifierConfig{Issuer: "http://auth.example.com"}, "InsecureHTTP"},
		"a name like loopback": {mayfly.VerifierConfig{Issuer: "http://localhost.example.com"}, "InsecureHTTP"},
		"keys over plain http": {mayfly.VerifierConfig{Issuer: "https://a.example", JWKSURL: "http://a.example/k"}, "JWKSURL"},
		"a short secret":       {mayfly.VerifierConfig{Issuer: "https://a.example", SharedSecret: []byte("short")}, "openssl"},
		"an empty secret":      {mayfly.VerifierConfig{Issuer: "https://a.example", SharedSecret: []byte{}}, "openssl"},
		"an origin with path":  {mayfly.VerifierConfig{Issuer: "https://a.example", AllowedOrigins: []string{"https://b.example/x"}}, "https://b.example"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := mayfly.NewVerifier(test.config)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want something about %s", err, test.want)
			}
		})
	}
	for _, issuer := range []string{"https://auth.example.com/path", "http://localhost:8080", "http://127.0.0.2", "http://[::1]:80", "http://app.localhost"} {
		if _, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: issuer}); err != nil {
			t.Errorf("%s: %v", issuer, err)
		}
	}
	if _, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: "http://mayfly:8080", InsecureHTTP: true}); err != nil {
		t.Errorf("with InsecureHTTP: %v", err)
	}
}

func TestAHundredGoroutinesShareOneFetch(t *testing.T) {
	i := newIssuer(t)
	key := newKey(t)
	i.publish(key)
	v := i.verifier(t, func(c *mayfly.VerifierConfig) { c.CacheSize = 16 })
	tokens := make([]string, 20)
	for n := range tokens {
		tokens[n] = i.token(t, key, claims{"jti": strconv.Itoa(n)})
	}
	var wg sync.WaitGroup
	for g := range 100 {
		wg.Go(func() {
			for n := range 40 {
				if _, err := v.Verify(t.Context(), tokens[(g+n)%len(tokens)]); err != nil {
					t.Errorf("refused: %v", err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := i.fetches.Load(); n != 1 {
		t.Errorf("%d fetches", n)
	}
}
