//go:build unix

// Package pgtest runs a real PostgreSQL for tests: a cluster of its own in a temporary folder, on a free port of
// 127.0.0.1, with the durability that a production server has. It is for tests that are asked for by the tag e2e; where
// PostgreSQL is not installed they fail and say what to install.
//
// TestMain starts one with [Start] and stops it; each test takes an empty place from [Server.Schema].
package pgtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"sort"
	"strconv"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/freeport"
)

// Server is a PostgreSQL cluster.
type Server struct {
	Port   int
	folder string // holds data, log
	bin    string // where initdb and pg_ctl are
	as     *syscall.SysProcAttr
	made   atomic.Int64
}

// errMissing is what a test fails with where there is no PostgreSQL.
var errMissing = errors.New("these tests need PostgreSQL 14 or later: apt-get install postgresql, or put initdb and " +
	"pg_ctl on the PATH")

// Start makes a cluster and starts it. Settings are lines of postgresql.conf.
func Start(settings ...string) (*Server, error) {
	bin, err := findBin()
	if err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp("", "mayfly-postgres-")
	if err != nil {
		return nil, err
	}
	s := &Server{folder: folder, bin: bin}
	if err := s.make(settings); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

func (s *Server) make(settings []string) (err error) {
	if err := s.becomeOrdinary(); err != nil {
		return err
	}
	// No sync here: it is only the empty cluster that would be synced.
	if err := s.run("initdb", "-D", s.data(), "-U", "mayfly", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync"); err != nil {
		return err
	}
	if s.Port, err = freeport.Take(); err != nil {
		return err
	}
	conf, err := os.OpenFile(filepath.Join(s.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(conf, "\nlisten_addresses = '127.0.0.1'\nport = %d\nunix_socket_directories = ''\n"+
		"max_connections = 200\nfsync = on\nsynchronous_commit = on\n%s\n", s.Port, strings.Join(settings, "\n"))
	if err := errors.Join(err, conf.Close()); err != nil {
		return err
	}
	return s.Resume()
}

// becomeOrdinary chooses who runs the server: PostgreSQL refuses root.
func (s *Server) becomeOrdinary() error {
	if os.Getuid() != 0 {
		return nil
	}
	for _, name := range []string{"postgres", "nobody"} {
		u, err := user.Lookup(name)
		if err != nil {
			continue
		}
		uid, _ := strconv.Atoi(u.Uid)
		gid, _ := strconv.Atoi(u.Gid)
		s.as = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}}
		return os.Chown(s.folder, uid, gid)
	}
	return errors.New("PostgreSQL refuses to run as root, and there is no user postgres or nobody")
}

func (s *Server) data() string { return filepath.Join(s.folder, "data") }

// Log returns what the server has logged.
func (s *Server) Log() string {
	text, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	return string(text)
}

// Resume starts the cluster and waits until it answers.
func (s *Server) Resume() error {
	// Without -l the server would keep the pipe of this process open.
	return s.run("pg_ctl", "-D", s.data(), "-l", filepath.Join(s.folder, "log"), "-w", "-t", "60", "start")
}

// Halt stops the cluster: "fast" ends its connections and writes everything down, "immediate" is a crash.
func (s *Server) Halt(mode string) error {
	return s.run("pg_ctl", "-D", s.data(), "-m", mode, "-w", "-t", "60", "stop")
}

// Stop stops the cluster for good and removes it.
func (s *Server) Stop() error {
	return errors.Join(s.Halt("immediate"), os.RemoveAll(s.folder))
}

// Schema makes an empty schema and returns a URL whose search_path is that schema and nothing else: as good as a database
// of its own, and cheaper by a checkpoint. It is dropped when the test is over.
func (s *Server) Schema(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("test_%d", s.made.Add(1))
	s.Exec(t, "CREATE SCHEMA "+name)
	t.Cleanup(func() { s.Exec(t, "DROP SCHEMA "+name+" CASCADE") })
	return s.URL("postgres") + "&search_path=" + name
}

// Folder makes an empty folder below parent that the cluster may write to.
func (s *Server) Folder(parent string) (path string, err error) {
	if path, err = os.MkdirTemp(parent, "cluster-"); err != nil || s.as == nil {
		return path, err
	}
	owner := s.as.Credential
	for folder := parent; folder != os.TempDir() && folder != "/"; folder = filepath.Dir(folder) {
		if err := os.Chmod(folder, 0o755); err != nil { // the way there
			return "", err
		}
	}
	return path, os.Chown(path, int(owner.Uid), int(owner.Gid))
}

// URL returns the URL of a database of this cluster.
func (s *Server) URL(name string) string {
	return fmt.Sprintf("postgres://mayfly@127.0.0.1:%d/%s?sslmode=disable", s.Port, name)
}

// Exec runs a statement as the superuser.
func (s *Server) Exec(t testing.TB, text string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	c, err := pgx.Connect(ctx, s.URL("postgres"))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close(ctx)
	if _, err := c.Exec(ctx, text); err != nil {
		t.Fatal(err)
	}
}

func (s *Server) run(name string, args ...string) error {
	cmd := exec.Command(filepath.Join(s.bin, name), args...)
	cmd.Dir = s.folder
	cmd.SysProcAttr = s.as
	cmd.Env = append(os.Environ(), "LC_ALL=C")
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s%s", name, err, out, s.Log())
	}
	return nil
}

// findBin returns the folder of the newest installed PostgreSQL. Debian keeps it off the PATH.
func findBin() (string, error) {
	if path, err := exec.LookPath("initdb"); err == nil {
		path, err = filepath.EvalSymlinks(path) // the other programs are beside the real one
		return filepath.Dir(path), err
	}
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		return "", errMissing
	}
	sort.Slice(found, func(i, j int) bool { return version(found[i]) < version(found[j]) })
	return filepath.Dir(found[len(found)-1]), nil
}

func version(initdb string) int {
	n, _ := strconv.Atoi(filepath.Base(filepath.Dir(filepath.Dir(initdb))))
	return n
}
