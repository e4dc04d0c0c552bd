package sqlite

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// wantFix fails the test unless err is a fault whose fix holds the words.
func wantFix(t *testing.T, err error, words string) {
	t.Helper()
	var unavailable *fault.Unavailable
	if !errors.As(err, &unavailable) {
		t.Fatalf("error %v is no fault", err)
	}
	if !strings.Contains(unavailable.Fix, words) {
		t.Fatalf("the fix of %v is not about %q", err, words)
	}
}

// setWriter changes a setting of the connection that writes, until that connection is thrown away.
func (f fixture) setWriter(pragma string) {
	f.Helper()
	_, err := writeOne(f.Context(), f.writer, func(c *conn) (bool, error) {
		return c.row(func(*row) {}, "PRAGMA "+pragma)
	})
	if err != nil {
		f.Fatal(err)
	}
}

// fillUp signs people up until the disk refuses and returns them with the error of the last.
func (f fixture) fillUp() (acknowledged []user.User, err error) {
	f.Helper()
	for range 100_000 {
		u := somebody()
		u.Name = strings.Repeat("long ", 1000)
		if err := f.Users().Create(f.Context(), u, "$argon2id$"); err != nil {
			return acknowledged, err
		}
		acknowledged = append(acknowledged, u)
	}
	f.Fatal("the disk never got full")
	return nil, nil
}

func (f fixture) wantAll(people []user.User) {
	f.Helper()
	for _, u := range people {
		if _, err := f.Users().Find(f.Context(), u.ID); err != nil {
			f.Fatalf("a user that was acknowledged: %v", err)
		}
	}
}

// TestNoRoomIsToldAndSurvived limits the pages of the file; SQLite then fails with the code of a full disk.
func TestNoRoomIsToldAndSurvived(t *testing.T) {
	f := newFixture(t)
	f.setWriter("max_page_count = 60")
	people, err := f.fillUp()
	wantFix(t, err, "free space")
	// The failed connection was thrown away and the limit with it: the cause is gone.
	f.write("INSERT INTO t VALUES (1)")
	f.wantRows(1)
	f.wantAll(people)
}

func TestAFileThatCannotBeWrittenIsToldAndSurvived(t *testing.T) {
	f := newFixture(t)
	f.setWriter("query_only = 1")
	_, err := f.tryWrite(t.Context(), "INSERT INTO t VALUES (1)")
	wantFix(t, err, "writable")
	f.write("INSERT INTO t VALUES (2)")
	f.wantRows(2)
}

// TestALockHeldElsewhereIsWaitedForThenTold has another connection write, as an administrator's command would.
func TestALockHeldElsewhereIsWaitedForThenTold(t *testing.T) {
	f := newFixture(t)
	other, err := dial(f.path)
	if err != nil {
		t.Fatal(err)
	}
	defer other.close()
	run := func(text string) {
		t.Helper()
		if _, err := other.exec(text); err != nil {
			t.Fatal(err)
		}
	}
	run("BEGIN IMMEDIATE")
	run("INSERT INTO t VALUES (1)")
	waiting := make(chan error)
	go func() {
		_, err := f.tryWrite(t.Context(), "INSERT INTO t VALUES (2)")
		waiting <- err
	}()
	f.wantRows() // reads go on meanwhile
	run("COMMIT")
	if err := <-waiting; err != nil {
		t.Fatalf("a short lock was not waited for: %v", err)
	}
	f.wantRows(1, 2)

	f.setWriter("busy_timeout = 20") // so that the test need not wait for the real one
	run("BEGIN IMMEDIATE")
	for range 3 {
		_, err = f.tryWrite(t.Context(), "INSERT INTO t VALUES (3)")
		wantFix(t, err, "another process")
	}
	run("ROLLBACK")
	f.write("INSERT INTO t VALUES (4)")
	f.wantRows(1, 2, 4)
}

// TestTwoProcessesWriteTheSameFile stands for a server and an administrator's command.
func TestTwoProcessesWriteTheSameFile(t *testing.T) {
	one := newFixture(t)
	two := fixture{t, openDB(t, one.path)}
	var both sync.WaitGroup
	for i := range 100 {
		for parity, f := range []fixture{one, two} {
			both.Go(func() {
				if _, err := f.tryWrite(t.Context(), "INSERT INTO t VALUES (?)", 2*i+parity); err != nil {
					t.Error(err)
				}
			})
		}
	}
	both.Wait()
	if got := len(one.rows()); got != 200 {
		t.Errorf("%d rows, want 200", got)
	}
}

func TestADamagedFileIsTold(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	db, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	u := somebody()
	if err := errors.Join(db.Users().Create(t.Context(), u, "$argon2id$"), db.Close()); err != nil {
		t.Fatal(err)
	}
	content, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	const page = 4096 // the first holds the schema and stays
	for i := page; i < len(content); i++ {
		content[i] = 0xa5
	}
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err = Open(t.Context(), Options{Path: path})
	wantFix(t, err, "restore a backup")
}

// TestEveryFaultHasAFix goes through the result codes that are the fault of nobody here, extended ones too.
func TestEveryFaultHasAFix(t *testing.T) {
	for code, words := range map[int]string{
		13: "free space", 10: "disk", 8: "writable", 3: "writable", 14: "folder", 5: "another process", 6: "another process",
		15: "another process", 7: "memory", 11: "restore", 26: "restore",
	} {
		if !strings.Contains(fixes[code], words) {
			t.Errorf("code %d: %q is not about %q", code, fixes[code], words)
		}
	}
	for _, mistake := range []int{0, 1, 19, 20, 21} { // ok, error, constraint, mismatch, misuse
		if fix, ok := fixes[mistake]; ok {
			t.Errorf("code %d is taken for a fault: %q", mistake, fix)
		}
	}
}
