package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/storetest"
)

func TestContract(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Stores {
		db := openDB(t, filepath.Join(t.TempDir(), "mayfly.db"))
		return storetest.Stores{
			Sessions: db.Sessions(), Users: db.Users(), Credentials: db.Credentials(), Limits: db.Limits(), Keys: db.Keys(),
			Revocations: db.Revocations(),
		}
	})
}

// openDB opens a database that is closed when the test is over.
func openDB(t *testing.T, path string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}
