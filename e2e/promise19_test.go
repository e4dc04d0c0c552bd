//go:build e2e

package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly"
	"github.com/mayfly-auth/mayfly/server"
)

// TestPromise19_RotatingKeysBreaksNoVerifier rotates the signing key three times while people refresh and call an API
// that checks their tokens with the root package. The clock runs through each rotation in steps of a minute.
func TestPromise19_RotatingKeysBreaksNoVerifier(t *testing.T) {
	var now clock
	config := server.Config{Now: now.Now, AccessTTL: 4 * time.Hour, RefreshWindow: time.Millisecond, Data: t.TempDir()}
	_, url := inProcess(t, config)
	config.PublicURL = url
	a := newAPI(t, url)
	resource := resourceServer(t, mayfly.VerifierConfig{Issuer: url, Now: now.Now, HTTPClient: a.client})

	load := newLoad(t, a, resource, 6)
	first := keyIDs(t, a)
	for range 3 {
		before := keyIDs(t, a)
		rotate(t, config)
		eventually(t, "the new key is published", func() bool { return len(keyIDs(t, a)) > len(before) })
		for range 12 {
			now.Advance(time.Minute)
			load.more(t, 12)
		}
		next := keyIDs(t, a)
		eventually(t, "the new key signs", func() bool { return !slices.Contains(before, load.lastKey(t)) })
		if signing := load.lastKey(t); !slices.Contains(next, signing) {
			t.Errorf("tokens are signed with %s, the key set has %v", signing, next)
		}
	}
	load.end()
	t.Logf("%d calls, %d refused; the first key was %v, the last %s", load.calls.Load(), load.refused.Load(), first, load.lastKey(t))
	if load.refused.Load() > 0 {
		t.Errorf("%d calls were refused: %v", load.refused.Load(), load.why.Load())
	}
}

// rotate does what `mayfly key rotate` does, by the clock of the test.
func rotate(t *testing.T, c server.Config) {
	t.Helper()
	rooms, err := server.Open(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	defer rooms.Close()
	if _, err := rooms.Keys.Rotate(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// keyIDs returns the ids of the published keys.
func keyIDs(t *testing.T, a *api) []string {
	t.Helper()
	got := a.must(t, http.StatusOK, "GET", "/.well-known/jwks.json", "", nil)
	var set struct {
		Keys []struct {
			ID string `json:"kid"`
		} `json:"keys"`
	}
	if err := json.Unmarshal([]byte(got.Body), &set); err != nil {
		t.Fatal(err)
	}
	var ids []string
	for _, key := range set.Keys {
		ids = append(ids, key.ID)
	}
	return ids
}

// resourceServer is somebody's API: it lets in whom the root package's middleware lets in.
func resourceServer(t *testing.T, c mayfly.VerifierConfig) string {
	t.Helper()
	verifier, err := mayfly.NewVerifier(c)
	if err != nil {
		t.Fatal(err)
	}
	api := httptest.NewServer(verifier.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := mayfly.FromContext(r.Context())
		fmt.Fprint(w, claims.Email)
	})))
	t.Cleanup(api.Close)
	return api.URL
}

// load is people who refresh and call an API with what they get, and with what they had before.
type load struct {
	calls, refused atomic.Int64
	why            atomic.Value

	token  atomic.Value // the last access token
	cancel context.CancelFunc
	all    sync.WaitGroup
}

func newLoad(t *testing.T, a *api, resource string, people int) *load {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	l := &load{cancel: cancel}
	t.Cleanup(l.end)
	for i := range people {
		held := a.register(t, email(i))
		l.token.Store(held.Access)
		l.all.Go(func() {
			caller := &api{url: resource, client: a.client}
			old := held.Access
			for ctx.Err() == nil {
				got, err := a.refresh(held.Refresh)
				if err != nil || got.Status != http.StatusOK {
					l.refuse(got, err)
					return
				}
				held = got
				l.token.Store(held.Access)
				for _, token := range []string{held.Access, old} {
					if got, err := caller.call("GET", "/", token, nil); err != nil || got.Status != http.StatusOK {
						l.refuse(got, err)
					}
					l.calls.Add(1)
				}
			}
		})
	}
	return l
}

func (l *load) refuse(got answer, err error) {
	l.refused.Add(1)
	l.why.CompareAndSwap(nil, fmt.Sprint(got.Status, got.Body, err))
}

// more waits for n calls.
func (l *load) more(t *testing.T, n int64) {
	t.Helper()
	until := l.calls.Load() + n
	eventually(t, "calls go on", func() bool { return l.calls.Load() >= until || l.refused.Load() > 0 })
}

func (l *load) lastKey(t *testing.T) string {
	t.Helper()
	token, _ := l.token.Load().(string)
	return headerOf(t, token).KeyID
}

func (l *load) end() {
	l.cancel()
	l.all.Wait()
}
