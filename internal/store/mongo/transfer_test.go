//go:build e2e

package mongo

import (
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/storetest"
	"github.com/mayfly-auth/mayfly/internal/transfer"
)

func TestTransfer(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		storetest.RunTransfer(t, func(t *testing.T) (storetest.Stores, transfer.Target) {
			db := openDB(t, at.Database(t))
			return storesOf(db), db.Transfer()
		})
	})
}
