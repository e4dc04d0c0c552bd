package server_test

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/server"
)

func TestPromise18_ARestartSignsNobodyOut(t *testing.T) {
	t.Parallel()
	c := config(t)
	first, err := server.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	p := register(t, first, "ada@example.com")
	for range 5 {
		if err := first.Close(); err != nil {
			t.Fatal(err)
		}
		if first, err = server.New(t.Context(), c); err != nil {
			t.Fatal(err)
		}
		if status := me(t, first, p.Access); status != http.StatusOK {
			t.Errorf("an access token of before the restart: %d", status)
		}
		status, next := post(t, first, "/v1/refresh", map[string]string{"refresh_token": p.Refresh})
		if status != http.StatusOK || next.Session.ID != p.Session.ID {
			t.Fatalf("a refresh token of before the restart: %d %s", status, next.Code)
		}
		p = next
	}
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
}

func me(t *testing.T, h http.Handler, token string) int {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "/v1/me", nil)
	r.Header.Set("Authorization", "Bearer "+token)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Code
}

func TestASecondServerOnTheFolderIsRefused(t *testing.T) {
	t.Parallel()
	c := config(t)
	s, err := server.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	second := newError(t, c)
	var inUse *server.InUseError
	if !errors.As(second, &inUse) || inUse.Holder != strconv.Itoa(os.Getpid()) {
		t.Errorf("a second server: %v", second)
	}
	if status, text := get(t, s, "/readyz"); status != http.StatusOK {
		t.Errorf("the first, after that: %d %s", status, text)
	}
	rooms, err := server.Open(t.Context(), c) // the command line works beside it
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(rooms.Close(), s.Close()); err != nil {
		t.Fatal(err)
	}
	open(t, c)
}

// A server that could not start gives everything back, so that the next try finds the folder free.
func TestAFailedStartLeavesNothingBehind(t *testing.T) {
	t.Parallel()
	c := config(t)
	if err := os.MkdirAll(c.Data, 0o700); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(c.Data, "mayfly.db")
	if err := os.WriteFile(file, []byte(strings.Repeat("no database ", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	c.Secrets = []string{longSecret}
	for range 2 {
		err := newError(t, c)
		if err == nil {
			t.Fatal("a server runs on a file that is no database")
		}
		contains(t, err.Error(), "restore a backup")
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	open(t, c)
}
