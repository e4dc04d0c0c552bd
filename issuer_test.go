package mayfly_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mayfly-auth/mayfly"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is a wall clock that a test sets.
type clock struct{ at atomic.Pointer[time.Time] }

func newClock() *clock {
	c := new(clock)
	at := time.Date(2026, 11, 24, 12, 0, 0, 0, time.UTC)
	c.at.Store(&at)
	return c
}

func (c *clock) now() time.Time { return *c.at.Load() }

func (c *clock) move(d time.Duration) {
	at := c.now().Add(d)
	c.at.Store(&at)
}

// issuer publishes keys over real HTTP and signs tokens with them.
type issuer struct {
	*httptest.Server
	clock   *clock
	fetches atomic.Int64

	mu        sync.Mutex
	published []*jws.PublicKey
	answer    http.HandlerFunc // in place of the key set, if set
}

func newIssuer(tb testing.TB) *issuer {
	tb.Helper()
	i := &issuer{clock: newClock()}
	i.Server = httptest.NewServer(i)
	tb.Cleanup(i.Close)
	return i
}

func (i *issuer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.fetches.Add(1)
	i.mu.Lock()
	answer, keys := i.answer, i.published
	i.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	text, err := jws.MarshalSet(keys)
	if err != nil {
		panic(err)
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(text)
}

func (i *issuer) publish(keys ...*jws.PrivateKey) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.published = nil
	for _, k := range keys {
		i.published = append(i.published, k.Public())
	}
}

func (i *issuer) answerWith(h http.HandlerFunc) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.answer = h
}

// verifier returns one for this issuer, with its clock.
func (i *issuer) verifier(tb testing.TB, change ...func(*mayfly.VerifierConfig)) *mayfly.Verifier {
	tb.Helper()
	c := mayfly.VerifierConfig{
		Issuer:     i.URL,
		HTTPClient: i.Client(),
		Now:        i.clock.now,
		Logger:     slog.New(slog.DiscardHandler),
	}
	for _, f := range change {
		f(&c)
	}
	v, err := mayfly.NewVerifier(c)
	if err != nil {
		tb.Fatal(err)
	}
	return v
}

type claims map[string]any

// claims returns those of a good token that lives ten minutes.
func (i *issuer) claims(change claims) claims {
	now := i.clock.now().Unix()
	c := claims{
		"iss": i.URL, "aud": i.URL, "sub": "u-ada", "sid": "s-1", "client_id": "mayfly", "jti": "j-1",
		"iat": now, "exp": now + 600, "auth_time": now - 60, "scope": "account",
		"email": "ada@example.com", "email_verified": true, "preferred_username": "ada", "name": "Ada Lovelace",
		"roles": []string{"admin", "editor"}, "plan": map[string]any{"tier": "gold"},
	}
	maps.Copy(c, change)
	for name, value := range c {
		if value == nil {
			delete(c, name)
		}
	}
	return c
}

func (i *issuer) token(tb testing.TB, key *jws.PrivateKey, change claims) string {
	tb.Helper()
	return signed(tb, key, "at+jwt", i.claims(change))
}

func signed(tb testing.TB, key *jws.PrivateKey, typ string, c claims) string {
	tb.Helper()
	payload, err := json.Marshal(c)
	if err != nil {
		tb.Fatal(err)
	}
	token, err := jws.Sign(key, typ, payload)
	if err != nil {
		tb.Fatal(err)
	}
	return token
}

func newKey(tb testing.TB) *jws.PrivateKey {
	tb.Helper()
	key, err := jws.GenerateKey(jws.ES256)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}

func mustVerify(tb testing.TB, v *mayfly.Verifier, token string) *mayfly.Claims {
	tb.Helper()
	c, err := v.Verify(context.Background(), token)
	if err != nil {
		tb.Fatalf("a good token was refused: %v", err)
	}
	return c
}

func encode(text string) string { return base64.RawURLEncoding.EncodeToString([]byte(text)) }

func sharedSecret(tb testing.TB, secret []byte) *jws.PrivateKey {
	tb.Helper()
	key, err := jws.NewSharedSecret("", secret)
	if err != nil {
		tb.Fatal(err)
	}
	return key
}
