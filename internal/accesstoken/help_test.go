package accesstoken_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

const (
	issuer   = "https://auth.example.com"
	audience = "https://api.example.com"
	secret   = "a shared secret of more than thirty-two characters"
)

var epoch = time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)

// ring is a key set of one key.
type ring struct {
	key    *jws.PrivateKey
	public *jws.PublicKey
}

func (r ring) Signing() (*jws.PrivateKey, error) { return r.key, nil }

func (r ring) Lookup(kid string) (*jws.PublicKey, bool) {
	if kid != r.key.ID {
		return nil, false
	}
	return r.public, true
}

func newRing(tb testing.TB, alg jws.Algorithm) ring {
	tb.Helper()
	if alg == jws.HS256 {
		return sharedRing(tb)
	}
	key, err := jws.GenerateKey(alg)
	if err != nil {
		tb.Fatal(err)
	}
	return ring{key, key.Public()}
}

// sharedRing signs so fast that a test may ask for a hundred thousand tokens.
func sharedRing(tb testing.TB) ring {
	tb.Helper()
	key, err := jws.NewSharedSecret("shared", []byte(secret))
	if err != nil {
		tb.Fatal(err)
	}
	return ring{key, key.Public()}
}

// newIssuer fills in what a test does not care about.
func newIssuer(tb testing.TB, c accesstoken.Config) *accesstoken.Issuer {
	tb.Helper()
	if c.Keys == nil {
		c.Keys = sharedRing(tb)
	}
	if c.Issuer == "" {
		c.Issuer = issuer
	}
	if c.Audience == nil {
		c.Audience = []string{audience}
	}
	if c.Now == nil {
		c.Now = func() time.Time { return epoch }
	}
	i, err := accesstoken.NewIssuer(c)
	if err != nil {
		tb.Fatal(err)
	}
	return i
}

func ada() accesstoken.Subject {
	return accesstoken.Subject{
		User: "0193f6a2-7c1e-7bb0-a6a5-1c4f1f6f2a11", Session: "0193f6a2-7c1e-7bb0-a6a5-1c4f1f6f2a12",
		ClientID: "web", Scope: "openid profile", AuthTime: epoch.Add(-time.Hour), AMR: []string{"pwd"},
		Email: "ada@example.com", EmailVerified: true, Username: "ada", Name: "Ada Lovelace",
		Roles:    []string{"admin", "editor"},
		Metadata: json.RawMessage(`{"plan":"pro","billing":{"tier":3,"tags":["a",{"b":null}]},"secret":"s"}`),
	}
}

func mint(tb testing.TB, i *accesstoken.Issuer, s accesstoken.Subject) accesstoken.Minted {
	tb.Helper()
	m, err := i.Mint(s)
	if err != nil {
		tb.Fatal(err)
	}
	return m
}

// payload returns the claims of a token without believing them.
func payload(tb testing.TB, token string) map[string]any {
	tb.Helper()
	t, err := jws.Parse(token)
	if err != nil {
		tb.Fatal(err)
	}
	var members map[string]any
	if err := json.Unmarshal(t.Payload, &members); err != nil {
		tb.Fatalf("%s: %v", t.Payload, err)
	}
	return members
}
