package server_test

import (
	"bytes"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestReadinessFollowsTheDatabaseFile(t *testing.T) {
	t.Parallel()
	c := config(t)
	s := open(t, c)
	if status, text := get(t, s, "/readyz"); status != http.StatusOK {
		t.Fatalf("fresh: %d %s", status, text)
	}
	file, away := filepath.Join(c.Data, "mayfly.db"), filepath.Join(c.Data, "away.db")
	if err := os.Rename(file, away); err != nil {
		t.Fatal(err)
	}
	eventually(t, "a database that is gone makes the server unready", func() bool {
		status, _ := get(t, s, "/readyz")
		return status == http.StatusServiceUnavailable
	})
	w := httptest.NewRecorder()
	s.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/readyz", nil))
	if w.Header().Get("Retry-After") == "" || strings.Contains(w.Body.String(), c.Data) {
		t.Errorf("unready, to a visitor: Retry-After %q, %s", w.Header().Get("Retry-After"), w.Body)
	}
	if status, text := get(t, s.Admin(), "/readyz"); status != http.StatusServiceUnavailable || !strings.Contains(text, "mayfly.db") {
		t.Errorf("unready, to an operator: %d %s", status, text)
	}
	if status, _ := get(t, s, "/healthz"); status != http.StatusOK {
		t.Error("a server that only lost its database is restarted for it")
	}
	if err := os.Rename(away, file); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the database is back and the server ready", func() bool {
		status, _ := get(t, s, "/readyz")
		return status == http.StatusOK
	})
}

func TestTheAdminListenerHasWhatIsNotForThePublic(t *testing.T) {
	t.Parallel()
	s := open(t, config(t))
	register(t, s, "ada@example.com")
	post(t, s, "/v1/refresh", map[string]string{"refresh_token": "mfr_garbage"})
	for path, want := range map[string]string{
		"/healthz": "ok", "/readyz": "ready", "/metrics": `mayfly_problems_total{code="refresh_invalid"} 1`,
	} {
		if status, text := get(t, s.Admin(), path); status != http.StatusOK || !strings.Contains(text, want) {
			t.Errorf("admin %s: %d, without %q", path, status, want)
		}
	}
	_, metrics := get(t, s.Admin(), "/metrics")
	contains(t, metrics, `mayfly_request_seconds_count{route="POST /v1/register",status="201"} 1`, "go_goroutines")
	if status, _ := get(t, s, "/metrics"); status != http.StatusNotFound {
		t.Errorf("the public sees metrics: %d", status)
	}
	if status, _ := get(t, s.Admin(), "/v1/me"); status != http.StatusNotFound {
		t.Errorf("the admin listener signs people in: %d", status)
	}
}

// A panic is a mistake of ours: its text is for the log, and nobody else's request suffers.
func TestAPanicIsAPlain500(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	c := config(t)
	c.Log = slog.New(slog.NewTextHandler(&log, nil))
	s := open(t, c)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/login", panics{})
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code != http.StatusInternalServerError || w.Header().Get("Content-Type") != "application/problem+json" {
		t.Errorf("a panic is answered %d %s", w.Code, w.Header().Get("Content-Type"))
	}
	contains(t, w.Body.String(), `"code":"internal"`, `"request_id":"`+w.Header().Get("X-Request-Id"))
	if strings.Contains(w.Body.String(), "inner text") || strings.Contains(w.Body.String(), "goroutine") {
		t.Errorf("the answer shows the inside: %s", w.Body)
	}
	contains(t, log.String(), "inner text", w.Header().Get("X-Request-Id"))
	if status, _ := get(t, s, "/healthz"); status != http.StatusOK {
		t.Errorf("after the panic: %d", status)
	}
}

type panics struct{}

func (panics) Read([]byte) (int, error) { panic("inner text") }
