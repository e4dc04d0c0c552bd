//go:build e2e

package e2e

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	neturl "net/url"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/server"
)

func TestPromise2_ALostAnswerNeverSignsOut(t *testing.T) {
	for name, gap := range map[string]time.Duration{
		"at once": 0, "after 5 minutes": 5 * time.Minute, "after 12 hours": 12 * time.Hour, "after 20 days": 20 * 24 * time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var now clock
			_, url := inProcess(t, server.Config{Now: now.Now})
			road := lossy(t, url)
			direct, through := newAPI(t, url), newAPI(t, road.url)
			held := direct.register(t, "ada@example.com")
			// Again and again, because the second loss is where a parent's parent would be mistaken for a copy.
			for i := range 4 {
				now.Advance(time.Hour)
				for range i { // one loss more each time
					road.drop.Store(true)
					if got, err := through.refresh(held.Refresh); err == nil {
						t.Fatalf("an answer came through: %d", got.Status)
					}
					road.drop.Store(false)
					now.Advance(gap / time.Duration(i))
				}
				got := through.must(t, http.StatusOK, "POST", "/v1/refresh", "", map[string]string{"refresh_token": held.Refresh})
				if got.Session.ID != held.Session.ID {
					t.Fatal("another session")
				}
				direct.must(t, http.StatusOK, "GET", "/v1/me", got.Access, nil)
				held = got
			}
			if n := road.executed.Load(); n != 6 {
				t.Errorf("%d refreshes were executed and their answers dropped, want 6", n)
			}
		})
	}
}

// lossyRoad is a proxy that hands every request on, and while drop is set throws the answer away with the connection.
type lossyRoad struct {
	url      string
	drop     atomic.Bool
	executed atomic.Int64 // requests that were answered 200 behind it, and not before it
}

func lossy(t *testing.T, target string) *lossyRoad {
	t.Helper()
	to, err := neturl.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	road := new(lossyRoad)
	transport := &http.Transport{DialContext: loopback}
	proxy := &httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(to) },
		Transport: transport,
		ModifyResponse: func(resp *http.Response) error {
			if !road.drop.Load() {
				return nil
			}
			if _, err := io.Copy(io.Discard, resp.Body); err == nil && resp.StatusCode == http.StatusOK {
				road.executed.Add(1)
			}
			panic(http.ErrAbortHandler)
		},
	}
	front := httptest.NewServer(proxy)
	t.Cleanup(func() {
		front.Close()
		transport.CloseIdleConnections()
	})
	road.url = front.URL
	return road
}
