//go:build unix

package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/freeport"
)

// Standby makes a copy of a running cluster that follows it, and has the primary answer no commit from then on that the
// standby has not written down. It is stopped when the test is over.
func (s *Server) Standby(t testing.TB) *Server {
	t.Helper()
	standby := s.beside(t)
	if err := standby.copyOf(s, "--write-recovery-conf"); err != nil {
		t.Fatal(err)
	}
	s.Exec(t, "ALTER SYSTEM SET synchronous_standby_names = '*'")
	s.Exec(t, "SELECT pg_reload_conf()")
	for range 600 {
		if s.ask(t, "SELECT count(*) FROM pg_stat_replication WHERE sync_state = 'sync'") == 1 {
			return standby
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("the standby does not follow:\n%s", standby.Log())
	return nil
}

// Backup copies the cluster while it runs, and starts nothing.
func (s *Server) Backup(t testing.TB) *Server {
	t.Helper()
	backup := s.beside(t)
	if err := backup.baseBackup(s); err != nil {
		t.Fatal(err)
	}
	return backup
}

// Restore puts a backup in the place of the cluster, which must be stopped, and starts it.
func (s *Server) Restore(t testing.TB, backup *Server) {
	t.Helper()
	if err := errors.Join(os.RemoveAll(s.data()), os.Rename(backup.data(), s.data()), s.Resume()); err != nil {
		t.Fatal(err)
	}
}

// beside returns an empty place for another cluster of the same kind.
func (s *Server) beside(t testing.TB) *Server {
	t.Helper()
	folder, err := os.MkdirTemp("", "mayfly-postgres-")
	if err != nil {
		t.Fatal(err)
	}
	other := &Server{folder: folder, bin: s.bin}
	t.Cleanup(func() {
		_ = other.Halt("immediate") // it may not run
		if err := os.RemoveAll(folder); err != nil {
			t.Error(err)
		}
	})
	if err := other.becomeOrdinary(); err != nil {
		t.Fatal(err)
	}
	return other
}

func (s *Server) baseBackup(of *Server, with ...string) error {
	return s.run("pg_basebackup", append([]string{
		"-D", s.data(), "-h", "127.0.0.1", "-p", strconv.Itoa(of.Port), "-U", "mayfly", "--checkpoint=fast", "--no-sync",
	}, with...)...)
}

// copyOf starts a copy of the other cluster on a port of its own.
func (s *Server) copyOf(of *Server, with ...string) (err error) {
	if err := s.baseBackup(of, with...); err != nil {
		return err
	}
	if s.Port, err = freeport.Take(); err != nil {
		return err
	}
	conf, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conf, "\nport = %d\n", s.Port)
	return errors.Join(err, conf.Close(), s.Resume())
}

// Promote makes a standby take writes.
func (s *Server) Promote() error { return s.run("pg_ctl", "-D", s.data(), "-w", "-t", "60", "promote") }

// Kill ends every process of the cluster at once, as a power cut would.
func (s *Server) Kill() error {
	text, err := os.ReadFile(filepath.Join(s.data(), "postmaster.pid"))
	if err != nil {
		return err
	}
	first, _, _ := strings.Cut(string(text), "\n")
	pid, err := strconv.Atoi(first)
	if err != nil {
		return err
	}
	return syscall.Kill(pid, syscall.SIGKILL) // its children see it die, and end
}

func (s *Server) ask(t testing.TB, text string) (n int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if err := c.QueryRow(ctx, text).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
