package sqlite

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

func TestOpenTellsWhatIsWrongAndTheFix(t *testing.T) {
	folder := t.TempDir()
	text := filepath.Join(folder, "notes.txt")
	if err := os.WriteFile(text, []byte(strings.Repeat("dear diary\n", 1000)), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, fix string }{
		"a missing folder":     {filepath.Join(folder, "missing", "mayfly.db"), "make the folder"},
		"a folder that is not": {filepath.Join(text, "mayfly.db"), "folder"},
		"a file that is not":   {folder, "file"},
		"another kind of file": {text, "not a SQLite database"},
	} {
		t.Run(name, func(t *testing.T) {
			db, err := Open(t.Context(), Options{Path: c.path})
			if err == nil {
				_ = db.Close()
			}
			wantFix(t, err, c.fix)
			if !strings.Contains(err.Error(), c.path) {
				t.Errorf("the error does not name the file: %v", err)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(folder, "missing")); err == nil {
		t.Error("a folder was made")
	}
}

func TestStrangeFileNamesAreTakenAsTheyAre(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{"a b.db", "50%.db", "%41.db", "what?.db", "mode=ro&x.db", "#1.db", "ünï🦋.db", "file:x.db", "+.db"} {
		path := filepath.Join(folder, name)
		db := openDB(t, path)
		if err := db.Ping(t.Context()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		info, err := os.Stat(path)
		if err != nil {
			t.Errorf("%s: %v", name, err)
		} else if _, err := os.Stat(path + "-wal"); err != nil || !info.Mode().IsRegular() {
			t.Errorf("%s is not what was opened: %v", name, err)
		}
	}
	t.Chdir(folder)
	openDB(t, "relative.db")
	if _, err := os.Stat(filepath.Join(folder, "relative.db")); err != nil {
		t.Error(err)
	}
}

// TestOnlyTheOwnerReadsTheFiles: they hold password hashes and the seeds of sessions.
func TestOnlyTheOwnerReadsTheFiles(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	db := openDB(t, path)
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, end := range []string{"", "-wal", "-shm"} {
		info, err := os.Stat(path + end)
		if err != nil {
			t.Fatal(err)
		}
		if info.Mode().Perm() != 0o600 {
			t.Errorf("%q has mode %v", end, info.Mode().Perm())
		}
	}
}

func TestConnectionsAreSetForDurability(t *testing.T) {
	f := newFixture(t)
	setting := func(name string) func(c *conn) (string, error) {
		return func(c *conn) (value string, err error) {
			_, err = c.row(func(r *row) { value = fmt.Sprint(r.next()) }, "PRAGMA "+name)
			return value, err
		}
	}
	for name, want := range map[string][2]string{ // of the writer and of a reader
		"journal_mode": {"wal", "wal"}, "synchronous": {"2", "2"}, "foreign_keys": {"1", "1"},
		"busy_timeout": {"4000", "4000"}, "query_only": {"0", "1"}, "locking_mode": {"normal", "normal"},
	} {
		written, err := writeOne(t.Context(), f.writer, setting(name))
		if err != nil {
			t.Fatal(err)
		}
		seen, err := read(t.Context(), f.readers, setting(name))
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]string{written, seen}; got != want {
			t.Errorf("%s: %v, want %v", name, got, want)
		}
	}
	_, err := read(t.Context(), f.readers, func(c *conn) (int, error) { return c.exec("INSERT INTO t VALUES (1)") })
	if err == nil {
		t.Error("a connection that reads wrote")
	}
}

func TestASchemaThatIsTooNewIsRefused(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	f := fixture{t, openDB(t, path)}
	_, latest, err := Status(t.Context(), path)
	if err != nil {
		t.Fatal(err)
	}
	f.write("INSERT INTO goose_db_version (version_id, is_applied) VALUES (?, 1)", latest+2)
	_, err = Open(t.Context(), Options{Path: path})
	var tooNew *SchemaTooNewError
	if !errors.As(err, &tooNew) || tooNew.Have != latest+2 || tooNew.Known != latest {
		t.Fatalf("error %v", err)
	}
	for _, words := range []string{fmt.Sprint("schema ", latest+2), fmt.Sprint("up to ", latest), "newer binary", "backup"} {
		if !strings.Contains(err.Error(), words) {
			t.Errorf("%v does not say %q", err, words)
		}
	}
	if err := Migrate(t.Context(), path); !errors.As(err, &tooNew) {
		t.Errorf("migrated: %v", err)
	}
}

func TestStatusTellsWhatMigrateWillDo(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	want := func(current int64) {
		t.Helper()
		got, latest, err := Status(t.Context(), path)
		if err != nil {
			t.Fatal(err)
		}
		if latest < 1 || got != min(current, latest) {
			t.Fatalf("schema %d of %d, want %d", got, latest, current)
		}
	}
	want(0)
	if _, err := os.Stat(path); err == nil {
		t.Fatal("asking made the file")
	}
	_, err := Open(t.Context(), Options{Path: path, NoMigrate: true})
	var tooOld *SchemaTooOldError
	if !errors.As(err, &tooOld) || tooOld.Have != 0 || !strings.Contains(err.Error(), "mayfly migrate") {
		t.Fatalf("error %v", err)
	}
	want(0)
	for range 2 {
		if err := Migrate(t.Context(), path); err != nil {
			t.Fatal(err)
		}
		want(1 << 40)
	}
	db, err := Open(t.Context(), Options{Path: path, NoMigrate: true})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
}

// TestManyOpenANewFileAtOnce: a server and commands that start together on an empty folder.
func TestManyOpenANewFileAtOnce(t *testing.T) {
	for range 2 {
		path := filepath.Join(t.TempDir(), "mayfly.db")
		errs := make(chan error)
		for range 4 {
			go func() {
				db, err := Open(t.Context(), Options{Path: path})
				if err == nil {
					err = errors.Join(db.Ping(t.Context()), db.Close())
				}
				errs <- err
			}()
		}
		for range 4 {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	}
}

func TestPingSeesThatTheFileIsGone(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	db := openDB(t, path)
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path, path+".moved"); err != nil {
		t.Fatal(err)
	}
	wantFix(t, db.Ping(t.Context()), "back")
	if err := os.WriteFile(path, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	wantFix(t, db.Ping(t.Context()), "back")
	if err := os.Rename(path+".moved", path); err != nil {
		t.Fatal(err)
	}
	if err := db.Ping(t.Context()); err != nil {
		t.Fatal(err)
	}
}

// openAndTell is the child that tries to open a database as somebody else.
func openAndTell() {
	db, err := Open(context.Background(), Options{Path: os.Getenv(pathVariable)})
	if err == nil {
		_ = db.Close()
		return
	}
	if fault.IsUnavailable(err) {
		fmt.Println(err)
	}
	os.Exit(1)
}
