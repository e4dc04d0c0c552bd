//go:build e2e

package main

import (
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/postgres/pgtest"
)

func TestFillingPostgreSQLMeasuresItsRows(t *testing.T) {
	server, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() })
	session, owner, out := filled(t, server.Schema(t), 300)
	if session < float64(least) || session > 4000 || owner < float64(len(passwordHash)) || owner > 20_000 {
		t.Errorf("%.0f bytes a session, %.0f a user", session, owner)
	}
	if !strings.Contains(out, "WAL of a refresh: ") {
		t.Errorf("nothing of the WAL: %s", out)
	}
}
