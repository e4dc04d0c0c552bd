package pages_test

import (
	"context"
	"database/sql"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/server"
)

// site is a whole server with its own database, as a browser meets it.
type site struct {
	t       *testing.T
	url     string // of the first page, without the slash at its end
	origin  string
	data    string
	server  *server.Server
	close   func() // the database goes, the front still answers
	mu      sync.Mutex
	offset  time.Duration
	instead http.HandlerFunc // answers POST /v1/refresh in the server's place
}

// open starts a site whose public URL has this path.
func open(t *testing.T, path string, options ...func(*server.Config)) *site {
	t.Helper()
	s := &site{t: t, data: t.TempDir()}
	front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		instead := s.instead
		s.mu.Unlock()
		if instead != nil && strings.HasSuffix(r.URL.Path, "/v1/refresh") {
			instead(w, r)
			return
		}
		s.server.ServeHTTP(w, r)
	}))
	s.origin, s.url = front.URL, front.URL+path
	c := server.Config{PublicURL: s.url, Data: s.data, Now: s.now, Log: slog.New(slog.DiscardHandler)}
	for _, set := range options {
		set(&c)
	}
	var err error
	if s.server, err = server.New(context.Background(), c); err != nil {
		t.Fatal(err)
	}
	s.close = sync.OnceFunc(func() {
		if err := s.server.Close(); err != nil {
			t.Error(err)
		}
	})
	t.Cleanup(func() {
		front.CloseClientConnections()
		front.Close()
		s.close()
	})
	return s
}

func (s *site) now() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return time.Now().Add(s.offset)
}

func (s *site) pass(d time.Duration) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.offset += d
}

func (s *site) answerRefresh(h http.HandlerFunc) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.instead = h
}

// rows returns everything the database holds, as text.
func (s *site) rows() string {
	s.t.Helper()
	db := s.database()
	defer db.Close()
	var all strings.Builder
	for _, table := range s.column(db, "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name") {
		rows, err := db.Query("SELECT * FROM " + table)
		if err != nil {
			s.t.Fatal(err)
		}
		names, _ := rows.Columns()
		for rows.Next() {
			values := make([]any, len(names))
			for i := range values {
				values[i] = new(any)
			}
			if err := rows.Scan(values...); err != nil {
				s.t.Fatal(err)
			}
			for i := range values {
				fmt.Fprintf(&all, "%s.%s=%v ", table, names[i], *values[i].(*any))
			}
			all.WriteByte('\n')
		}
		rows.Close()
	}
	return all.String()
}

func (s *site) database() *sql.DB {
	s.t.Helper()
	db, err := sql.Open("sqlite", filepath.Join(s.data, "mayfly.db"))
	if err != nil {
		s.t.Fatal(err)
	}
	return db
}

func (s *site) column(db *sql.DB, query string) (values []string) {
	s.t.Helper()
	rows, err := db.Query(query)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var value string
		if err := rows.Scan(&value); err != nil {
			s.t.Fatal(err)
		}
		values = append(values, value)
	}
	return values
}

// browser is a browser without JavaScript that does not follow redirects by itself.
type browser struct {
	*http.Client
	site   *site
	header http.Header // sent with everything
}

func (s *site) browser() *browser {
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	return &browser{
		Client: &http.Client{Jar: jar, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }},
		site:   s,
		header: http.Header{"Accept": {"text/html,*/*;q=0.8"}, "User-Agent": {"Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"}},
	}
}

const goodPassword = "plums orbit slowly tonight"

// member is a browser that has just registered.
func (s *site) member(email string) *browser {
	s.t.Helper()
	b := s.browser()
	if got := b.post("/register", url.Values{"email": {email}, "password": {goodPassword}}); got.status != http.StatusSeeOther {
		s.t.Fatalf("register %s: %d\n%s", email, got.status, got.body)
	}
	return b
}

// signIn is a further browser of somebody.
func (s *site) signIn(identifier string) *browser {
	s.t.Helper()
	b := s.browser()
	if got := b.post("/login", url.Values{"identifier": {identifier}, "password": {goodPassword}}); got.status != http.StatusSeeOther {
		s.t.Fatalf("sign in %s: %d\n%s", identifier, got.status, got.body)
	}
	return b
}

type answer struct {
	status   int
	header   http.Header
	location string // under the base
	body     string
}

func (b *browser) get(path string) answer { return b.do(http.MethodGet, path, nil, nil) }

func (b *browser) post(path string, form url.Values) answer {
	return b.do(http.MethodPost, path, strings.NewReader(form.Encode()), http.Header{
		"Content-Type": {"application/x-www-form-urlencoded"}, "Sec-Fetch-Site": {"same-origin"}, "Origin": {b.site.origin},
	})
}

func (b *browser) do(method, path string, body io.Reader, header http.Header) answer {
	b.site.t.Helper()
	r, err := http.NewRequest(method, b.site.url+path, body)
	if err != nil {
		b.site.t.Fatal(err)
	}
	for _, h := range []http.Header{b.header, header} {
		for name, values := range h {
			r.Header[name] = values
		}
	}
	resp, err := b.Do(r)
	if err != nil {
		b.site.t.Fatal(err)
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		b.site.t.Fatal(err)
	}
	base := strings.TrimPrefix(b.site.url, b.site.origin)
	return answer{resp.StatusCode, resp.Header, strings.TrimPrefix(resp.Header.Get("Location"), base), string(raw)}
}

func (b *browser) cookie(name string) string {
	at, _ := url.Parse(b.site.origin)
	for _, c := range b.Jar.Cookies(at) {
		if c.Name == name {
			return c.Value
		}
	}
	return ""
}

func (b *browser) setCookie(name, value string) {
	at, _ := url.Parse(b.site.origin)
	b.Jar.SetCookies(at, []*http.Cookie{{Name: name, Value: value, Path: "/"}})
}

// user is the id that the forms of the account page carry.
func (b *browser) user() string {
	b.site.t.Helper()
	_, rest, ok := strings.Cut(b.get("/account").body, `name="account" value="`)
	id, _, _ := strings.Cut(rest, `"`)
	if !ok {
		b.site.t.Fatal("the account page has no form")
	}
	return id
}

// goesTo demands a redirect after a POST: 303, never 307 (STD-45).
func (a answer) goesTo(t *testing.T, path string) {
	t.Helper()
	if a.status != http.StatusSeeOther || a.location != path {
		t.Fatalf("got %d to %q, want 303 to %q\n%s", a.status, a.location, path, a.body)
	}
}

func (a answer) shows(t *testing.T, status int, texts ...string) {
	t.Helper()
	if a.status != status {
		t.Fatalf("got status %d, want %d\n%s", a.status, status, a.body)
	}
	for _, text := range texts {
		if !strings.Contains(a.body, text) {
			t.Errorf("the page lacks %q\n%s", text, a.body)
		}
	}
}

func (a answer) hides(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(a.body, text) {
			t.Errorf("the page has %q", text)
		}
	}
}
