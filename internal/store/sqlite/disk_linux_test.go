package sqlite

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

// TestAFullDiskIsToldAndSurvived fills a real disk. Where the test may not mount one, TestNoRoomIsToldAndSurvived has
// to do.
func TestAFullDiskIsToldAndSurvived(t *testing.T) {
	folder := t.TempDir()
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size=4m"); err != nil {
		t.Logf("no disk of our own: %v", err)
		return
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	ballast := filepath.Join(folder, "ballast")
	if err := os.WriteFile(ballast, make([]byte, 2<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	f := fixture{t, openDB(t, filepath.Join(folder, "mayfly.db"))}
	for range 3 {
		people, err := f.fillUp()
		wantFix(t, err, "free space")
		f.wantAll(people) // who is signed in is still found
	}
	if err := os.Remove(ballast); err != nil {
		t.Fatal(err)
	}
	if err := f.Ping(t.Context()); err != nil {
		t.Fatalf("with space again: %v", err)
	}
	people, err := f.fillUp()
	wantFix(t, err, "free space")
	if len(people) == 0 {
		t.Error("nothing could be written with space again")
	}
	f.wantAll(people)
}

// TestAFolderWithoutPermissionIsTold opens as somebody who is not root.
func TestAFolderWithoutPermissionIsTold(t *testing.T) {
	parent := t.TempDir()
	mine := filepath.Join(parent, "mine")
	closed := filepath.Join(parent, "closed")
	file := filepath.Join(mine, "mayfly.db")
	for _, err := range []error{
		os.Mkdir(mine, 0o755), os.WriteFile(file, nil, 0o400), os.Chmod(mine, 0o555),
		os.Mkdir(closed, 0o700), os.Chmod(closed, 0),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	t.Cleanup(func() { _ = os.Chmod(mine, 0o700) })
	for path, words := range map[string]string{
		file:                               "writable",
		filepath.Join(mine, "new.db"):      "writable",
		filepath.Join(closed, "new.db"):    "writable",
		filepath.Join(closed, "a", "b.db"): "folder",
	} {
		child := exec.Command("/proc/self/exe")
		child.Env = append(os.Environ(), childVariable+"=open", pathVariable+"="+path)
		if os.Getuid() == 0 {
			for folder := parent; folder != os.TempDir() && folder != "/"; folder = filepath.Dir(folder) {
				if err := os.Chmod(folder, 0o755); err != nil {
					t.Fatal(err)
				}
			}
			child.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: 65534, Gid: 65534}}
		}
		out, err := child.CombinedOutput()
		if err == nil {
			t.Errorf("%s: was opened", path)
		}
		if !bytes.Contains(out, []byte("unavailable")) || !strings.Contains(string(out), words) {
			t.Errorf("%s: %s", path, out)
		}
	}
}
