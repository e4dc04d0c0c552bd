//go:build unix

package server_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"net/netip"
	"path/filepath"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
	"github.com/mayfly-auth/mayfly/server"
)

// BenchmarkRefresh measures what a rotation costs from the handler down to a SQLite file, without the connection, with 64
// under way at once. cpu-ns/op is the time of all processors, the kernel's work for the file included: that is what a
// machine runs out of, and it hardly depends on what else the machine does.
func BenchmarkRefresh(b *testing.B) {
	const people, atOnce, each = 16, 64, 16
	var ticks atomic.Int64
	began := time.Now()
	c := server.Config{
		Data: filepath.Join(b.TempDir(), "data"),
		Log:  slog.New(slog.DiscardHandler),
		// The window is over at the next tick of the clock, so every refresh is a rotation.
		RefreshWindow: time.Millisecond,
		Now:           func() time.Time { return began.Add(time.Duration(ticks.Load()) * 2 * time.Millisecond) },
	}
	s, err := server.New(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	owners := registered(b, s, c, people)
	for _, delivery := range []session.Delivery{session.Cookie, session.Body} {
		tokens := signedIn(b, c, owners, delivery, atOnce*each)
		b.Run(string(delivery), func(b *testing.B) {
			b.SetParallelism(atOnce / runtime.GOMAXPROCS(0))
			var next atomic.Int64
			b.ReportAllocs()
			before := processorTime(b)
			b.ResetTimer()
			b.RunParallel(func(pb *testing.PB) {
				own := tokens[next.Add(each)-each:][:each]
				for i := 0; pb.Next(); i++ {
					ticks.Add(1)
					token := &own[i%each]
					renewed := refreshed(s, delivery, *token)
					if renewed == "" || renewed == *token {
						b.Errorf("no rotation: %q", renewed)
						return
					}
					*token = renewed
				}
			})
			b.ReportMetric(float64(processorTime(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// registered returns users that have what people have.
func registered(b *testing.B, s *server.Server, c server.Config, n int) []user.User {
	rooms, err := server.Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer rooms.Close()
	owners := make([]user.User, n)
	for i := range owners {
		email := fmt.Sprintf("person%d@example.com", i)
		w := &memory{header: http.Header{}}
		s.ServeHTTP(w, request("/v1/register", fmt.Sprintf(`{"email":%q,"username":"person%d","name":"Ada Lovelace","password":%q}`, email, i, password)))
		if owners[i], err = rooms.Users.FindByIdentifier(b.Context(), user.Key(email)); err != nil {
			b.Fatalf("%s: %v", w.body.Bytes(), err)
		}
	}
	return owners
}

// signedIn returns the refresh tokens of n sessions.
func signedIn(b *testing.B, c server.Config, owners []user.User, d session.Delivery, n int) []string {
	rooms, err := server.Open(b.Context(), c)
	if err != nil {
		b.Fatal(err)
	}
	defer rooms.Close()
	device := session.Device{
		UserAgent: "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/143.0.0.0 Safari/537.36",
		Address:   netip.MustParseAddr("192.0.2.1"),
	}
	tokens := make([]string, n)
	for i := range tokens {
		g, err := rooms.Sessions.Start(b.Context(), owners[i%len(owners)], d, []string{"pwd"}, device)
		if err != nil {
			b.Fatal(err)
		}
		tokens[i] = g.RefreshToken
	}
	return tokens
}

// refreshed presents a token and returns the one that is given for it, "" if none is.
func refreshed(h http.Handler, d session.Delivery, token string) string {
	w := &memory{header: http.Header{}}
	if d == session.Body {
		h.ServeHTTP(w, request("/v1/refresh", `{"refresh_token":"`+token+`"}`))
		_, rest, _ := strings.Cut(w.body.String(), `"refresh_token":"`)
		token, _, _ = strings.Cut(rest, `"`)
		return token
	}
	r := request("/v1/refresh", "")
	r.Header["Cookie"] = []string{"theme=dark; mayfly_refresh=" + token + "; mayfly_signed_in=1"}
	h.ServeHTTP(w, r)
	for _, cookie := range w.header["Set-Cookie"] {
		if value, ok := strings.CutPrefix(cookie, "mayfly_refresh="); ok {
			token, _, _ = strings.Cut(value, ";")
			return token
		}
	}
	return ""
}

func request(path, body string) *http.Request {
	r, err := http.NewRequest(http.MethodPost, "http://localhost:8080"+path, strings.NewReader(body))
	if err != nil {
		panic(err)
	}
	r.Header["Content-Type"] = []string{"application/json"}
	return r
}

// memory is an answer that goes nowhere.
type memory struct {
	header http.Header
	body   bytes.Buffer
}

func (m *memory) Header() http.Header         { return m.header }
func (m *memory) WriteHeader(int)             {}
func (m *memory) Write(p []byte) (int, error) { return m.body.Write(p) }

func processorTime(b *testing.B) time.Duration {
	var used unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &used); err != nil {
		b.Fatal(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}
