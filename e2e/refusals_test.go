//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
)

// refusal is something that a database lacks for a while.
type refusal struct {
	name        string
	refuse, end func()
	told        int64 // how often at least somebody is told meanwhile; 0 where all are served nevertheless
}

// TestADatabaseThatRefusesIsToldAndSurvived takes away what a refresh needs and gives it back. Whoever asks meanwhile is
// told to come again, and nothing else; nobody starts anything anew.
func TestADatabaseThatRefusesIsToldAndSurvived(t *testing.T) {
	for name, start := range map[string]func(*testing.T) (store, []refusal){
		"PostgreSQL": refusingPostgres, "MongoDB": refusingMongo,
	} {
		t.Run(name, func(t *testing.T) {
			refuses, refusals := start(t)
			on := deploy(t, refuses)
			through := apis(t, on.nodes(t, "--refresh-window", "5ms"))
			c := newCrowd(t, through, 20)
			for _, one := range refusals {
				t.Run(one.name, func(t *testing.T) {
					c.goesOn(t, 100)
					one.refuse()
					if one.told > 0 {
						everybodyIsTold(t, c, one.told)
					} else {
						c.goesOn(t, 100)
					}
					one.end()
					c.goesOn(t, 100)
				})
			}
			c.leave(t)
			c.compare(t, on)
			if c.unanswered.Load() > 0 {
				t.Error("a node that runs gave no answer")
			}
			t.Log(c.told())
		})
	}
}

// everybodyIsTold asks every node for what the database does not give.
func everybodyIsTold(t *testing.T, c *crowd, times int64) {
	t.Helper()
	told := c.unavailable.Load()
	eventually(t, "everybody is told", func() bool {
		c.wantNothingWrong(t)
		return c.unavailable.Load() > told+times
	})
	together(len(c.through), func(i int) {
		got, err := c.through[i].call("POST", "/v1/login", "", map[string]string{"identifier": email(0), "password": password})
		if err != nil || !saysUnavailable(got) {
			t.Errorf("a sign-in: %d %s %v", got.Status, got.Body, err)
		}
	})
	for _, a := range c.through {
		eventually(t, "readiness tells it", func() bool {
			got, err := a.call("GET", "/readyz", "", nil)
			return err == nil && got.Status == http.StatusServiceUnavailable
		})
	}
}

func refusingPostgres(t *testing.T) (store, []refusal) {
	own := postgresOfItsOwn(t)
	own.Exec(t, "CREATE ROLE node LOGIN SUPERUSER")
	url := strings.Replace(own.URL("postgres"), "mayfly@", "node@", 1)
	const disconnect = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'node'"
	does := func(statements ...string) func() {
		return func() {
			for _, text := range statements {
				own.Exec(t, text)
			}
		}
	}
	return store{"PostgreSQL", 2, func(*testing.T) string { return url }, lookIntoPostgres}, []refusal{
		{
			"it takes no writes",
			does("ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"),
			does("ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"),
			100,
		},
		{
			"it has no connection left",
			does("ALTER ROLE node NOSUPERUSER CONNECTION LIMIT 0", disconnect),
			does("ALTER ROLE node SUPERUSER CONNECTION LIMIT -1"),
			100,
		},
		{
			"it lets nobody in",
			does("ALTER ROLE node NOLOGIN", disconnect),
			does("ALTER ROLE node LOGIN"),
			100,
		},
	}
}

func refusingMongo(t *testing.T) (store, []refusal) {
	own := mongoOfItsOwn(t)
	with := func(flags ...string) func() { return func() { restart(t, own, flags...) } }
	return store{"MongoDB", 2, func(t *testing.T) string { return impatient(own.Database(t)) }, lookIntoMongo}, []refusal{
		{"it takes no writes", with("-readonly"), with(), 100},
		{"it has fewer connections than the nodes want", with("-connections", "8"), with(), 0},
		{"it has no connection left", with("-connections", "0"), with(), 20},
	}
}

// restart kills the server and starts it on the same data with other flags.
func restart(t *testing.T, own *mongotest.Server, flags ...string) {
	t.Helper()
	if err := own.Kill(); err != nil {
		t.Fatal(err)
	}
	own.Flags = flags
	if err := own.Resume(); err != nil {
		t.Fatal(err)
	}
}
