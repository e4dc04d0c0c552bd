package mayfly_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// network joins clients and servers by pipes, so that real HTTP runs inside a testing/synctest bubble: waiting on a pipe
// lets the bubble's clock go on, waiting on a socket does not.
type network struct {
	*http.Transport
	mu    sync.Mutex
	hosts map[string]chan net.Conn
}

var errUnreachable = errors.New("network is unreachable")

func newNetwork(tb testing.TB) *network {
	n := &network{hosts: map[string]chan net.Conn{}}
	n.Transport = &http.Transport{DialContext: n.dial, MaxIdleConnsPerHost: 200}
	tb.Cleanup(n.CloseIdleConnections)
	return n
}

func (n *network) dial(ctx context.Context, _, address string) (net.Conn, error) {
	n.mu.Lock()
	host := n.hosts[strings.ToLower(address)]
	n.mu.Unlock()
	if host == nil {
		return nil, errUnreachable
	}
	ours, theirs := net.Pipe()
	select {
	case host <- theirs:
		return ours, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// serve puts a server at an address such as api.localhost:80.
func (n *network) serve(tb testing.TB, address string, h http.Handler) {
	l := &listener{conns: make(chan net.Conn), closed: make(chan struct{})}
	n.mu.Lock()
	n.hosts[address] = l.conns
	n.mu.Unlock()
	server := &http.Server{Handler: h}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(l)
	}()
	tb.Cleanup(func() {
		n.CloseIdleConnections()
		_ = server.Close()
		<-done
	})
}

type listener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *listener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *listener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *listener) Addr() net.Addr { return &net.TCPAddr{} }

// standIn behaves at its edge as Mayfly and an API behind it do: it keeps the refresh rule, and counts.
type standIn struct {
	mu                         sync.Mutex
	life                       time.Duration // of access tokens
	expiresIn                  string        // what is said of it, if that is something else
	session, generation        int
	parent                     int
	rotatedAt                  time.Time
	ended                      bool
	minted                     int
	alive                      map[string]time.Time
	logins, refreshes, logouts int
	calls, refused             int                                           // at the API
	bodies                     []string                                      // that the API received, of calls it took
	onRefresh, onLogout        func(http.ResponseWriter, *http.Request) bool // true: it has answered
	onCall                     func(*http.Request)                           // runs before the token is looked at
	ownRefusal                 bool                                          // the API answers everything with a 401 of its own
}

func newStandIn(life time.Duration) *standIn {
	return &standIn{life: life, alive: map[string]time.Time{}}
}

func (s *standIn) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Identifier, Password, Delivery string
		RefreshToken                   string `json:"refresh_token"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || r.Method != http.MethodPost {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r.URL.Path {
	case "/v1/login":
		s.logins++
		if body.Password != "right" || body.Delivery != "body" {
			s.problem(w, 401, `{"code":"credentials_invalid","detail":"The identifier or the password is wrong."}`)
			return
		}
		s.session, s.generation, s.parent, s.ended = s.session+1, 1, 0, false
		s.grant(w)
	case "/v1/refresh":
		s.refreshes++
		if s.hooked(s.onRefresh, w, r) {
			return
		}
		s.refresh(w, body.RefreshToken)
	case "/v1/logout":
		s.logouts++
		if s.hooked(s.onLogout, w, r) {
			return
		}
		s.ended = true
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusNotFound)
	}
}

// hooked lets a hook answer, which may wait or panic: the lock is released meanwhile.
func (s *standIn) hooked(hook func(http.ResponseWriter, *http.Request) bool, w http.ResponseWriter, r *http.Request) bool {
	if hook == nil {
		return false
	}
	s.mu.Unlock()
	defer s.mu.Lock()
	return hook(w, r)
}

// refresh is the rule of the server, with a window of 30 s.
func (s *standIn) refresh(w http.ResponseWriter, token string) {
	var session, presented int
	_, err := fmt.Sscanf(token, "mfr_%d.%d", &session, &presented)
	switch {
	case err != nil || session != s.session:
		s.problem(w, 401, `{"code":"refresh_invalid","session_ended":true}`)
		return
	case s.ended:
		s.problem(w, 401, `{"code":"session_revoked","reason":"signed_out_elsewhere","session_ended":true}`)
		return
	case presented != s.generation && presented != s.parent:
		s.ended = true
		s.problem(w, 401, `{"code":"refresh_reused","reason":"refresh_reused","session_ended":true}`)
		return
	case time.Since(s.rotatedAt) > 30*time.Second:
		s.generation, s.parent, s.rotatedAt = s.generation+1, presented, time.Now()
	}
	s.grant(w)
}

func (s *standIn) grant(w http.ResponseWriter) {
	s.minted++
	access := fmt.Sprintf("access-%d-%d", s.session, s.minted)
	s.alive[access] = time.Now().Add(s.life)
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	expiresIn := s.expiresIn
	if expiresIn == "" {
		expiresIn = strconv.Itoa(int(s.life.Seconds()))
	}
	// server_time is what a wrong clock says: nobody may build on it.
	_, _ = fmt.Fprintf(w, `{"access_token":%q,"refresh_token":"mfr_%d.%d","expires_in":%s,"session":{"id":"s-%d"},"server_time":"1999-01-01T00:00:00Z"}`,
		access, s.session, s.generation, expiresIn, s.session)
}

func (s *standIn) problem(w http.ResponseWriter, status int, text string) {
	w.Header().Set("Content-Type", "application/problem+json")
	w.WriteHeader(status)
	_, _ = io.WriteString(w, text)
}

// api is the server that the program calls.
func (s *standIn) api(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	s.mu.Lock()
	s.calls++
	hook := s.onCall
	s.mu.Unlock()
	if hook != nil {
		hook(r)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	token, _ := strings.CutPrefix(r.Header.Get("Authorization"), "Bearer ")
	if s.ownRefusal || !time.Now().Before(s.alive[token]) {
		s.refused++
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	s.bodies = append(s.bodies, string(body))
	_, _ = io.WriteString(w, token)
}

// killAccess makes every access token worthless before its time, as a replaced key or a long sleep does.
func (s *standIn) killAccess() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.alive)
}

func (s *standIn) set(change func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	change()
}

// count reads counters.
func (s *standIn) count(counter *int) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return *counter
}
