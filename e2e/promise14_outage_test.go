//go:build e2e

package e2e

import "testing"

// TestPromise14_ADatabaseThatStopsAndStartsLosesNoSession stops PostgreSQL under a crowd at two nodes, in order and as in
// a crash, again and again. Whoever asks meanwhile is told to come again, and nothing else.
func TestPromise14_ADatabaseThatStopsAndStartsLosesNoSession(t *testing.T) {
	own := postgresOfItsOwn(t)
	on := deploy(t, store{"PostgreSQL", 2, func(*testing.T) string { return own.URL("postgres") }, lookIntoPostgres})
	c := newCrowd(t, apis(t, on.nodes(t, "--refresh-window", "5ms")), 30)
	for round := range 4 {
		c.goesOn(t, 200)
		if err := own.Halt([]string{"fast", "immediate"}[round%2]); err != nil {
			t.Fatal(err)
		}
		told := c.unavailable.Load()
		eventually(t, "the outage is told", func() bool {
			c.wantNothingWrong(t)
			return c.unavailable.Load() > told
		})
		if err := own.Resume(); err != nil {
			t.Fatal(err)
		}
		c.compare(t, on)
	}
	c.leave(t)
	t.Log(c.told())
	if c.unanswered.Load() > 0 {
		t.Error("a node that runs gave no answer")
	}
}
