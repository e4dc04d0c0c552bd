package mayfly_test

import (
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/mayfly-auth/mayfly"
)

func TestStoragesKeepWhatTheyWereGiven(t *testing.T) {
	for name, storage := range map[string]mayfly.Storage{
		"memory": new(mayfly.MemoryStorage),
		"file":   mayfly.FileStorage{Path: filepath.Join(t.TempDir(), "new", "folder", "session")},
	} {
		t.Run(name, func(t *testing.T) {
			for _, token := range []string{"", "mfr_one", "mfr_two", "", "", "mfr_three"} {
				if err := storage.Save(t.Context(), token); err != nil {
					t.Fatal(err)
				}
				if got, err := storage.Load(t.Context()); err != nil || got != token {
					t.Errorf("saved %q, loaded %q, %v", token, got, err)
				}
			}
		})
	}
}

func TestAStoredTokenIsItsOwnersAlone(t *testing.T) {
	storage := mayfly.FileStorage{Path: filepath.Join(t.TempDir(), "app", "session")}
	if err := storage.Save(t.Context(), "mfr_secret"); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]os.FileMode{storage.Path: 0o600, filepath.Dir(storage.Path): 0o700} {
		if info, err := os.Stat(path); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", path, info.Mode(), err)
		}
	}
	if err := os.Chmod(storage.Path, 0o640); err != nil {
		t.Fatal(err)
	}
	token, err := storage.Load(t.Context())
	if err == nil || token != "" || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a file that others can read: %v", err)
	}
	if err := storage.Save(t.Context(), "mfr_next"); err != nil {
		t.Fatal(err)
	}
	if token, err := storage.Load(t.Context()); err != nil || token != "mfr_next" {
		t.Errorf("after a new sign-in: %v", err)
	}
}

func TestAReaderNeverSeesHalfAToken(t *testing.T) {
	storage := mayfly.FileStorage{Path: filepath.Join(t.TempDir(), "session")}
	tokens := []string{"mfr_" + strings.Repeat("a", 4000), "mfr_" + strings.Repeat("b", 200)}
	if err := storage.Save(t.Context(), tokens[0]); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for n := range 2 {
		wg.Go(func() {
			for range 50 {
				if err := storage.Save(t.Context(), tokens[n]); err != nil {
					t.Error(err)
				}
				if got, err := storage.Load(t.Context()); err != nil || (got != tokens[0] && got != tokens[1]) {
					t.Errorf("loaded %d bytes, %v", len(got), err)
				}
			}
		})
	}
	wg.Wait()
	entries, err := os.ReadDir(filepath.Dir(storage.Path))
	if err != nil || len(entries) != 1 {
		t.Errorf("something was left behind: %v, %v", entries, err)
	}
}

func TestAFailedSaveLeavesTheOldToken(t *testing.T) {
	folder := t.TempDir()
	storage := mayfly.FileStorage{Path: filepath.Join(folder, "session")}
	if err := os.Mkdir(storage.Path, 0o700); err != nil { // a folder where the file should be: the rename fails
		t.Fatal(err)
	}
	if err := storage.Save(t.Context(), "mfr_next"); err == nil {
		t.Fatal("it was not told")
	}
	entries, err := os.ReadDir(folder)
	if err != nil || len(entries) != 1 || !entries[0].IsDir() {
		t.Errorf("something was left behind: %v, %v", entries, err)
	}
}
