package sqlite

import (
	"path/filepath"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/storetest"
	"github.com/mayfly-auth/mayfly/internal/transfer"
)

func TestTransfer(t *testing.T) {
	storetest.RunTransfer(t, func(t *testing.T) (storetest.Stores, transfer.Target) {
		db := openDB(t, filepath.Join(t.TempDir(), "mayfly.db"))
		return storetest.Stores{Sessions: db.Sessions(), Users: db.Users(), Credentials: db.Credentials(), Limits: db.Limits(), Keys: db.Keys()}, db.Transfer()
	})
}
