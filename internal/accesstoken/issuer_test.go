package accesstoken_test

import (
	"encoding/json"
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

func TestATokenSaysWhatItsSubjectIs(t *testing.T) {
	for _, alg := range []jws.Algorithm{jws.ES256, jws.EdDSA, jws.RS256, jws.PS256, jws.HS256} {
		t.Run(string(alg), func(t *testing.T) {
			i := newIssuer(t, accesstoken.Config{Keys: newRing(t, alg), Jitter: -1})
			got, err := i.Verify(mint(t, i, ada()).Token)
			if err != nil {
				t.Fatal(err)
			}
			s := ada()
			want := accesstoken.Claims{
				Issuer: issuer, Subject: s.User, Session: s.Session, ClientID: s.ClientID, ID: got.ID, Scope: s.Scope,
				Audience: []string{audience}, IssuedAt: epoch, ExpiresAt: epoch.Add(accesstoken.DefaultTTL),
				AuthTime: s.AuthTime, AMR: s.AMR, Email: s.Email, EmailVerified: true, Username: s.Username, Name: s.Name,
				Roles: s.Roles,
			}
			if !reflect.DeepEqual(got, want) {
				t.Errorf("got  %+v\nwant %+v", got, want)
			}
		})
	}
}

// Another library verifies what we mint and finds every claim that RFC 9068 section 2.2 requires.
func TestAnotherLibraryAcceptsOurTokens(t *testing.T) {
	for _, alg := range []jws.Algorithm{jws.ES256, jws.EdDSA, jws.RS256, jws.PS256, jws.HS256} {
		t.Run(string(alg), func(t *testing.T) {
			keys := newRing(t, alg)
			minted := mint(t, newIssuer(t, accesstoken.Config{Keys: keys}), ada())
			var key any = []byte(secret)
			if alg != jws.HS256 {
				text, err := keys.key.Public().JWK()
				if err != nil {
					t.Fatal(err)
				}
				var theirs jose.JSONWebKey
				if err := json.Unmarshal(text, &theirs); err != nil {
					t.Fatal(err)
				}
				key = theirs.Key
			}
			parsed, err := jwt.ParseSigned(minted.Token, []jose.SignatureAlgorithm{jose.SignatureAlgorithm(alg)})
			if err != nil {
				t.Fatal(err)
			}
			var claims jwt.Claims
			all := map[string]any{}
			if err := parsed.Claims(key, &claims, &all); err != nil {
				t.Fatal(err)
			}
			err = claims.Validate(jwt.Expected{Issuer: issuer, AnyAudience: jwt.Audience{audience}, Subject: ada().User, Time: epoch})
			if err != nil {
				t.Error(err)
			}
			for _, name := range []string{"iss", "exp", "aud", "sub", "client_id", "iat", "jti"} {
				if all[name] == nil {
					t.Errorf("%s is missing", name)
				}
			}
			if typ := parsed.Headers[0].ExtraHeaders[jose.HeaderType]; typ != "at+jwt" {
				t.Errorf("typ is %v", typ)
			}
		})
	}
}

func TestWhatASubjectDoesNotHaveIsLeftOut(t *testing.T) {
	i := newIssuer(t, accesstoken.Config{Audience: []string{"a", "b"}})
	got := payload(t, mint(t, i, accesstoken.Subject{User: "u"}).Token)
	for _, name := range []string{"exp", "iat", "jti"} {
		delete(got, name)
	}
	want := map[string]any{
		"iss": issuer, "aud": []any{"a", "b"}, "sub": "u", "client_id": accesstoken.DefaultClientID, "roles": []any{},
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
	if _, err := i.Mint(accesstoken.Subject{}); err == nil {
		t.Error("a token for nobody was minted")
	}
}

func TestWithoutAnAudienceTheIssuerIsMeant(t *testing.T) {
	i := newIssuer(t, accesstoken.Config{Audience: []string{}})
	minted := mint(t, i, ada())
	if aud := payload(t, minted.Token)["aud"]; aud != issuer {
		t.Errorf("aud is %v", aud)
	}
	if _, err := i.Verify(minted.Token); err != nil {
		t.Error(err)
	}
}

// The profile comes from people: whatever they call themselves comes back, and nothing they write becomes a claim.
func TestHostileTextStaysInItsPlace(t *testing.T) {
	for _, text := range []string{
		`","sub":"root","x":"`, `\","sub":"root`, `\`, `"`, "\u2028\u2029", "\x00\x1f\x7f", "\u0085\ufeff", "😀é", `</script>`,
		strings.Repeat(`"`, 300),
	} {
		s := ada()
		s.Email, s.Username, s.Name, s.Roles, s.AMR, s.Scope, s.ClientID = text, text, text, []string{text}, []string{text}, text, text
		i := newIssuer(t, accesstoken.Config{})
		c, err := i.Verify(mint(t, i, s).Token)
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if c.Subject != s.User || c.Email != text || c.Username != text || c.Name != text || c.ClientID != text || c.Scope != text ||
			!slices.Equal(c.Roles, s.Roles) || !slices.Equal(c.AMR, s.AMR) {
			t.Errorf("%q came back as %+v", text, c)
		}
	}
	s := ada()
	s.Name = "a\xffb\xc0\xafc\xed\xa0\x80"
	i := newIssuer(t, accesstoken.Config{})
	c, err := i.Verify(mint(t, i, s).Token)
	if err != nil || c.Name != "a\ufffdb\ufffd\ufffdc\ufffd\ufffd\ufffd" {
		t.Errorf("a name that is not UTF-8 came back as %q, %v", c.Name, err)
	}
}

func TestATokenThatNobodyWouldAcceptIsNotMade(t *testing.T) {
	s := ada()
	s.Name = strings.Repeat("x", jws.MaxLength)
	if _, err := newIssuer(t, accesstoken.Config{}).Mint(s); !errors.Is(err, jws.ErrMalformed) {
		t.Errorf("got %v, want an error about the length", err)
	}
}

func TestAConfigurationThatCannotWorkIsRefused(t *testing.T) {
	good := accesstoken.Config{Keys: sharedRing(t), Issuer: issuer}
	if _, err := accesstoken.NewIssuer(good); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(c *accesstoken.Config){
		"no keys":           func(c *accesstoken.Config) { c.Keys = nil },
		"no issuer":         func(c *accesstoken.Config) { c.Issuer = "" },
		"a broken issuer":   func(c *accesstoken.Config) { c.Issuer = "\xff" },
		"a short life":      func(c *accesstoken.Config) { c.TTL = time.Millisecond },
		"a negative life":   func(c *accesstoken.Config) { c.TTL = -time.Minute },
		"too much jitter":   func(c *accesstoken.Config) { c.Jitter = 0.6 },
		"an empty audience": func(c *accesstoken.Config) { c.Audience = []string{"a", ""} },
		"a bad claim":       func(c *accesstoken.Config) { c.Claims = []accesstoken.Claim{{Name: "iss", Source: "name"}} },
		"a claim twice": func(c *accesstoken.Config) {
			c.Claims = []accesstoken.Claim{{Name: "a", Source: "name"}, {Name: "a", Source: "email"}}
		},
	} {
		c := good
		change(&c)
		if _, err := accesstoken.NewIssuer(c); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

func TestAnIssuerRefusesWhatItDidNotSign(t *testing.T) {
	i := newIssuer(t, accesstoken.Config{Keys: newRing(t, jws.ES256)})
	stranger := newIssuer(t, accesstoken.Config{Keys: newRing(t, jws.ES256)})
	token := mint(t, i, ada()).Token
	other := mint(t, i, ada()).Token
	swapped := token[:strings.LastIndexByte(token, '.')] + other[strings.LastIndexByte(other, '.'):]
	for name, c := range map[string]struct {
		token string
		want  error
	}{
		"garbage":                     {"garbage", accesstoken.ErrMalformed},
		"nothing":                     {"", accesstoken.ErrMalformed},
		"a stranger's":                {mint(t, stranger, ada()).Token, accesstoken.ErrUnknownKey},
		"another token's signature":   {swapped, accesstoken.ErrSignature},
		"another algorithm, same kid": {forged(t, token), accesstoken.ErrSignature},
	} {
		got, err := i.Verify(c.token)
		if !errors.Is(err, c.want) || !reflect.DeepEqual(got, accesstoken.Claims{}) {
			t.Errorf("%s: %+v, %v, want %v", name, got, err, c.want)
		}
	}
}

// forged signs the claims of a token with a shared secret and the kid of the issuer's key.
func forged(tb testing.TB, token string) string {
	tb.Helper()
	t, err := jws.Parse(token)
	if err != nil {
		tb.Fatal(err)
	}
	key, err := jws.NewSharedSecret(t.Header.KeyID, []byte(secret))
	if err != nil {
		tb.Fatal(err)
	}
	text, err := jws.Sign(key, accesstoken.Type, t.Payload)
	if err != nil {
		tb.Fatal(err)
	}
	return text
}

// The clocks of others get a leeway; the issuer has only its own.
func TestTheIssuersOwnTokensExpireOnTheSecond(t *testing.T) {
	now := epoch
	i := newIssuer(t, accesstoken.Config{Jitter: -1, Now: func() time.Time { return now }})
	minted := mint(t, i, ada())
	for _, one := range []struct {
		after time.Duration
		want  error
	}{
		{accesstoken.DefaultTTL - time.Nanosecond, nil},
		{accesstoken.DefaultTTL, accesstoken.ErrExpired},
		{accesstoken.DefaultTTL + time.Second, accesstoken.ErrExpired},
	} {
		now = epoch.Add(one.after)
		if got, err := i.Verify(minted.Token); !errors.Is(err, one.want) || got.Subject != ada().User {
			t.Errorf("%v after it was made: %v, claims of %q; want %v", one.after, err, got.Subject, one.want)
		}
	}
}
