//go:build e2e

package postgres

import (
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/storetest"
)

// TestContractBehindPgBouncer has a real one in transaction mode, with fewer connections than the store has: no step may
// count on what a connection was told before.
func TestContractBehindPgBouncer(t *testing.T) {
	pooler := server.Pooler(t, 4)
	storetest.Run(t, func(t *testing.T) storetest.Stores { return storesOf(openDB(t, pooler.Schema(t))) })
}

func TestAPoolerWithoutTheSettingIsToldTheFix(t *testing.T) {
	url := strings.Replace(server.Pooler(t, 4).Schema(t), "&default_query_exec_mode=exec", "", 1)
	_, err := Open(t.Context(), Options{URL: url})
	wantFix(t, err, "default_query_exec_mode=exec")
}
