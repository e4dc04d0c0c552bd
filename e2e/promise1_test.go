//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"strconv"
	"sync"
	"testing"
	"time"
)

// TestPromise1_TwoHundredPostsOfOneTokenGetOneSuccessor is the tabs, the server rendering and the parallel 401s all at
// once, at every node at once. MAYFLY_TEST_ROUNDS=100 is the whole promise.
func TestPromise1_TwoHundredPostsOfOneTokenGetOneSuccessor(t *testing.T) {
	rounds := 8
	if n, err := strconv.Atoi(os.Getenv("MAYFLY_TEST_ROUNDS")); err == nil {
		rounds = n
	}
	onEveryStore(t, func(t *testing.T, on deployment) {
		nodes := on.clockNodes(t)
		through := newAPIs(t, nodes)
		held := through[0].register(t, "ada@example.com")
		for round := range rounds {
			for _, one := range nodes {
				one.advance(time.Minute) // the refresh window is over: the next use rotates
			}
			held = twoHundredPosts(t, through, held)
			if t.Failed() {
				t.Fatalf("in round %d", round)
			}
		}
		t.Logf("%d rounds × 200 posts at %d nodes", rounds, len(nodes))
		if got := on.sessions(t)[held.Session.ID].Generation; got != generationOf(t, held.Refresh) {
			t.Errorf("generation %d was answered, %d is stored", generationOf(t, held.Refresh), got)
		}
	})
}

// twoHundredPosts presents one token two hundred times at once, and returns the one successor that all were given.
func twoHundredPosts(t *testing.T, through []*api, held answer) (next answer) {
	t.Helper()
	var mu sync.Mutex
	successors := map[string]answer{}
	together(200, func(i int) {
		got, err := of(through, i).refresh(held.Refresh)
		mu.Lock()
		defer mu.Unlock()
		if err != nil || got.Status != http.StatusOK {
			t.Errorf("%d %s %v", got.Status, got.Body, err)
			return
		}
		successors[got.Refresh] = got
		if got.Session.ID != held.Session.ID {
			t.Error("another session")
		}
	})
	if len(successors) != 1 {
		t.Fatalf("%d successors of one token", len(successors))
	}
	for _, next = range successors {
	}
	if before, after := generationOf(t, held.Refresh), generationOf(t, next.Refresh); after != before+1 {
		t.Fatalf("generation %d after %d", after, before)
	}
	return next
}
