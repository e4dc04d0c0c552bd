//go:build e2e

package mongo

import (
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/storetest"
)

func TestContract(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		storetest.Run(t, func(t *testing.T) storetest.Stores { return storesOf(openDB(t, at.Database(t))) })
	})
}

func storesOf(db *DB) storetest.Stores {
	return storetest.Stores{
		Sessions: db.Sessions(), Users: db.Users(), Credentials: db.Credentials(), Limits: db.Limits(), Keys: db.Keys(),
		Revocations: db.Revocations(),
	}
}

// openDB opens a database that is closed when the test is over.
func openDB(t *testing.T, url string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Options{URL: url})
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
