package sqlite

import (
	"context"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/session"
)

func TestStepsThatWaitShareOneCommit(t *testing.T) {
	f := newFixture(t)
	f.emptyWAL()
	f.write("INSERT INTO t VALUES (0)")
	one := f.walSize()
	f.emptyWAL()
	steps := make([]*step, 50)
	for i := range steps {
		steps[i] = insert(i + 1)
	}
	for _, err := range f.batch(steps...) {
		if err != nil {
			t.Fatal(err)
		}
	}
	if got := f.walSize(); got != one {
		t.Errorf("50 steps on one page took %d bytes of WAL, one takes %d", got, one)
	}
	if got := len(f.rows()); got != 51 {
		t.Errorf("%d rows, want 51", got)
	}
}

func TestAFailedStepIsUndoneAlone(t *testing.T) {
	f := newFixture(t)
	refused := errors.New("refused")
	halfway := insert(20, 21)
	inner := halfway.run
	halfway.run = func(c *conn) error { return errors.Join(inner(c), refused) }
	outcomes := f.batch(
		insert(1),
		halfway,
		insert(1),      // one statement that fails: taken
		insert(30, 30), // the second statement fails: taken
		insert(2, 3),
		&step{run: func(*conn) error { return refused }},
		insert(4),
	)
	for i, want := range []bool{true, false, false, false, true, false, true} {
		if (outcomes[i] == nil) != want {
			t.Errorf("step %d: %v", i, outcomes[i])
		}
		if fault.IsUnavailable(outcomes[i]) {
			t.Errorf("step %d: a mistake of the step came out as a fault: %v", i, outcomes[i])
		}
	}
	if !errors.Is(outcomes[1], refused) {
		t.Errorf("outcome %v", outcomes[1])
	}
	f.wantRows(1, 2, 3, 4)
}

func TestAFailedCommitIsAcknowledgedToNobody(t *testing.T) {
	for name, failing := range map[string]*step{
		"a step of one statement":  {run: fillDisk},
		"a step of several":        {several: true, run: fillDisk},
		"a transaction taken away": {run: func(c *conn) error { _, err := c.exec("ROLLBACK"); return err }},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			f.write("INSERT INTO t VALUES (0)")
			for i, err := range f.batch(insert(1), insert(2), failing) {
				if !fault.IsUnavailable(err) {
					t.Errorf("step %d: %v", i, err)
				}
			}
			f.wantRows(0)
			f.write("INSERT INTO t VALUES (9)") // and the writer goes on
			f.wantRows(0, 9)
		})
	}
}

// fillDisk lets the database grow until there is no room left: SQLite fails with the same code as on a full disk.
func fillDisk(c *conn) error {
	for _, text := range []string{"PRAGMA max_page_count = 1", "CREATE TABLE fill (b BLOB)"} {
		if _, err := c.exec(text); err != nil {
			return err
		}
	}
	for range 10_000 {
		if _, err := c.exec("INSERT INTO fill VALUES (zeroblob(100000))"); err != nil {
			return err
		}
	}
	return errors.New("the disk never got full")
}

func TestAStepThatChangesNothingWritesNothing(t *testing.T) {
	f := newFixture(t)
	u := somebody()
	if err := f.Users().Create(t.Context(), u, "old"); err != nil {
		t.Fatal(err)
	}
	s := signedIn(u)
	if err := f.Sessions().Create(t.Context(), s); err != nil {
		t.Fatal(err)
	}
	one := limit.Bucket{Burst: 1, Interval: time.Minute}
	if _, err := f.Limits().Take(t.Context(), "k", one, noon); err != nil {
		t.Fatal(err)
	}
	before := f.walSize()
	for name, step := range map[string]func() error{
		"a refresh within its window": func() error {
			r := nextOf(s)
			r.RotatedBefore = s.RotatedAt
			_, _, err := f.Sessions().Rotate(t.Context(), r)
			return err
		},
		"the end of an unknown session": func() error {
			_, err := f.Sessions().End(t.Context(), u.ID, u.ID, session.Ending{})
			return err
		},
		"a sign-in of nobody":        func() error { return f.Sessions().Create(t.Context(), signedIn(somebody())) },
		"a taken email":              func() error { return f.Users().Create(t.Context(), u, "x") },
		"enabling who is enabled":    func() error { return f.Users().Disable(t.Context(), u.ID, false, noon) },
		"a changed password":         func() error { return f.Credentials().ReplacePassword(t.Context(), credential.Replacement{User: u.ID}) },
		"an attempt that is refused": func() error { _, err := f.Limits().Take(t.Context(), "k", one, noon); return err },
		"nothing to clean":           func() error { _, err := f.Limits().Clean(t.Context(), noon, 10); return err },
	} {
		if err := step(); fault.IsUnavailable(err) {
			t.Errorf("%s: %v", name, err)
		}
		if got := f.walSize(); got != before {
			t.Errorf("%s: the WAL grew from %d to %d bytes", name, before, got)
			before = got
		}
	}
}

