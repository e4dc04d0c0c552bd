//go:build e2e

package e2e

import (
	"net/http"
	"testing"
	"time"
)

const hourApart = time.Hour

// TestClocksAnHourApartSignNobodyOut lets people use two nodes in turn, one of which is an hour ahead: in use, after
// lost answers, and after nights.
func TestClocksAnHourApartSignNobodyOut(t *testing.T) {
	on := deploy(t, storeNamed(t, "PostgreSQL"))
	nodes := []*clockNode{on.clockNode(t, 0), on.clockNode(t, hourApart)}
	through := newAPIs(t, nodes)
	for begin := range nodes {
		held := through[begin].register(t, email(begin))
		for i, pause := range []time.Duration{0, time.Second, time.Minute, 10 * time.Minute, 0, hourApart, 0, 24 * time.Hour, 0, 0} {
			for _, one := range nodes {
				one.advance(pause)
			}
			at := of(through, begin+i)
			at.mustRefresh(t, held.Refresh) // an answer that is lost
			got := of(through, begin+i/2).mustRefresh(t, held.Refresh)
			if got.Session.ID != held.Session.ID {
				t.Fatal("another session")
			}
			held = got
		}
		// What is ended at one is ended at the other, whatever their clocks say.
		through[begin].must(t, http.StatusNoContent, "POST", "/v1/logout", "", map[string]string{"refresh_token": held.Refresh})
		nobodyGoesOn(t, through, held.Refresh)
	}
}

// TestClocksAnHourApartMakeNothingLiveLongerThanThat: a session is over everywhere an hour after its end at the latest,
// and nowhere earlier than an hour before it.
func TestClocksAnHourApartMakeNothingLiveLongerThanThat(t *testing.T) {
	on := deploy(t, storeNamed(t, "PostgreSQL"))
	nodes := []*clockNode{on.clockNode(t, 0), on.clockNode(t, hourApart)}
	through := newAPIs(t, nodes)
	const idle = 30 * 24 * time.Hour
	var early, late []answer // one that each node was the last to see
	for i, a := range through {
		early = append(early, a.register(t, "early"+email(i)))
		late = append(late, a.register(t, "late"+email(i)))
	}
	for _, one := range nodes {
		one.advance(idle - hourApart - time.Minute)
	}
	for i := range early { // at the other node
		got := of(through, i+1).mustRefresh(t, early[i].Refresh)
		if got.Session.ID != early[i].Session.ID {
			t.Error("another session")
		}
	}
	for _, one := range nodes {
		one.advance(2*hourApart + 2*time.Minute)
	}
	for i := range late {
		got := of(through, i+1).must(t, http.StatusUnauthorized, "POST", "/v1/refresh", "", map[string]string{"refresh_token": late[i].Refresh})
		if got.Code != "session_expired" {
			t.Errorf("%s", got.Body)
		}
	}
}
