//go:build e2e

package e2e

import (
	"fmt"
	"strings"
	"testing"
)

// TestAStandbyTakesOverAndNothingAcknowledgedIsLost kills the primary under a crowd and promotes its synchronous
// standby. The URL names both hosts, and the nodes find the one that takes writes by themselves.
func TestAStandbyTakesOverAndNothingAcknowledgedIsLost(t *testing.T) {
	primary := postgresOfItsOwn(t)
	standby := primary.Standby(t)
	both := strings.Replace(primary.URL("postgres"), fmt.Sprintf(":%d/", primary.Port),
		fmt.Sprintf(":%d,127.0.0.1:%d/", primary.Port, standby.Port), 1) + "&target_session_attrs=read-write"
	on := deploy(t, store{"a primary and its standby", 2, func(*testing.T) string { return both }, lookIntoPostgres})
	c := newCrowd(t, apis(t, on.nodes(t, "--refresh-window", "5ms")), 30)
	c.goesOn(t, 300)
	if err := primary.Kill(); err != nil {
		t.Fatal(err)
	}
	told := c.unavailable.Load()
	eventually(t, "the outage is told", func() bool {
		c.wantNothingWrong(t)
		return c.unavailable.Load() > told
	})
	if err := standby.Promote(); err != nil {
		t.Fatal(err)
	}
	on.url = standby.URL("postgres") // what the old primary has is of no interest any more
	c.compare(t, on)
	c.leave(t)
	t.Log(c.told())
	if c.unanswered.Load() > 0 {
		t.Error("a node that runs gave no answer")
	}
}
