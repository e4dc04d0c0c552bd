//go:build e2e

package e2e

import (
	"net/http"
	"sync"
	"testing"
)

const newPassword = "seven loud mountains sing"

// ending is a way in which sessions end at once. It returns the step, ready to be made through the node.
type ending struct {
	name    string
	prepare func(*testing.T, *process, *api, victim) (end func())
	all     bool // every session of the person ends, and not only this one
}

// victim is a person and the session that is to end.
type victim struct {
	email string
	answer
}

var endings = []ending{
	{"sign-out", func(t *testing.T, _ *process, a *api, v victim) func() {
		return func() {
			a.must(t, http.StatusNoContent, "POST", "/v1/logout", "", map[string]string{"refresh_token": v.Refresh})
		}
	}, false},
	{"sign-out everywhere", func(t *testing.T, _ *process, a *api, v victim) func() {
		return func() { a.must(t, http.StatusNoContent, "POST", "/v1/logout?scope=all", v.Access, nil) }
	}, true},
	{"end of one device", func(t *testing.T, _ *process, a *api, v victim) func() {
		other := a.login(t, v.email, password)
		return func() {
			got, err := a.call("DELETE", "/v1/sessions/"+v.Session.ID, other.Access, nil)
			// Not found: refreshes that raced outside the window have ended it before.
			if err != nil || got.Status != http.StatusNoContent && got.Status != http.StatusNotFound {
				t.Errorf("%d %s %v", got.Status, got.Body, err)
			}
		}
	}, false},
	{"password change", func(t *testing.T, _ *process, a *api, v victim) func() {
		other := a.login(t, v.email, password)
		return func() {
			a.must(t, http.StatusNoContent, "POST", "/v1/me/password", other.Access,
				map[string]string{"current_password": password, "new_password": newPassword})
		}
	}, true},
	{"disabling", func(_ *testing.T, p *process, _ *api, v victim) func() {
		return func() { p.mustMayfly("user", "disable", v.email) }
	}, true},
	{"deletion", func(t *testing.T, _ *process, a *api, v victim) func() {
		other := a.login(t, v.email, password)
		return func() {
			a.must(t, http.StatusNoContent, "DELETE", "/v1/me", other.Access, map[string]string{"current_password": password})
		}
	}, true},
}

// TestPromise12_ARevocationNeverLosesARace lets endings at one node race refreshes of the same session at all of them.
// From the moment the ending is answered, no refresh that begins may succeed, whichever came first and whatever it was
// given.
func TestPromise12_ARevocationNeverLosesARace(t *testing.T) {
	onEveryStore(t, func(t *testing.T, on deployment) {
		nodes := on.nodes(t, "--refresh-window", "1ms")
		through := apis(t, nodes)
		for i, one := range endings {
			t.Run(one.name, func(t *testing.T) {
				for round := range 4 {
					v := victim{email: email(100*i + round)}
					v.answer = through[0].register(t, v.email)
					end := one.prepare(t, of(nodes, round), of(through, round), v)
					given := race(through, v.answer, end)
					nobodyGoesOn(t, through, append(given, v.Refresh)...)
				}
			})
		}
	})
}

// race runs the ending while chains of refreshes are under way and returns every token that they were given. It fails
// nothing itself: which of the refreshes came before the ending is not for the test to say.
func race(through []*api, from answer, end func()) []string {
	var mu sync.Mutex
	var given []string
	ended := make(chan struct{})
	var chains sync.WaitGroup
	for i := range 4 {
		chains.Go(func() {
			token := from.Refresh
			for {
				got, err := of(through, i).refresh(token)
				if err != nil || got.Status != http.StatusOK {
					return
				}
				mu.Lock()
				given = append(given, got.Refresh)
				mu.Unlock()
				token = got.Refresh
				select {
				case <-ended:
					return
				default:
				}
			}
		})
	}
	end()
	close(ended)
	chains.Wait()
	return given
}

// nobodyGoesOn presents tokens of a session that has ended, everywhere.
func nobodyGoesOn(t *testing.T, through []*api, tokens ...string) {
	t.Helper()
	for _, token := range tokens {
		for i, a := range through {
			if got, err := a.refresh(token); err != nil || got.Status != http.StatusUnauthorized {
				t.Fatalf("a refresh at node %d after the ending: %d %s %v", i, got.Status, got.Body, err)
			}
		}
	}
}
