//go:build unix

package mongotest

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
)

// Backup stops the server as a crash would, copies its data, and starts it again. It returns what puts the copy in the
// place of the data that the server has by then; the server is stopped and started for it.
func (s *Server) Backup(t testing.TB) (restore func()) {
	t.Helper()
	copied := filepath.Join(t.TempDir(), "data")
	socket := filepath.Join(s.folder, "socket") // of the process that is gone by then, and no data
	must(t, s.Kill(), os.Remove(socket), os.CopyFS(copied, os.DirFS(s.folder)), s.Resume())
	return func() {
		t.Helper()
		must(t, s.Kill(), os.RemoveAll(s.folder), os.CopyFS(s.folder, os.DirFS(copied)), s.Resume())
	}
}

func must(t testing.TB, errs ...error) {
	t.Helper()
	if err := errors.Join(errs...); err != nil {
		t.Fatal(err)
	}
}
