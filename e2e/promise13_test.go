//go:build e2e

package e2e

import (
	"net/http"
	"testing"
	"time"
)

// TestPromise13_TablesDoNotGrowWithRefreshesAndCleaningNeverHurts refreshes a lot at every node, ends some sessions and
// lets others end by themselves, and starts nodes again long after, each of which cleans: what is left are the sessions
// that live, as their holders know them.
func TestPromise13_TablesDoNotGrowWithRefreshesAndCleaningNeverHurts(t *testing.T) {
	const people, refreshes = 12, 25
	onEveryStore(t, func(t *testing.T, on deployment) {
		nodes := on.clockNodes(t)
		through := newAPIs(t, nodes)
		var living []answer
		for i := range people {
			living = append(living, through[0].register(t, email(i)))
		}
		signedOut, forgotten := living[0], living[1]
		living = living[2:]
		refreshAll := func(after time.Duration) {
			t.Helper()
			for _, one := range nodes {
				one.advance(after)
			}
			together(len(living), func(i int) {
				got, err := of(through, i+int(generationOf(t, living[i].Refresh))).refresh(living[i].Refresh)
				if err != nil || got.Status != http.StatusOK {
					t.Errorf("%d %s %v", got.Status, got.Body, err)
					return
				}
				living[i] = got
			})
		}
		for range refreshes {
			refreshAll(time.Minute)
		}
		through[0].must(t, http.StatusNoContent, "POST", "/v1/logout", "", map[string]string{"refresh_token": signedOut.Refresh})
		if n := len(on.sessions(t)); n != people {
			t.Errorf("%d rows for %d sessions after %d refreshes each", n, people, refreshes)
		}
		for range 4 { // 80 days, of which idle sessions live 30 and are told of for a while after
			refreshAll(20 * 24 * time.Hour)
		}
		through[0].must(t, http.StatusUnauthorized, "POST", "/v1/refresh", "", map[string]string{"refresh_token": forgotten.Refresh})
		// A node cleans when it starts. Living sessions are refreshed meanwhile.
		for i, old := range nodes {
			old.stop()
			nodes[i] = on.clockNode(t, 80*24*time.Hour+refreshes*time.Minute)
		}
		through = newAPIs(t, nodes)
		eventually(t, "the cleaner has been here", func() bool {
			refreshAll(time.Minute)
			return len(on.sessions(t)) == len(living)
		})
		stored := on.sessions(t)
		for _, one := range living {
			if got := stored[one.Session.ID]; got.Ended || got.Generation != generationOf(t, one.Refresh) {
				t.Errorf("a session of generation %d is stored as %+v", generationOf(t, one.Refresh), got)
			}
		}
	})
}
