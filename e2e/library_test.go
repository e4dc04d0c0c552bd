//go:build e2e

package e2e

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/go-jose/go-jose/v4"
	"github.com/go-jose/go-jose/v4/jwt"

	"github.com/mayfly-auth/mayfly"
)

// TestTheLibraryStaysSignedInThroughManyLives is the root package at both ends: a Transport that holds the pair, a
// Verifier without leeway that refuses what has expired, and the real server between them.
func TestTheLibraryStaysSignedInThroughManyLives(t *testing.T) {
	p := start(t, "--access-ttl", "2s", "--refresh-window", "50ms")
	a := newAPI(t, p.url)
	a.register(t, "ada@example.com")
	resource := resourceServer(t, mayfly.VerifierConfig{Issuer: p.url, Leeway: -1})
	file := filepath.Join(t.TempDir(), "token")
	transport := signIn(t, p, resource, file)
	client := &http.Client{Transport: transport}

	eventually(t, "four access tokens have lived and died", func() bool {
		together(8, func(int) {
			resp, err := client.Get(resource)
			if err != nil {
				t.Error(err)
				return
			}
			defer resp.Body.Close()
			text, _ := io.ReadAll(resp.Body)
			if resp.StatusCode != http.StatusOK || string(text) != "ada@example.com" {
				t.Errorf("a call through expiry: %d %s", resp.StatusCode, text)
			}
		})
		stored, err := mayfly.FileStorage{Path: file}.Load(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return t.Failed() || generationOf(t, stored) >= 5
	})

	// A program that starts anew goes on with the stored token, one that was signed out says so.
	again, err := mayfly.NewTransport(mayfly.TransportConfig{
		URL: p.url, TokenOrigins: []string{resource}, Storage: mayfly.FileStorage{Path: file},
	})
	if err != nil {
		t.Fatal(err)
	}
	get(t, again, resource, http.StatusOK)
	p.mustMayfly("session", "revoke", "ada@example.com", "--all")
	eventually(t, "a revoked session ends when its access token does", func() bool {
		resp, err := (&http.Client{Transport: again}).Get(resource)
		if err == nil {
			resp.Body.Close()
		}
		return errors.Is(err, mayfly.ErrSignedOut)
	})
	var problem *mayfly.Problem
	_, err = (&http.Client{Transport: again}).Get(resource)
	if !errors.As(err, &problem) || problem.Code != "session_revoked" || problem.Reason != "ended_by_administrator" {
		t.Errorf("signed out, and the reason is %v", err)
	}
}

func TestTheLibrarySignsOut(t *testing.T) {
	p := start(t)
	a := newAPI(t, p.url)
	a.register(t, "ada@example.com")
	transport := signIn(t, p, p.url, filepath.Join(t.TempDir(), "token"))
	get(t, transport, p.url+"/v1/me", http.StatusOK)
	if err := transport.Logout(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, err := (&http.Client{Transport: transport}).Get(p.url + "/v1/me"); !errors.Is(err, mayfly.ErrSignedOut) {
		t.Errorf("after signing out: %v", err)
	}
	if out := p.mustMayfly("session", "list", "ada@example.com", "--all"); !strings.Contains(out, "signed_out") {
		t.Errorf("the server has not heard of it:\n%s", out)
	}
	var problem *mayfly.Problem
	if err := transport.Login(t.Context(), "ada@example.com", "wrong"); !errors.As(err, &problem) || problem.Code != "credentials_invalid" {
		t.Errorf("a wrong password: %v", err)
	}
}

func signIn(t *testing.T, p *process, resource, file string) *mayfly.Transport {
	t.Helper()
	transport, err := mayfly.NewTransport(mayfly.TransportConfig{
		URL: p.url, TokenOrigins: []string{resource}, Storage: mayfly.FileStorage{Path: file},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(transport.CloseIdleConnections)
	if err := transport.Login(t.Context(), "ada@example.com", password); err != nil {
		t.Fatal(err)
	}
	return transport
}

func get(t *testing.T, transport http.RoundTripper, url string, want int) {
	t.Helper()
	resp, err := (&http.Client{Transport: transport}).Get(url)
	if err != nil {
		t.Fatal(err)
	}
	resp.Body.Close()
	if resp.StatusCode != want {
		t.Errorf("GET %s: %d, want %d", url, resp.StatusCode, want)
	}
}

// TestAForeignLibraryChecksTokensFromTheKeySet is what any server in another language does: RFC 9068 with a JOSE library
// that has never heard of Mayfly.
func TestAForeignLibraryChecksTokensFromTheKeySet(t *testing.T) {
	for _, algorithm := range []jose.SignatureAlgorithm{jose.ES256, jose.EdDSA, jose.RS256, jose.PS256} {
		t.Run(string(algorithm), func(t *testing.T) {
			p := start(t, "--signing-alg", string(algorithm))
			a := newAPI(t, p.url)
			pair := a.register(t, "ada@example.com")

			var set jose.JSONWebKeySet
			got := a.must(t, http.StatusOK, "GET", "/.well-known/jwks.json", "", nil)
			if err := json.Unmarshal([]byte(got.Body), &set); err != nil {
				t.Fatal(err)
			}
			token, err := jwt.ParseSigned(pair.Access, []jose.SignatureAlgorithm{algorithm})
			if err != nil {
				t.Fatal(err)
			}
			if typ := token.Headers[0].ExtraHeaders[jose.HeaderType]; typ != "at+jwt" {
				t.Errorf("typ is %v", typ)
			}
			var claims jwt.Claims
			var more map[string]any
			if err := token.Claims(set, &claims, &more); err != nil {
				t.Fatal(err)
			}
			if err := claims.ValidateWithLeeway(jwt.Expected{Issuer: p.url, AnyAudience: jwt.Audience{p.url}, Time: time.Now()}, 0); err != nil {
				t.Error(err)
			}
			for _, name := range []string{"client_id", "jti", "sid", "auth_time", "scope", "email"} {
				if more[name] == nil {
					t.Errorf("the claim %s is missing", name)
				}
			}
			if more["email"] != "ada@example.com" || more["sid"] != pair.Session.ID {
				t.Errorf("claims are %v", more)
			}
		})
	}
}

type header struct {
	KeyID string `json:"kid"`
}

// headerOf reads the header of a JWT without checking anything.
func headerOf(t *testing.T, token string) (h header) {
	t.Helper()
	text, _, _ := strings.Cut(token, ".")
	raw, err := base64.RawURLEncoding.DecodeString(text)
	if err == nil {
		err = json.Unmarshal(raw, &h)
	}
	if err != nil {
		t.Fatal(err)
	}
	return h
}