func TestACallerThatLeavesTheQueueIsNotServed(t *testing.T) {
	f := newFixture(t)
	release := f.hold()
	ctx, cancel := context.WithCancel(t.Context())
	s := insert(1)
	s.ctx, s.outcome = ctx, make(chan error, 1)
	left := make(chan error)
	go func() { left <- f.writer.do(s) }()
	for len(f.writer.queue) == 0 { // until it waits
		f.rows()
	}
	cancel()
	if err := <-left; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller got %v", err)
	}
	release()
	f.write("INSERT INTO t VALUES (2)")
	f.wantRows(2)
	if err := <-s.outcome; !errors.Is(err, context.Canceled) {
		t.Errorf("the step ended with %v", err)
	}
}

func TestAFullQueueWaitsUntilTheContextEnds(t *testing.T) {
	f := newFixture(t)
	release := f.hold()
	steps := make([]*step, queueSize)
	for i := range steps {
		steps[i] = insert(i)
		steps[i].ctx, steps[i].outcome = t.Context(), make(chan error, 1)
		if err := f.writer.enqueue(steps[i]); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	waiting := make(chan error)
	go func() {
		_, err := f.tryWrite(ctx, "INSERT INTO t VALUES (-1)")
		waiting <- err
	}()
	served := make(chan error)
	go func() {
		_, err := f.tryWrite(t.Context(), "INSERT INTO t VALUES (?)", queueSize)
		served <- err
	}()
	cancel()
	if err := <-waiting; !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	release()
	if err := <-served; err != nil {
		t.Error(err)
	}
	if got := f.rows(); len(got) != queueSize+1 || got[0] != 0 {
		t.Errorf("%d rows from %d", len(got), got[0])
	}
}

func TestReadsDoNotWaitForTheWriter(t *testing.T) {
	f := newFixture(t)
	f.write("INSERT INTO t VALUES (1)")
	release := f.hold()
	f.wantRows(1)
	release()
}

func TestCloseCommitsWhatWaits(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	db, err := Open(t.Context(), Options{Path: path})
	if err != nil {
		t.Fatal(err)
	}
	f := fixture{t, db}
	f.write("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT")
	release := f.hold()
	steps := make([]*step, 100)
	for i := range steps {
		steps[i] = insert(i)
		steps[i].ctx, steps[i].outcome = t.Context(), make(chan error, 1)
		if err := db.writer.enqueue(steps[i]); err != nil {
			t.Fatal(err)
		}
	}
	closed := make(chan error)
	go func() { closed <- db.Close() }()
	release()
	if err := <-closed; err != nil {
		t.Fatal(err)
	}
	for _, s := range steps {
		if err := <-s.outcome; err != nil {
			t.Fatal(err)
		}
	}
	if err := db.Close(); err != nil {
		t.Errorf("closed twice: %v", err)
	}
	if _, err := f.tryWrite(t.Context(), "INSERT INTO t VALUES (1000)"); !fault.IsUnavailable(err) {
		t.Errorf("a write after Close: %v", err)
	}
	if _, err := db.Keys().List(t.Context()); !fault.IsUnavailable(err) {
		t.Errorf("a read after Close: %v", err)
	}
	if err := db.Ping(t.Context()); !fault.IsUnavailable(err) {
		t.Errorf("a ping after Close: %v", err)
	}
	if got := len(fixture{t, openDB(t, path)}.rows()); got != len(steps) {
		t.Errorf("%d rows, want %d", got, len(steps))
	}
}
