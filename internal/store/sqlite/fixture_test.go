package sqlite

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// fixture is an open database with a table of its own.
type fixture struct {
	*testing.T
	*DB
}

func newFixture(t *testing.T) fixture {
	f := fixture{t, openDB(t, filepath.Join(t.TempDir(), "mayfly.db"))}
	f.write("CREATE TABLE t (n INTEGER PRIMARY KEY) STRICT")
	return f
}

// write runs a statement in a step of its own.
func (f fixture) write(text string, args ...any) {
	f.Helper()
	if _, err := f.tryWrite(context.Background(), text, args...); err != nil {
		f.Fatal(err)
	}
}

func (f fixture) tryWrite(ctx context.Context, text string, args ...any) (int, error) {
	return writeOne(ctx, f.writer, func(c *conn) (int, error) { return c.exec(text, args...) })
}

// rows returns what t holds, as a reader sees it.
func (f fixture) rows() (list []int) {
	f.Helper()
	list, err := read(f.Context(), f.readers, func(c *conn) (list []int, err error) {
		err = c.each(func(r *row) { list = append(list, int(r.integer())) }, "SELECT n FROM t ORDER BY n")
		return list, err
	})
	if err != nil {
		f.Fatal(err)
	}
	return list
}

func (f fixture) wantRows(want ...int) {
	f.Helper()
	if got := f.rows(); fmt.Sprint(got) != fmt.Sprint(want) {
		f.Fatalf("rows %v, want %v", got, want)
	}
}

// hold keeps the writer busy until release is called, so that steps pile up behind it.
func (f fixture) hold() (release func()) {
	f.Helper()
	running, released := make(chan struct{}), make(chan struct{})
	var held sync.WaitGroup
	held.Go(func() {
		_, _ = writeOne(context.Background(), f.writer, func(*conn) (int, error) {
			close(running)
			<-released
			return 0, nil
		})
	})
	<-running
	return func() { close(released); held.Wait() }
}

// batch commits the steps together and returns their outcomes.
func (f fixture) batch(steps ...*step) []error {
	f.Helper()
	release := f.hold()
	for _, s := range steps {
		s.ctx, s.outcome = context.Background(), make(chan error, 1)
		if err := f.writer.enqueue(s); err != nil {
			f.Fatal(err)
		}
	}
	release()
	outcomes := make([]error, len(steps))
	for i, s := range steps {
		outcomes[i] = <-s.outcome
	}
	return outcomes
}

func insert(numbers ...int) *step {
	return &step{several: len(numbers) > 1, run: func(c *conn) error {
		for _, n := range numbers {
			if _, err := c.exec("INSERT INTO t VALUES (?)", n); err != nil {
				return err
			}
		}
		return nil
	}}
}

func (f fixture) walSize() int64 {
	f.Helper()
	info, err := os.Stat(f.path + "-wal")
	if err != nil {
		f.Fatal(err)
	}
	return info.Size()
}

// emptyWAL moves what is in the WAL into the database file.
func (f fixture) emptyWAL() {
	f.Helper()
	c, err := dial(f.path)
	if err != nil {
		f.Fatal(err)
	}
	defer c.close()
	if _, err := c.exec("PRAGMA wal_checkpoint(TRUNCATE)"); err != nil {
		f.Fatal(err)
	}
	if size := f.walSize(); size != 0 {
		f.Fatalf("the WAL has %d bytes after it was emptied", size)
	}
}
