//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
	"github.com/mayfly-auth/mayfly/internal/store/postgres/pgtest"
)

// TestARestoredBackupSignsNobodyOut copies the database under a crowd, lets everybody refresh on, and puts the copy in
// its place: the tokens that people hold are newer than anything it knows.
func TestARestoredBackupSignsNobodyOut(t *testing.T) {
	var own *pgtest.Server
	var ownMongo *mongotest.Server
	for _, one := range []struct {
		store
		backup func(t *testing.T, url string) (restore func())
	}{
		{stores[0], backupFile},
		{
			store{"PostgreSQL", 2, func(t *testing.T) string { own = postgresOfItsOwn(t); return own.URL("postgres") }, lookIntoPostgres},
			func(t *testing.T, _ string) func() {
				copied := own.Backup(t)
				return func() {
					if err := own.Halt("fast"); err != nil {
						t.Fatal(err)
					}
					own.Restore(t, copied)
				}
			},
		},
		{
			store{"MongoDB", 2, func(t *testing.T) string { ownMongo = mongoOfItsOwn(t); return ownMongo.Database(t) }, lookIntoMongo},
			func(t *testing.T, _ string) func() { return ownMongo.Backup(t) },
		},
	} {
		t.Run(one.name, func(t *testing.T) {
			on := deploy(t, one.store)
			nodes := on.nodes(t, "--refresh-window", "5ms")
			through := apis(t, nodes)
			c := newCrowd(t, through, 20)
			c.goesOn(t, 100)
			restore := one.backup(t, on.url)
			c.goesOn(t, 20*10) // everybody several times, so that the copy is more than one generation behind
			everybody(t, c, 3)
			c.leave(t)
			for _, node := range nodes {
				node.stop()
			}
			restore()
			behind := 0
			for id, had := range on.sessions(t) {
				for _, member := range c.members {
					if pair := member.held(); pair.Session.ID == id && had.Generation+1 < generationOf(t, pair.Refresh) {
						behind++
					}
				}
			}
			if behind != len(c.members) {
				t.Errorf("%d of %d are ahead of the backup: the test shows too little", behind, len(c.members))
			}
			for _, node := range nodes {
				node.run()
			}
			for i, member := range c.members {
				had := member.held()
				for j := range 3 {
					got := of(through, i+j).mustRefresh(t, had.Refresh)
					before, after := generationOf(t, had.Refresh), generationOf(t, got.Refresh)
					if got.Session.ID != had.Session.ID || after < before || j == 0 && after != before+1 {
						t.Fatalf("generation %d follows %d", after, before)
					}
					of(through, i).must(t, http.StatusOK, "GET", "/v1/me", got.Access, nil)
					had = got
				}
			}
		})
	}
}

// everybody waits until each member has gone so many generations on.
func everybody(t *testing.T, c *crowd, generations uint32) {
	t.Helper()
	began := make([]uint32, len(c.members))
	for i, one := range c.members {
		began[i] = generationOf(t, one.held().Refresh)
	}
	for i, one := range c.members {
		eventually(t, "everybody refreshes", func() bool {
			c.wantNothingWrong(t)
			return generationOf(t, one.held().Refresh) >= began[i]+generations
		})
	}
}

// backupFile copies the file as SQLite itself does it while others write.
func backupFile(t *testing.T, url string) (restore func()) {
	t.Helper()
	file := strings.TrimPrefix(url, "sqlite:")
	db := openSQL(t, "sqlite", "file://"+file+"?mode=ro&_pragma=busy_timeout(10000)")
	defer db.Close()
	if _, err := db.ExecContext(t.Context(), "VACUUM INTO ?", file+".backup"); err != nil {
		t.Fatal(err)
	}
	return func() {
		for _, left := range []string{file + "-wal", file + "-shm"} { // they belong to the file that is replaced
			if err := os.Remove(left); err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
		}
		if err := os.Rename(file+".backup", file); err != nil {
			t.Fatal(err)
		}
	}
}
