package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
)

// filled returns the bytes of a session and of a user that filling a database measures.
func filled(t *testing.T, database string, count int) (session, owner float64, out string) {
	t.Helper()
	out, _, err := scale(t, "-fill", fmt.Sprint(count), "-database", database)
	if err != nil {
		t.Fatal(err)
	}
	last := out[strings.LastIndex(strings.TrimSpace(out), "\n")+1:]
	var sessions, users int
	if _, err := fmt.Sscanf(last, "%d sessions: %f bytes each; %d users: %f bytes each", &sessions, &session, &users, &owner); err != nil {
		t.Fatalf("%v: %q", err, out)
	}
	if sessions != count || users != count/2 {
		t.Errorf("%d sessions of %d users, want %d of %d", sessions, users, count, count/2)
	}
	return session, owner, out
}

// Every part of a row that has a fixed length is stored: ids, seed, the browser's name.
const least = 16 + 16 + 32 + len(userAgent)

func TestFillingAFileMeasuresItsRows(t *testing.T) {
	session, owner, _ := filled(t, "sqlite:"+filepath.Join(t.TempDir(), "rows.db"), 300)
	if session < float64(least) || session > 1000 || owner < float64(len(passwordHash)) || owner > 2000 {
		t.Errorf("%.0f bytes a session, %.0f a user", session, owner)
	}
	if _, _, err := scale(t, "-fill", "10", "-database", "mysql://somewhere"); err == nil {
		t.Error("a database that nobody knows is filled")
	}
}
