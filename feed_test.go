package mayfly_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mayfly-auth/mayfly"
	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

const (
	feedIssuer = "http://auth.localhost"
	feedSecret = "a secret of no less than thirty-two bytes"
)

// feed is a Mayfly whose revocation feed says what a test has it say.
type feed struct {
	network *network
	streams chan *stream // each connection, when the test takes it

	mu     sync.Mutex
	asked  []request
	answer http.HandlerFunc // in place of the feed, if set
}

// request is how the feed was asked.
type request struct {
	at     time.Time
	header http.Header
}

// stream is one connection of a follower.
type stream struct {
	lastID string
	text   chan string
	end    chan struct{}
	gone   <-chan struct{} // the follower has left
}

func newFeed(t *testing.T) *feed {
	f := &feed{network: newNetwork(t), streams: make(chan *stream)}
	f.network.serve(t, "auth.localhost:80", f)
	return f
}

func (f *feed) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path != "/v1/revocations" {
		panic("only the feed is asked for where a secret is shared, and not " + r.URL.Path)
	}
	f.mu.Lock()
	f.asked = append(f.asked, request{time.Now(), r.Header.Clone()})
	answer := f.answer
	f.mu.Unlock()
	if answer != nil {
		answer(w, r)
		return
	}
	s := &stream{lastID: r.Header.Get("Last-Event-ID"), text: make(chan string), end: make(chan struct{}), gone: r.Context().Done()}
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	say(w, "retry: 1000\n\n")
	select {
	case f.streams <- s:
	case <-r.Context().Done():
		return
	}
	for {
		select {
		case text := <-s.text:
			say(w, text)
		case <-s.end:
			return
		case <-r.Context().Done():
			return
		}
	}
}

// accept returns the next connection. Followers never wait for as long as a minute.
func (f *feed) accept(t *testing.T) *stream {
	t.Helper()
	select {
	case s := <-f.streams:
		return s
	case <-time.After(time.Minute):
		t.Fatalf("nobody connects; the feed was asked for %d times", len(f.requests()))
		return nil
	}
}

func say(w http.ResponseWriter, text string) {
	_, _ = w.Write([]byte(text)) // a follower that has gone is what some tests are about
	_ = http.NewResponseController(w).Flush()
}

func (f *feed) answerWith(h http.HandlerFunc) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.answer = h
}

func (f *feed) requests() []request {
	f.mu.Lock()
	defer f.mu.Unlock()
	return append([]request(nil), f.asked...)
}

// say returns when the follower has taken it in.
func (s *stream) say(text string) {
	select {
	case s.text <- text:
	case <-s.gone:
		panic("the follower has left, and nobody asked it to")
	}
	synctest.Wait()
}

func (s *stream) current(id string) { s.say("event: current\nid: " + id + "\ndata: {}\n\n") }

// keepAlive lets time go on while the feed says every two seconds that all is well.
func (s *stream) keepAlive(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		time.Sleep(min(2*time.Second, time.Until(end)))
		s.current("9")
	}
}

func (s *stream) revoke(expires time.Duration, sids ...string) { s.say(revokedEvent(expires, sids...)) }

func revokedEvent(expires time.Duration, sids ...string) string {
	marks := make([]string, len(sids))
	for i, sid := range sids {
		mark := accesstoken.MarkOf(sid)
		marks[i] = base64.RawURLEncoding.EncodeToString(mark[:])
	}
	list, err := json.Marshal(marks)
	if err != nil {
		panic(err)
	}
	return fmt.Sprintf("event: revoked\nid: 8\ndata: {\"sessions\":%s,\"expires_in\":%d}\n\n", list, expires/time.Second)
}

// verifier follows the feed and needs no keys: it shares the issuer's secret.
func (f *feed) verifier(t *testing.T, r mayfly.RevocationsConfig, change ...func(*mayfly.VerifierConfig)) *mayfly.Verifier {
	t.Helper()
	c := mayfly.VerifierConfig{
		Issuer:       feedIssuer,
		SharedSecret: []byte(feedSecret),
		Revocations:  &r,
		HTTPClient:   &http.Client{Transport: f.network},
		Logger:       slog.New(slog.DiscardHandler),
	}
	for _, one := range change {
		one(&c)
	}
	v, err := mayfly.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(v.Close)
	return v
}

// tokenOf is good for a day and belongs to a session.
func tokenOf(t *testing.T, sid string) string {
	t.Helper()
	now := time.Now().Unix()
	return signed(t, sharedKey(t), "at+jwt", claims{
		"iss": feedIssuer, "aud": feedIssuer, "sub": "u-" + sid, "sid": sid, "client_id": "mayfly", "jti": "j-" + sid,
		"iat": now, "exp": now + 86400,
	})
}

func sharedKey(t *testing.T) *jws.PrivateKey {
	t.Helper()
	return sharedSecret(t, []byte(feedSecret))
}

// verdict is what becomes of a token, in a word.
func verdict(t *testing.T, v *mayfly.Verifier, token string) string {
	t.Helper()
	c, err := v.Verify(t.Context(), token)
	if err != nil && (c != nil || strings.Contains(err.Error(), token)) {
		t.Errorf("an error comes with claims, or with the token in it: %v", err)
	}
	for want, name := range map[error]string{
		nil: "good", mayfly.ErrTokenRevoked: "revoked", mayfly.ErrRevocationsUnknown: "unknown", mayfly.ErrTokenInvalid: "invalid",
	} {
		if errors.Is(err, want) {
			return name
		}
	}
	return err.Error()
}

// up returns a verifier that follows the feed, and the connection over which it does.
func (f *feed) up(t *testing.T, r mayfly.RevocationsConfig, change ...func(*mayfly.VerifierConfig)) (*mayfly.Verifier, *stream) {
	t.Helper()
	v := f.verifier(t, r, change...)
	first := make(chan string)
	go func() { first <- verdict(t, v, tokenOf(t, "the first")) }()
	s := f.accept(t)
	s.current("7")
	if got := <-first; got != "good" || !v.Feed().Up {
		t.Fatalf("the first token is %s, the feed %+v", got, v.Feed())
	}
	return v, s
}
