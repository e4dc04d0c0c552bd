package lab_test

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/mayfly-auth/mayfly/server"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// site is a whole server with its Lab.
type site struct {
	t      *testing.T
	server *server.Server
	base   string // the path of the public URL
	data   string
	close  func() error
}

func open(t *testing.T, publicURL string) *site {
	t.Helper()
	return openOn(t, publicURL, t.TempDir())
}

func openOn(t *testing.T, publicURL, data string) *site {
	t.Helper()
	c := server.Config{PublicURL: publicURL, Data: data, Log: slog.New(slog.DiscardHandler)}
	mayfly, err := server.New(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, _ := strings.Cut(publicURL, "://")
	_, path, found := strings.Cut(rest, "/")
	if found {
		path = "/" + path
	}
	s := &site{t: t, server: mayfly, base: path, data: data}
	closed := false
	s.close = func() error {
		if closed {
			return nil
		}
		closed = true
		return mayfly.Close()
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

const local = "http://localhost:8080"

type answer struct {
	status int
	header http.Header
	body   string
}

// do sends a request under the base, as the page does: with JSON, from the own origin.
func (s *site) do(method, path, body string, headers ...string) answer {
	s.t.Helper()
	r := httptest.NewRequestWithContext(s.t.Context(), method, s.base+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Sec-Fetch-Site", "same-origin")
	for i := 0; i < len(headers); i += 2 {
		r.Header.Set(headers[i], headers[i+1])
	}
	w := httptest.NewRecorder()
	s.server.ServeHTTP(w, r)
	raw, err := io.ReadAll(w.Result().Body)
	if err != nil {
		s.t.Fatal(err)
	}
	return answer{w.Code, w.Result().Header, string(raw)}
}

func (a answer) wants(t *testing.T, status int, parts ...string) answer {
	t.Helper()
	if a.status != status {
		t.Fatalf("got %d, want %d: %s", a.status, status, a.body)
	}
	for _, part := range parts {
		if !strings.Contains(a.body, part) {
			t.Errorf("the answer lacks %q: %s", part, a.body)
		}
	}
	return a
}

func into[T any](t *testing.T, a answer) (v T) {
	t.Helper()
	if err := json.Unmarshal([]byte(a.body), &v); err != nil {
		t.Fatalf("%v: %s", err, a.body)
	}
	return v
}

// usual are the lifetimes the page begins with.
const usual = `{"access_ttl": 60, "refresh_window": 30, "idle_timeout": 2592000, "session_ttl": 7776000}`

// sandbox is one that was opened, with the person who registered in it.
type sandbox struct {
	site    *site
	ID      string `json:"id"`
	URL     string `json:"url"`
	Control string `json:"control"`

	pair
}

type pair struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	User    struct {
		ID string `json:"id"`
	} `json:"user"`
}

// sandbox opens one; its addresses come with the base.
func (s *site) sandbox() *sandbox {
	s.t.Helper()
	b := into[sandbox](s.t, s.do(http.MethodPost, "/lab/sandboxes", usual).wants(s.t, http.StatusCreated))
	b.site = s
	return &b
}

const person = `{"email": "ada@example.com", "password": "plums orbit slowly tonight", "delivery": "body"}`

func (b *sandbox) registers() {
	b.site.t.Helper()
	b.pair = into[pair](b.site.t, b.story(http.MethodPost, "/v1/register", person).wants(b.site.t, http.StatusCreated))
}

// story asks the sandbox itself.
func (b *sandbox) story(method, path, body string, headers ...string) answer {
	b.site.t.Helper()
	return b.site.do(method, strings.TrimPrefix(b.URL, b.site.base)+path, body, headers...)
}

func (b *sandbox) me() answer {
	b.site.t.Helper()
	return b.story(http.MethodGet, "/v1/me", "", "Authorization", "Bearer "+b.Access)
}

func (b *sandbox) refreshes() answer {
	b.site.t.Helper()
	got := b.story(http.MethodPost, "/v1/refresh", `{"refresh_token": "`+b.Refresh+`"}`)
	if got.status == http.StatusOK {
		b.pair = into[pair](b.site.t, got)
	}
	return got
}

// control is the hand of the page on the sandbox.
func (b *sandbox) control(method, path, body string) answer {
	b.site.t.Helper()
	return b.site.do(method, strings.TrimPrefix(b.Control, b.site.base)+path, body)
}

type view struct {
	Now      time.Time `json:"now"`
	Sessions []struct {
		Generation, Parent int
		EndReason          string    `json:"end_reason"`
		IdleExpiresAt      time.Time `json:"idle_expires_at"`
		ExpiresAt          time.Time `json:"expires_at"`
	} `json:"sessions"`
	Keys []struct {
		ID, State string
		SignsAt   time.Time `json:"signs_at"`
	} `json:"keys"`
}

func (b *sandbox) look() view {
	b.site.t.Helper()
	return into[view](b.site.t, b.control(http.MethodGet, "?user="+b.User.ID, "").wants(b.site.t, http.StatusOK))
}

// folders are the sandboxes that lie on the disk.
func (s *site) folders() []string {
	s.t.Helper()
	found, err := filepath.Glob(filepath.Join(s.data, "mayfly.db.lab", "*"))
	if err != nil {
		s.t.Fatal(err)
	}
	return found
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); <-tick.C {
		if ask() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}
