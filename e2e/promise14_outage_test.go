//go:build e2e

package e2e

import "testing"

// stoppable is a database that the test stops, in order and as in a crash where it knows both.
type stoppable struct {
	store
	halts  []func() error
	resume func() error
}

// TestPromise14_ADatabaseThatStopsAndStartsLosesNoSession stops the database under a crowd at two nodes, twice in each way.
// Whoever asks meanwhile is told to come again, and nothing else.
func TestPromise14_ADatabaseThatStopsAndStartsLosesNoSession(t *testing.T) {
	for name, start := range map[string]func(*testing.T) stoppable{"PostgreSQL": stoppablePostgres, "MongoDB": stoppableMongo} {
		t.Run(name, func(t *testing.T) {
			database := start(t)
			on := deploy(t, database.store)
			c := newCrowd(t, apis(t, on.nodes(t, "--refresh-window", "5ms")), 30)
			for round := range 2 * len(database.halts) {
				c.goesOn(t, 200)
				if err := of(database.halts, round)(); err != nil {
					t.Fatal(err)
				}
				told := c.unavailable.Load()
				eventually(t, "the outage is told", func() bool {
					c.wantNothingWrong(t)
					return c.unavailable.Load() > told
				})
				if err := database.resume(); err != nil {
					t.Fatal(err)
				}
				c.compare(t, on)
			}
			c.leave(t)
			t.Log(c.told())
			if c.unanswered.Load() > 0 {
				t.Error("a node that runs gave no answer")
			}
		})
	}
}

func stoppablePostgres(t *testing.T) stoppable {
	own := postgresOfItsOwn(t)
	return stoppable{
		store{"PostgreSQL", 2, func(*testing.T) string { return own.URL("postgres") }, lookIntoPostgres},
		[]func() error{func() error { return own.Halt("fast") }, func() error { return own.Halt("immediate") }},
		own.Resume,
	}
}

func stoppableMongo(t *testing.T) stoppable {
	own := mongoOfItsOwn(t)
	return stoppable{
		store{"MongoDB", 2, func(t *testing.T) string { return impatient(own.Database(t)) }, lookIntoMongo},
		[]func() error{own.Kill},
		own.Resume,
	}
}
