//go:build e2e

package e2e

import (
	"bytes"
	"context"
	"encoding/base64"
	endian "encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/server"
)

const password = "a quiet river at dawn"

// answer is what a call of the API came back with.
type answer struct {
	Status int
	Header http.Header
	Body   string

	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Code    string `json:"code"`
	Reason  string `json:"reason"`
	Session struct {
		ID string `json:"id"`
	} `json:"session"`
}

// api calls one server.
type api struct {
	url    string
	client *http.Client
}

// newAPI returns a client with connections of its own, enough of them for a crowd.
func newAPI(t *testing.T, url string) *api {
	transport := &http.Transport{MaxIdleConnsPerHost: 256, DialContext: loopback}
	t.Cleanup(transport.CloseIdleConnections)
	return &api{url: url, client: &http.Client{Transport: transport, Timeout: 30 * time.Second}}
}

// loopback dials localhost without asking a resolver.
func loopback(ctx context.Context, network, address string) (net.Conn, error) {
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	return new(net.Dialer).DialContext(ctx, network, "127.0.0.1:"+port)
}

// call sends a body as JSON, if there is one, with the access token, if there is one.
func (a *api) call(method, path, token string, body any) (answer, error) {
	var text io.Reader
	if body != nil {
		raw, err := json.Marshal(body)
		if err != nil {
			return answer{}, err
		}
		text = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(method, a.url+path, text)
	if err != nil {
		return answer{}, err
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := a.client.Do(req)
	if err != nil {
		return answer{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return answer{}, err // half an answer is none
	}
	got := answer{Status: resp.StatusCode, Header: resp.Header, Body: string(raw)}
	_ = json.Unmarshal(raw, &got) // what is no JSON has its status
	return got, nil
}

func (a *api) refresh(token string) (answer, error) {
	return a.call("POST", "/v1/refresh", "", map[string]string{"refresh_token": token})
}

// must is call with an answer of this status, or the end of the test.
func (a *api) must(t *testing.T, status int, method, path, token string, body any) answer {
	t.Helper()
	got, err := a.call(method, path, token, body)
	if err != nil {
		t.Fatal(err)
	}
	if got.Status != status {
		t.Fatalf("%s %s: %d, want %d: %s", method, path, got.Status, status, got.Body)
	}
	return got
}

func (a *api) register(t *testing.T, email string) answer {
	t.Helper()
	return a.must(t, http.StatusCreated, "POST", "/v1/register", "",
		map[string]string{"email": email, "password": password, "delivery": "body"})
}

func (a *api) login(t *testing.T, email, password string) answer {
	t.Helper()
	return a.must(t, http.StatusOK, "POST", "/v1/login", "",
		map[string]string{"identifier": email, "password": password, "delivery": "body"})
}

func (a *api) mustRefresh(t *testing.T, token string) answer {
	t.Helper()
	return a.must(t, http.StatusOK, "POST", "/v1/refresh", "", map[string]string{"refresh_token": token})
}

// generationOf reads the generation out of a refresh token: mfr_, then base64url of version(1) key-id(1) user(16)
// session(16) generation(4) and more.
func generationOf(t *testing.T, token string) uint32 {
	t.Helper()
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "mfr_"))
	if err != nil || len(raw) < 38 {
		t.Fatalf("this is no refresh token: %v", err)
	}
	return endian.BigEndian.Uint32(raw[34:38])
}

// clock is a time that the test moves.
type clock struct{ ahead atomic.Int64 }

func (c *clock) Now() time.Time          { return time.Now().Add(time.Duration(c.ahead.Load())) }
func (c *clock) Advance(d time.Duration) { c.ahead.Add(int64(d)) }

// inProcess runs the same server in the process of the test, because no flag of the binary moves its clock.
func inProcess(t *testing.T, c server.Config) (*server.Server, string) {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(listener.Addr().String())
	c.PublicURL = "http://localhost:" + port
	if c.Data == "" {
		c.Data = filepath.Join(t.TempDir(), "data")
	}
	c.Log = slog.New(slog.DiscardHandler)
	s, err := server.New(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	t.Cleanup(func() {
		cancel()
		for _, err := range []error{<-ended, s.Close()} {
			if err != nil {
				t.Error(err)
			}
		}
	})
	return s, c.PublicURL
}

// together runs f n times at once and waits for all.
func together(n int, f func(i int)) {
	var all sync.WaitGroup
	begin := make(chan struct{})
	for i := range n {
		all.Go(func() {
			<-begin
			f(i)
		})
	}
	close(begin)
	all.Wait()
}

func email(i int) string { return fmt.Sprintf("user%d@example.com", i) }

// refreshByCookie refreshes as a browser does and returns the refresh token of the answer's cookie.
func (a *api) refreshByCookie(token string) (next string, err error) {
	req, err := http.NewRequest(http.MethodPost, a.url+"/v1/refresh", nil)
	if err != nil {
		return "", err
	}
	req.AddCookie(&http.Cookie{Name: "mayfly_refresh", Value: token})
	resp, err := a.client.Do(req)
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	for _, one := range resp.Cookies() {
		if one.Name == "mayfly_refresh" {
			next = one.Value
		}
	}
	return next, nil
}

func unixNow() int64 { return time.Now().Unix() }
