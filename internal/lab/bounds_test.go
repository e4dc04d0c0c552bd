package lab_test

import (
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

func TestOnlyAHandfulOfSandboxesIsOpen(t *testing.T) {
	s := open(t, local)
	first, second := s.sandbox(), s.sandbox()
	second.registers()
	s.sandbox()
	s.sandbox()
	first.registers() // so the second is the one unused for longest
	s.sandbox()
	second.me().wants(t, http.StatusNotFound)
	second.control(http.MethodGet, "?user="+second.User.ID, "").wants(t, http.StatusNotFound)
	first.me().wants(t, http.StatusOK)
	eventually(t, "the folder of the closed one is gone", func() bool { return len(s.folders()) == 4 })
}

func TestAPageThatIsLeftGivesItsSandboxBack(t *testing.T) {
	s := open(t, local)
	b := s.sandbox()
	b.control(http.MethodDelete, "", "").wants(t, http.StatusNoContent)
	b.control(http.MethodDelete, "", "").wants(t, http.StatusNoContent)
	b.me().wants(t, http.StatusNotFound)
	eventually(t, "its folder is gone", func() bool { return len(s.folders()) == 0 })
}

func TestClosingTheServerLeavesNoSandbox(t *testing.T) {
	s := open(t, local)
	b := s.sandbox()
	s.sandbox()
	if len(s.folders()) != 2 {
		t.Fatalf("two sandboxes lie in %v", s.folders())
	}
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if exists(filepath.Join(s.data, "mayfly.db.lab")) {
		t.Error("the folder of the sandboxes is still there")
	}
	s.do(http.MethodPost, "/lab/sandboxes", usual).wants(t, http.StatusServiceUnavailable)
	b.me().wants(t, http.StatusNotFound)
}

func TestWhatAKilledServerLeftIsRemovedAtStart(t *testing.T) {
	data := t.TempDir()
	left := filepath.Join(data, "mayfly.db.lab", "gone")
	if err := os.MkdirAll(left, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(left, "mayfly.db"), []byte("left behind"), 0o600); err != nil {
		t.Fatal(err)
	}
	openOn(t, local, data)
	if exists(left) {
		t.Error("the sandbox of the killed server is still there")
	}
}

// Many pages open, are used, and are left, while the server stops: whatever each is answered, nothing is left.
func TestACrowdOfPagesLeavesNothingBehind(t *testing.T) {
	s := open(t, local)
	b := s.sandbox()
	b.registers()
	var crowd sync.WaitGroup
	for range 12 {
		crowd.Go(func() {
			switch got := s.do(http.MethodPost, "/lab/sandboxes", usual); got.status {
			case http.StatusCreated, http.StatusServiceUnavailable:
			default:
				t.Errorf("a page was answered %d: %s", got.status, got.body)
			}
		})
		crowd.Go(func() {
			switch got := b.me(); got.status {
			case http.StatusOK, http.StatusNotFound, http.StatusServiceUnavailable:
			default:
				t.Errorf("a call was answered %d: %s", got.status, got.body)
			}
		})
	}
	crowd.Go(func() {
		if err := s.server.Close(); err != nil {
			t.Error(err)
		}
	})
	crowd.Wait()
	s.close = func() error { return nil }
	if exists(filepath.Join(s.data, "mayfly.db.lab")) {
		t.Errorf("left behind: %v", s.folders())
	}
}
