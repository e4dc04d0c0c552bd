//go:build e2e

package e2e

import (
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly"
)

// follower is a resource server that follows the revocation feed.
type follower struct {
	*mayfly.Verifier
	url     string
	changes chan mayfly.FeedState
}

func newFollower(t *testing.T, p *process, refuseWhenDown bool) *follower {
	t.Helper()
	f := &follower{changes: make(chan mayfly.FeedState, 100)}
	var err error
	f.Verifier, err = mayfly.NewVerifier(mayfly.VerifierConfig{
		Issuer: p.url,
		Logger: slog.New(slog.DiscardHandler),
		Revocations: &mayfly.RevocationsConfig{
			RefuseWhenDown: refuseWhenDown,
			OnChange:       func(state mayfly.FeedState) { f.changes <- state },
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(f.Close)
	server := httptest.NewServer(f.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := mayfly.FromContext(r.Context())
		fmt.Fprint(w, claims.Email)
	})))
	t.Cleanup(server.Close)
	f.url = server.URL
	return f
}

// answer is the status, and the code where a request is refused.
func (f *follower) answer(t *testing.T, token string) string {
	t.Helper()
	req, err := http.NewRequest(http.MethodGet, f.url, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var problem struct{ Code string }
	if resp.StatusCode != http.StatusOK {
		if err := json.Unmarshal(body, &problem); err != nil {
			t.Errorf("%d %s: %v", resp.StatusCode, body, err)
		}
	}
	return strings.TrimSpace(fmt.Sprint(resp.StatusCode, " ", problem.Code))
}

// next waits for the feed to come up or go down.
func (f *follower) next(t *testing.T, up bool) mayfly.FeedState {
	t.Helper()
	select {
	case state := <-f.changes:
		if state.Up != up {
			t.Fatalf("the feed changed to %+v", state)
		}
		return state
	case <-time.After(30 * time.Second):
		t.Fatalf("the feed never changed to up: %v", up)
	}
	panic("unreachable")
}

const good, ended, unknown = "200", "401 token_revoked", "503 unavailable"

// TestPromise10_SigningOutStopsTheAccessTokenToo ends sessions in every way there is. The middleware calls nobody for it.
func TestPromise10_SigningOutStopsTheAccessTokenToo(t *testing.T) {
	p := start(t)
	a := newAPI(t, p.url)
	api := newFollower(t, p, false)
	witness := a.register(t, "witness@example.com").Access
	for i, one := range []struct {
		way string
		end func(t *testing.T, email string, victim, other answer)
	}{
		{"sign-out with the refresh token", func(t *testing.T, _ string, victim, _ answer) {
			a.must(t, 204, "POST", "/v1/logout", "", map[string]string{"refresh_token": victim.Refresh})
		}},
		{"sign-out with the access token", func(t *testing.T, _ string, victim, _ answer) {
			a.must(t, 204, "POST", "/v1/logout", victim.Access, nil)
		}},
		{"sign-out everywhere from another device", func(t *testing.T, _ string, _, other answer) {
			a.must(t, 204, "POST", "/v1/logout?scope=all", other.Access, nil)
		}},
		{"ended in the list of devices", func(t *testing.T, _ string, victim, other answer) {
			a.must(t, 204, "DELETE", "/v1/sessions/"+victim.Session.ID, other.Access, nil)
		}},
		{"a new password, set on another device", func(t *testing.T, _ string, _, other answer) {
			a.must(t, 204, "POST", "/v1/me/password", other.Access,
				map[string]string{"current_password": password, "new_password": "seven loud mountains sing"})
		}},
		{"the account deleted", func(t *testing.T, _ string, _, other answer) {
			a.must(t, 204, "DELETE", "/v1/me", other.Access, map[string]string{"current_password": password})
		}},
		{"an administrator ends it", func(_ *testing.T, email string, _, _ answer) { p.mustMayfly("session", "revoke", email, "--all") }},
		{"an administrator disables the account", func(_ *testing.T, email string, _, _ answer) { p.mustMayfly("user", "disable", email) }},
	} {
		t.Run(one.way, func(t *testing.T) {
			address := email(i)
			other := a.register(t, address)
			victim := a.login(t, address, password)
			if got := api.answer(t, victim.Access); got != good {
				t.Fatalf("before: %s", got)
			}
			one.end(t, address, victim, other)
			done := time.Now()
			eventually(t, "the access token is refused", func() bool { return api.answer(t, victim.Access) == ended })
			t.Logf("%d ms after the answer", time.Since(done).Milliseconds())
			if got := api.answer(t, witness); got != good {
				t.Errorf("somebody else is %s", got)
			}
			late := newFollower(t, p, false) // whoever starts now has to hear of it as well
			if got := late.answer(t, victim.Access); got != ended {
				t.Errorf("a server that starts afterwards: %s", got)
			}
		})
	}
	if state := api.Feed(); !state.Up || state.LastError != nil || state.Dropped != 0 {
		t.Errorf("the feed is %+v", state)
	}
}

// TestPromise10_WithoutTheFeedTokensLiveUntilTheyExpire stops the server, ends a session behind its back, and starts it
// again.
func TestPromise10_WithoutTheFeedTokensLiveUntilTheyExpire(t *testing.T) {
	p := start(t)
	a := newAPI(t, p.url)
	trusting, strict := newFollower(t, p, false), newFollower(t, p, true)
	known := a.register(t, "known@example.com")
	victim := a.register(t, "victim@example.com")
	witness := a.register(t, "witness@example.com")
	for _, f := range []*follower{trusting, strict} {
		for _, one := range []answer{known, victim, witness} {
			if got := f.answer(t, one.Access); got != good {
				t.Fatalf("before: %s", got)
			}
		}
		f.next(t, true)
	}
	a.must(t, 204, "POST", "/v1/logout", "", map[string]string{"refresh_token": known.Refresh})
	for _, f := range []*follower{trusting, strict} {
		eventually(t, "the access token is refused", func() bool { return f.answer(t, known.Access) == ended })
	}

	p.stop()
	for _, f := range []*follower{trusting, strict} {
		if state := f.next(t, false); state.LastError == nil || state.Marks != 1 {
			t.Errorf("the feed is %+v", state)
		}
		if got := f.answer(t, known.Access); got != ended {
			t.Errorf("what is known is %s", got)
		}
	}
	p.mustMayfly("session", "revoke", "victim@example.com", "--all")
	if got := trusting.answer(t, victim.Access); got != good {
		t.Errorf("while nothing can be heard: %s", got)
	}
	if got := strict.answer(t, witness.Access); got != unknown {
		t.Errorf("with RefuseWhenDown: %s", got)
	}

	p.run()
	for _, f := range []*follower{trusting, strict} {
		f.next(t, true)
		for token, want := range map[string]string{known.Access: ended, victim.Access: ended, witness.Access: good} {
			if got := f.answer(t, token); got != want {
				t.Errorf("when the feed is back: %s, want %s", got, want)
			}
		}
	}
}
