//go:build unix

// Package mongotest runs a database server that speaks MongoDB's wire protocol, for tests: FerretDB with its embedded
// backend, built from tools/ferretdb, in a process of its own that can be killed, paused and started again, on a free port
// of 127.0.0.1. It passes one command at a time, and is then as atomic as the real server; it is one server and no replica
// set, so it says nothing about failover.
//
// TestMain starts one with [Start] and stops it; each test takes an empty database from [Server.Database].
package mongotest

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/freeport"
)

// Server is a database server.
type Server struct {
	Address string   // host:port, the same as long as it lives
	Flags   []string // of tools/ferretdb, from the next start on
	folder  string   // of the data
	process *exec.Cmd
	stdin   io.Closer // held open: the server ends with it, so also when the test dies
	made    *atomic.Int64
}

// Start makes an empty server and starts it.
func Start() (*Server, error) { return StartBelow("") }

// StartBelow makes one whose data lies below a folder, and starts it.
func StartBelow(parent string) (*Server, error) {
	if _, err := built(); err != nil {
		return nil, err
	}
	folder, err := os.MkdirTemp(parent, "mayfly-mongo-")
	if err != nil {
		return nil, err
	}
	port, err := freeport.Take()
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	s := &Server{Address: "127.0.0.1:" + strconv.Itoa(port), folder: folder, made: &atomic.Int64{}}
	if err := s.Resume(); err != nil {
		return nil, errors.Join(err, os.RemoveAll(folder))
	}
	return s, nil
}

// Resume starts the server with the data it has, and waits until it answers.
func (s *Server) Resume() error {
	path, err := built()
	if err != nil {
		return err
	}
	s.process = exec.Command(path, append([]string{"-data", s.folder, "-listen", s.Address}, s.Flags...)...)
	s.process.Stderr = os.Stderr
	out, err := s.process.StdoutPipe()
	if err != nil {
		return err
	}
	if s.stdin, err = s.process.StdinPipe(); err != nil {
		return err
	}
	if err := s.process.Start(); err != nil {
		return err
	}
	if _, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		return errors.Join(fmt.Errorf("the server has not begun to listen: %w", err), s.Kill())
	}
	return nil
}

// Kill ends the server as a crash would.
func (s *Server) Kill() error {
	if err := s.process.Process.Kill(); err != nil {
		return err
	}
	_ = s.process.Wait() // says that it was killed
	return nil
}

// Pause stops the server in the middle of whatever it does, and returns when it has stopped: until its threads have seen
// the signal, it still answers. Continue lets it go on.
func (s *Server) Pause() error {
	if err := s.process.Process.Signal(syscall.SIGSTOP); err != nil {
		return err
	}
	for {
		var status syscall.WaitStatus
		if _, err := syscall.Wait4(s.process.Process.Pid, &status, syscall.WUNTRACED, nil); err != syscall.EINTR {
			return err
		}
	}
}

// Continue lets a paused server go on.
func (s *Server) Continue() error { return s.process.Process.Signal(syscall.SIGCONT) }

// Stop stops the server for good and removes it.
func (s *Server) Stop() error {
	return errors.Join(s.Kill(), os.RemoveAll(s.folder))
}

// Database returns the URL of an empty database. Steps get more time than usual: FerretDB reads a whole collection for
// many commands.
func (s *Server) Database(testing.TB) string { return s.DatabaseAt(s.Address) }

// DatabaseAt returns the URL of an empty database as it is reached by another address.
func (s *Server) DatabaseAt(address string) string {
	return fmt.Sprintf("mongodb://%s/test_%d_%d?timeoutMS=60000", address, time.Now().UnixNano(), s.made.Add(1))
}
