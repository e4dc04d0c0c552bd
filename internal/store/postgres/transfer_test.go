//go:build e2e

package postgres

import (
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/storetest"
	"github.com/mayfly-auth/mayfly/internal/transfer"
)

func TestTransfer(t *testing.T) {
	for name, setting := range map[string]string{"Prepared": "", "WithoutPreparedStatements": "&default_query_exec_mode=exec"} {
		t.Run(name, func(t *testing.T) {
			storetest.RunTransfer(t, func(t *testing.T) (storetest.Stores, transfer.Target) {
				db := openDB(t, server.Schema(t)+setting)
				return storesOf(db), db.Transfer()
			})
		})
	}
}
