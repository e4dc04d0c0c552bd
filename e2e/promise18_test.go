//go:build e2e

package e2e

import (
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestPromise18_KillNineUnderLoadLosesNothing kills nodes without warning while a crowd refreshes. Whoever got an answer
// holds to it; whoever got none asks again, another node if there is one, with the token they have. Nobody may ever be
// told to sign in.
func TestPromise18_KillNineUnderLoadLosesNothing(t *testing.T) {
	onEveryStore(t, func(t *testing.T, on deployment) {
		nodes := on.nodes(t, "--refresh-window", "5ms")
		c := newCrowd(t, apis(t, nodes), 40)
		const kills = 4
		for i := range kills {
			// A random moment of the work, not of the clock: on a slow machine it is as much in the middle as on a fast one.
			c.goesOn(t, 150+rand.Int64N(400))
			of(nodes, i).kill()
			c.compare(t, on)
			of(nodes, i).run()
		}
		c.leave(t)
		t.Logf("%s, %d kills", c.told(), kills)
		if c.unanswered.Load() == 0 {
			t.Error("no refresh was under way at any kill: the test shows nothing")
		}
	})
}

// TestPromise18_ARollingRestartSignsNobodyOut stops and starts one node after the other, as a deploy does. There is
// always one that answers, or with one node a short while without any.
func TestPromise18_ARollingRestartSignsNobodyOut(t *testing.T) {
	onEveryStore(t, func(t *testing.T, on deployment) {
		nodes := on.nodes(t, "--refresh-window", "5ms")
		c := newCrowd(t, apis(t, nodes), 40)
		for i := range 4 {
			c.goesOn(t, 100)
			of(nodes, i).stop()
			c.compare(t, on)
			if len(nodes) > 1 {
				c.goesOn(t, 60) // at the other
			}
			of(nodes, i).run()
		}
		c.leave(t)
		t.Log(c.told())
	})
}

// crowd refreshes, each member in a chain.
type crowd struct {
	through []*api
	stop    chan struct{}
	done    sync.WaitGroup
	members []*member

	answered, unavailable, unanswered atomic.Int64

	wrong atomic.Value // the first answer that may not be
}

// member is one virtual user: a client that keeps the newest pair it was given.
type member struct {
	mu   sync.Mutex
	pair answer
}

func (m *member) held() answer {
	m.mu.Lock()
	defer m.mu.Unlock()
	return m.pair
}

func newCrowd(t *testing.T, through []*api, people int) *crowd {
	t.Helper()
	c := &crowd{through: through, stop: make(chan struct{})}
	for i := range people {
		c.members = append(c.members, &member{pair: of(through, i).register(t, email(i))})
	}
	for i, one := range c.members {
		c.done.Go(func() { c.live(i, one) })
	}
	t.Cleanup(c.end)
	return c
}

// live refreshes at one node, and at the next when that one does not answer.
func (c *crowd) live(at int, one *member) {
	for {
		select {
		case <-c.stop:
			return
		default:
		}
		got, err := of(c.through, at).refresh(one.held().Refresh)
		switch {
		case err != nil: // the same token again
			c.unanswered.Add(1)
		case got.Status == http.StatusOK:
			one.mu.Lock()
			one.pair = got
			one.mu.Unlock()
			c.answered.Add(1)
			continue
		case saysUnavailable(got):
			c.unavailable.Add(1)
		default:
			c.wrong.CompareAndSwap(nil, got.Body)
			return
		}
		at++
		select {
		case <-c.stop:
			return
		case <-time.After(time.Duration(5+rand.IntN(20)) * time.Millisecond):
		}
	}
}

// saysUnavailable reports whether an answer tells to come again, as nothing else is told of an outage.
func saysUnavailable(got answer) bool {
	return got.Status == http.StatusServiceUnavailable && got.Code == "unavailable" && got.Header.Get("Retry-After") != ""
}

// goesOn waits until so many more refreshes were answered.
func (c *crowd) goesOn(t *testing.T, answers int64) {
	t.Helper()
	until := c.answered.Load() + answers
	eventually(t, "the crowd is served", func() bool {
		c.wantNothingWrong(t)
		return c.answered.Load() >= until
	})
}

func (c *crowd) wantNothingWrong(t *testing.T) {
	t.Helper()
	if wrong := c.wrong.Load(); wrong != nil {
		t.Fatalf("somebody was told %s", wrong)
	}
}

// compare looks into the database: no session may be older there than what its client was told.
func (c *crowd) compare(t *testing.T, on deployment) {
	t.Helper()
	told := map[string]uint32{} // before looking: what is answered afterwards is no concern
	for _, one := range c.members {
		pair := one.held()
		told[pair.Session.ID] = generationOf(t, pair.Refresh)
	}
	stored := on.sessions(t)
	for id, generation := range told {
		if got, ok := stored[id]; !ok || got.Ended || got.Generation < generation {
			t.Errorf("session %s: the client was told generation %d, the database has %+v", id, generation, got)
		}
	}
}

// leave lets the crowd be served once more, ends it, and lets every member refresh a last time.
func (c *crowd) leave(t *testing.T) {
	t.Helper()
	c.goesOn(t, 2*int64(len(c.members)))
	c.end()
	c.wantNothingWrong(t)
	for i, one := range c.members {
		had := one.held()
		got := of(c.through, i).mustRefresh(t, had.Refresh)
		if got.Session.ID != had.Session.ID {
			t.Errorf("user %d: another session", i)
		}
	}
}

func (c *crowd) end() {
	select {
	case <-c.stop:
	default:
		close(c.stop)
	}
	c.done.Wait()
}

func (c *crowd) told() string {
	return fmt.Sprintf("%d refreshes answered, %d told to come again, %d without answer",
		c.answered.Load(), c.unavailable.Load(), c.unanswered.Load())
}
