package sqlite

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/session"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// TestPromise14_TheTenThousandthRotationCostsWhatTheFirstDid compares bytes of WAL and pages of the file.
func TestPromise14_TheTenThousandthRotationCostsWhatTheFirstDid(t *testing.T) {
	f := fixture{t, openDB(t, filepath.Join(t.TempDir(), "mayfly.db"))}
	u := somebody()
	if err := f.Users().Create(t.Context(), u, "$argon2id$"); err != nil {
		t.Fatal(err)
	}
	s := signedIn(u)
	if err := f.Sessions().Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	measured := func() (wal, pages int64) {
		f.emptyWAL()
		rec, moved, err := f.Sessions().Rotate(t.Context(), nextOf(s))
		if err != nil || !moved {
			t.Fatalf("moved %v, error %v", moved, err)
		}
		s = rec.Session
		if _, err := read(t.Context(), f.readers, func(c *conn) (bool, error) {
			return c.row(func(r *row) { pages = r.integer() }, "PRAGMA page_count")
		}); err != nil {
			t.Fatal(err)
		}
		return f.walSize(), pages
	}
	firstWAL, firstPages := measured()
	// The ones between share a transaction, or the test would wait for the disk ten thousand times.
	if _, err := writeAll(t.Context(), f.writer, func(c *conn) (none struct{}, err error) {
		for s.Generation < 10_000 && err == nil {
			var done rotated
			done, err = rotate(c, nextOf(s))
			s = done.Session
		}
		return none, err
	}); err != nil {
		t.Fatal(err)
	}
	lastWAL, lastPages := measured()
	if firstWAL != lastWAL || firstPages != lastPages {
		t.Errorf("the first took %d bytes of WAL in a file of %d pages, the last %d in %d", firstWAL, firstPages, lastWAL, lastPages)
	}
	if pages := firstWAL / 4096; pages != 1 {
		t.Errorf("a rotation wrote %d pages, want 1", pages)
	}
}

// TestHotStatementsSearchByKey asks SQLite how it would run what runs often: never by reading a table through.
func TestHotStatementsSearchByKey(t *testing.T) {
	f := fixture{t, openDB(t, filepath.Join(t.TempDir(), "mayfly.db"))}
	for name, text := range map[string]string{
		"rotate": rotateSession, "find session": findSession, "create session": createSession, "end": endSession,
		"end others": endOthers, "list sessions": listSessions, "look at sessions": lookAtSessions, "delete dead": deleteDead,
		"find user": findUser, "find by identifier": findByIdentifier, "email owner": emailOwner,
		"username owner": usernameOwner, "list users": listUsers, "find password": findPassword,
		"replace password": replacePassword, "find limit": findLimit, "clean limits": cleanLimits, "give back": giveBack,
		"delete user": deleteUser, "revoke one": revokeOne, "revoke others": revokeOthers, "revoke all": revokeAll,
		"recent revocations": recentRevocations, "an old revocation": oldRevocation,
		"clean revocations": cleanRevocations,
	} {
		_, err := read(t.Context(), f.readers, func(c *conn) (none struct{}, err error) {
			return none, c.each(func(r *row) {
				r.at = 3 // after id, parent and a column that is not used
				if detail := r.text(); strings.HasPrefix(detail, "SCAN ") {
					t.Errorf("%s: %s", name, detail)
				}
			}, "EXPLAIN QUERY PLAN "+text, make([]any, strings.Count(text, "?"))...)
		})
		if err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestNoIndexCoversWhatARefreshChanges: a refresh is to change one row in one tree.
func TestNoIndexCoversWhatARefreshChanges(t *testing.T) {
	f := fixture{t, openDB(t, filepath.Join(t.TempDir(), "mayfly.db"))}
	columns := map[string]bool{}
	_, err := read(t.Context(), f.readers, func(c *conn) (none struct{}, err error) {
		return none, c.each(func(r *row) { columns[r.text()] = true }, `SELECT c.name FROM pragma_index_list('sessions') i, pragma_index_xinfo(i.name) c WHERE c.key = 1`)
	})
	if err != nil {
		t.Fatal(err)
	}
	if len(columns) != 2 || !columns["user_id"] || !columns["id"] {
		t.Errorf("columns of sessions in an index: %v, want its key alone", columns)
	}
}

// TestWalkOverLivingRowsWritesNothing: cleaning is to cost refreshes nothing while there is nothing to clean.
func TestWalkOverLivingRowsWritesNothing(t *testing.T) {
	f := fixture{t, openDB(t, filepath.Join(t.TempDir(), "mayfly.db"))}
	u := somebody()
	if err := f.Users().Create(t.Context(), u, "$argon2id$"); err != nil {
		t.Fatal(err)
	}
	for range 20 {
		if err := f.Sessions().Create(t.Context(), signedIn(u)); err != nil {
			t.Fatal(err)
		}
	}
	release := f.hold() // the writer has no hand in it
	defer release()
	_, deleted, err := f.Sessions().Clean(t.Context(), session.CleanBatch{Limit: 100, EndedBefore: noon, IdleBefore: noon})
	if err != nil || deleted != 0 {
		t.Errorf("deleted %d, error %v", deleted, err)
	}
}
