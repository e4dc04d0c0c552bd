//go:build e2e

package e2e

import (
	"net/http"
	"strings"
	"testing"
)

// TestADatabaseThatRefusesIsToldAndSurvived takes away what a refresh needs and gives it back. Whoever asks meanwhile is
// told to come again, and nothing else; nobody starts anything anew.
func TestADatabaseThatRefusesIsToldAndSurvived(t *testing.T) {
	own := postgresOfItsOwn(t)
	own.Exec(t, "CREATE ROLE node LOGIN SUPERUSER")
	url := strings.Replace(own.URL("postgres"), "mayfly@", "node@", 1)
	on := deploy(t, store{"PostgreSQL", 2, func(*testing.T) string { return url }, lookIntoPostgres})
	through := apis(t, on.nodes(t, "--refresh-window", "5ms"))
	c := newCrowd(t, through, 20)
	const disconnect = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'node'"
	for _, one := range []struct {
		name        string
		refuse, end []string
	}{
		{
			"it takes no writes",
			[]string{"ALTER SYSTEM SET default_transaction_read_only = on", "SELECT pg_reload_conf()"},
			[]string{"ALTER SYSTEM RESET default_transaction_read_only", "SELECT pg_reload_conf()"},
		},
		{
			"it has no connection left",
			[]string{"ALTER ROLE node NOSUPERUSER CONNECTION LIMIT 0", disconnect},
			[]string{"ALTER ROLE node SUPERUSER CONNECTION LIMIT -1"},
		},
		{
			"it lets nobody in",
			[]string{"ALTER ROLE node NOLOGIN", disconnect},
			[]string{"ALTER ROLE node LOGIN"},
		},
	} {
		t.Run(one.name, func(t *testing.T) {
			c.goesOn(t, 100)
			told := c.unavailable.Load()
			for _, text := range one.refuse {
				own.Exec(t, text)
			}
			eventually(t, "everybody is told", func() bool {
				c.wantNothingWrong(t)
				return c.unavailable.Load() > told+100
			})
			for _, a := range through {
				got, err := a.call("POST", "/v1/login", "", map[string]string{"identifier": email(0), "password": password})
				if err != nil || got.Status != http.StatusServiceUnavailable || got.Code != "unavailable" || got.Header.Get("Retry-After") == "" {
					t.Errorf("a sign-in: %d %s %v", got.Status, got.Body, err)
				}
				eventually(t, "readiness tells it", func() bool {
					got, err := a.call("GET", "/readyz", "", nil)
					return err == nil && got.Status == http.StatusServiceUnavailable
				})
			}
			for _, text := range one.end {
				own.Exec(t, text)
			}
			c.goesOn(t, 100)
		})
	}
	c.leave(t)
	c.compare(t, deployment{store: on.store, url: own.URL("postgres")})
	if c.unanswered.Load() > 0 {
		t.Error("a node that runs gave no answer")
	}
	t.Log(c.told())
}
