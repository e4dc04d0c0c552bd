package server_test

import (
	"bytes"
	"encoding/json"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mayfly-auth/mayfly/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// config is one that runs in a folder of its own and says nothing.
func config(t *testing.T) server.Config {
	t.Helper()
	return server.Config{
		PublicURL: "http://localhost:8080",
		Data:      filepath.Join(t.TempDir(), "data"),
		Log:       slog.New(slog.DiscardHandler),
	}
}

// open returns a server that is closed at the end of the test.
func open(t *testing.T, c server.Config) *server.Server {
	t.Helper()
	s, err := server.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// serve runs the server on a port of its own until stop is called or the test ends.
func serve(t *testing.T, s *server.Server) (address string, stop func() error) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	return serveOn(t, s, listener)
}

// pair is what a sign-in and a refresh answer.
type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Code    string `json:"code"`
	Session struct {
		ID string `json:"id"`
	} `json:"session"`
}

const password = "a quiet river at dawn"

// post sends JSON to a handler and returns the status and the answer.
func post(t *testing.T, h http.Handler, path string, body any) (int, pair) {
	t.Helper()
	text, err := json.Marshal(body)
	if err != nil {
		t.Fatal(err)
	}
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, path, bytes.NewReader(text))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	var p pair
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil {
		t.Fatalf("POST %s: %d %s", path, w.Code, w.Body)
	}
	return w.Code, p
}

func register(t *testing.T, h http.Handler, email string) pair {
	t.Helper()
	status, p := post(t, h, "/v1/register", map[string]string{"email": email, "password": password, "delivery": "body"})
	if status != http.StatusCreated {
		t.Fatalf("register %s: %d %s", email, status, p.Code)
	}
	return p
}

func get(t *testing.T, h http.Handler, path string) (int, string) {
	t.Helper()
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, path, nil))
	return w.Code, w.Body.String()
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if ask() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}

func contains(t *testing.T, text string, parts ...string) {
	t.Helper()
	for _, part := range parts {
		if !strings.Contains(text, part) {
			t.Errorf("%q is not in %q", part, text)
		}
	}
}

func readAll(t *testing.T, r io.Reader) string {
	t.Helper()
	raw, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
