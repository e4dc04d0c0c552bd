package api_test

import (
	"context"
	"database/sql"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/api"
	"github.com/mayfly-auth/mayfly/internal/api/apitest"
	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
)

// bench is the JSON door over a database with a feed of its own measure, and no rooms besides.
type bench struct {
	feed    *revocation.Feed
	handler http.Handler
	door    *door.Door
	path    string // of the database
	log     *apitest.Log
}

func newBench(t *testing.T, maxFollowers int) *bench {
	t.Helper()
	b := &bench{path: filepath.Join(t.TempDir(), "mayfly.db"), log: &apitest.Log{}}
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: b.path})
	if err != nil {
		t.Fatal(err)
	}
	b.feed = revocation.NewFeed(revocation.Config{Store: db.Revocations(), AccessTTL: 10 * time.Minute, MaxFollowers: maxFollowers})
	ctx, cancel := context.WithCancel(context.Background())
	var running sync.WaitGroup
	running.Go(func() { b.feed.Run(ctx) })
	t.Cleanup(func() {
		b.feed.Close()
		cancel()
		running.Wait()
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	public := &url.URL{Scheme: "http", Host: "localhost:8080"}
	b.door = door.New(door.Config{PublicURL: public, Log: slog.New(slog.NewTextHandler(b.log, nil)), Now: time.Now})
	mux := http.NewServeMux()
	api.Mount(mux, "", api.Config{Door: b.door, Feed: b.feed, Issuer: public.String()})
	b.handler = b.door.Enter(mux)
	return b
}

// revoke writes down that many revocations at once.
func (b *bench) revoke(t *testing.T, n int) {
	t.Helper()
	db, err := sql.Open("sqlite", "file://"+b.path+"?_pragma=busy_timeout(4000)")
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	if _, err := db.Exec(`WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?)
		INSERT INTO revocations SELECT randomblob(16), randomblob(16), CAST(unixepoch('subsec') * 1000 AS INTEGER) FROM n`, n); err != nil {
		t.Fatal(err)
	}
}

func TestAFollowerTooManyIsSentAway(t *testing.T) {
	b := newBench(t, 2)
	server := httptest.NewServer(b.handler)
	t.Cleanup(server.Close)
	one, two := follow(t, server.URL, ""), follow(t, server.URL, "")
	one.current()
	two.current()
	refused := func() {
		t.Helper()
		r, err := http.Get(server.URL + "/v1/revocations")
		if err != nil {
			t.Fatal(err)
		}
		r.Body.Close()
		if r.StatusCode != http.StatusServiceUnavailable || r.Header.Get("Retry-After") == "" ||
			r.Header.Get("Content-Type") != "application/problem+json" {
			t.Fatalf("status %d, headers %v", r.StatusCode, r.Header)
		}
	}
	refused()
	if n := b.feed.Stats().Followers; n != 2 {
		t.Errorf("%d followers", n)
	}
	one.leave()
	until(t, "there is room", func() bool { return b.feed.Stats().Followers == 1 })
	follow(t, server.URL, "").current()
	two.current()
	refused()
}

// TestPromise10_ASlowReaderIsDroppedAndHoldsNobodyUp has one client that opens the feed and never reads, over a line that
// holds little.
func TestPromise10_ASlowReaderIsDroppedAndHoldsNobodyUp(t *testing.T) {
	b := newBench(t, 0)
	server := httptest.NewUnstartedServer(b.handler)
	server.Config.ConnContext = func(ctx context.Context, c net.Conn) context.Context {
		if err := c.(*net.TCPConn).SetWriteBuffer(4 << 10); err != nil {
			t.Error(err)
		}
		return ctx
	}
	server.Start()
	t.Cleanup(server.Close)
	quick := follow(t, server.URL, "")
	quick.current()

	stuck, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer stuck.Close()
	if err := stuck.(*net.TCPConn).SetReadBuffer(4 << 10); err != nil {
		t.Fatal(err)
	}
	if _, err := stuck.Write([]byte("GET /v1/revocations HTTP/1.1\r\nHost: localhost\r\n\r\n")); err != nil {
		t.Fatal(err)
	}
	until(t, "both follow", func() bool { return b.feed.Stats().Followers == 2 })

	const many = 10_000
	b.revoke(t, many)
	for seen := 0; seen < many; {
		_, marks := quick.current()
		seen += len(marks)
	}
	if n := b.feed.Stats().Followers; n != 2 {
		t.Errorf("%d follow: somebody waited for the slow one", n)
	}
	until(t, "the slow one is dropped", func() bool { s := b.feed.Stats(); return s.Followers == 1 && s.Dropped == 1 })
	quick.current()
	answer := httptest.NewRecorder()
	b.door.Metrics().Handler().ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, line := range []string{
		"mayfly_revocation_followers 1\n", "mayfly_revocation_marks 10000\n", "mayfly_revocation_named_total 10000\n",
		"mayfly_revocation_dropped_total 1\n", "mayfly_revocation_forgotten_total 0\n", "\nmayfly_revocation_unread_seconds ",
	} {
		if !strings.Contains(answer.Body.String(), line) {
			t.Errorf("the metrics do not say %q", line)
		}
	}
	if strings.Contains(b.log.String(), "level=ERROR") {
		t.Errorf("the log complains:\n%s", b.log.String())
	}
}

// TestAHandlerThatHidesTheFlusherIsTold: events that wait in a buffer would look like a feed that is down.
func TestAHandlerThatHidesTheFlusherIsTold(t *testing.T) {
	b := newBench(t, 0)
	hiding := apitest.Check(t, "http://localhost:8080", &coverage, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		b.handler.ServeHTTP(struct{ http.ResponseWriter }{w}, r)
	}))
	answer := httptest.NewRecorder()
	hiding.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, "/v1/revocations", nil))
	if answer.Code != http.StatusInternalServerError || !strings.Contains(b.log.String(), "hides http.Flusher") {
		t.Errorf("status %d, log\n%s", answer.Code, b.log.String())
	}
	if n := b.feed.Stats().Followers; n != 0 {
		t.Errorf("%d followers are left", n)
	}
}

// until waits for a condition.
func until(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
