package apitest

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/mayfly-auth/mayfly/server"
)

// Options are what a test may want to be different. A field of the Config that Start sets (PublicURL, Data, Now, Log) is
// better left alone.
type Options struct {
	server.Config
	TLS      bool      // the public URL is https, with a certificate that clients of the Server trust
	Path     string    // of the public URL: "/auth"
	Coverage *Coverage // notes which answers were seen; nil notes nothing
}

// Server is a running Mayfly that listens on a port of its own, on a SQLite database in a folder that goes with the
// test. It is stopped when the test ends.
type Server struct {
	URL   string // the public URL, without a slash at the end
	Clock *Clock
	Log   *Log

	t       testing.TB
	config  server.Config
	http    *httptest.Server
	secrets secrets
	people  atomic.Int64

	mu     sync.RWMutex // held for reading by every request
	mayfly *server.Server
	broken bool // closed already
	check  http.Handler
}

// Start starts a server. Each edit may change the options, in order.
func Start(t testing.TB, edits ...func(*Options)) *Server {
	t.Helper()
	s := &Server{t: t, Clock: NewClock(), Log: &Log{}}
	s.http = httptest.NewUnstartedServer(s)
	o := Options{Config: server.Config{Data: t.TempDir(), Now: s.Clock.Now}}
	o.Config.Log = slog.New(slog.NewJSONHandler(s.Log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	for _, edit := range edits {
		edit(&o)
	}
	scheme := "http"
	if o.TLS {
		scheme = "https"
	}
	// The port is known before the first request, so the server can know its URL.
	s.URL = scheme + "://" + s.http.Listener.Addr().String() + o.Path
	if o.PublicURL == "" {
		o.PublicURL = s.URL
	}
	s.config = o.Config
	s.open()
	s.check = Check(t, o.PublicURL, o.Coverage, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.mayfly.ServeHTTP(w, r) }))
	if o.TLS {
		s.http.StartTLS()
	} else {
		s.http.Start()
	}
	t.Cleanup(s.stop)
	return s
}

func (s *Server) open() {
	s.t.Helper()
	mayfly, err := server.New(context.Background(), s.config)
	if err != nil {
		s.t.Fatalf("start the server: %v", err)
	}
	s.mayfly, s.broken = mayfly, false
}

func (s *Server) shut() {
	s.t.Helper()
	if s.broken {
		return
	}
	s.broken = true
	if err := s.mayfly.Close(); err != nil {
		s.t.Errorf("close the server: %v", err)
	}
}

func (s *Server) stop() {
	s.mayfly.EndStreams()
	s.http.Close() // waits for the requests under way
	s.shut()
	s.secrets.lookIn(s.t, s.Log.String())
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.RLock()
	defer s.mu.RUnlock()
	s.secrets.watch(s.check).ServeHTTP(w, r)
}

// Restart closes the server and opens it anew on the same data, between two requests. Whoever is connected notices
// nothing.
func (s *Server) Restart() {
	s.t.Helper()
	s.mayfly.EndStreams()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut()
	s.open()
}

// Break takes the database away under the running server, until the next Restart.
func (s *Server) Break() {
	s.t.Helper()
	s.mayfly.EndStreams()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.shut()
}

// Rooms opens the rooms over the server's database, as the command line does beside a running server: for what only an
// administrator may do.
func (s *Server) Rooms() *server.Rooms {
	s.t.Helper()
	rooms, err := server.Open(context.Background(), s.config)
	if err != nil {
		s.t.Fatalf("open the rooms: %v", err)
	}
	s.t.Cleanup(func() {
		if err := rooms.Close(); err != nil {
			s.t.Errorf("close the rooms: %v", err)
		}
	})
	return rooms
}

// Origin is scheme, host and port of the public URL, as browsers send it.
func (s *Server) Origin() string {
	u, err := url.Parse(s.config.PublicURL)
	if err != nil {
		s.t.Fatal(err)
	}
	return u.Scheme + "://" + u.Host
}

// Addr is where the server listens.
func (s *Server) Addr() net.Addr { return s.http.Listener.Addr() }
