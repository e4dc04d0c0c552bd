//go:build e2e && linux

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestPromise14_ADatabaseThatGoesAwayLosesNoSession takes the disk away under the running process, by the limit that the
// kernel puts on its files, and gives it back, again and again.
func TestPromise14_ADatabaseThatGoesAwayLosesNoSession(t *testing.T) {
	p := start(t, "--refresh-window", "1ms")
	a := newAPI(t, p.url)
	var held []answer
	for i := range 8 {
		held = append(held, a.register(t, email(i)))
	}
	for round := range 5 {
		limitFiles(t, p, 0)
		for i := range held {
			got, err := a.refresh(held[i].Refresh)
			if err != nil {
				t.Fatalf("round %d: no answer: %v", round, err)
			}
			if got.Status != http.StatusServiceUnavailable || got.Code != "unavailable" || got.Header.Get("Retry-After") == "" {
				t.Errorf("round %d, no disk: %d %s, Retry-After %q", round, got.Status, got.Body, got.Header.Get("Retry-After"))
			}
		}
		limitFiles(t, p, unix.RLIM_INFINITY)
		eventually(t, "mayfly recovers by itself", func() bool {
			got, err := a.call("GET", "/readyz", "", nil)
			return err == nil && got.Status == http.StatusOK
		})
		for i := range held {
			got := a.mustRefresh(t, held[i].Refresh)
			if got.Session.ID != held[i].Session.ID {
				t.Fatalf("round %d: another session", round)
			}
			a.must(t, http.StatusOK, "GET", "/v1/me", got.Access, nil)
			held[i] = got
		}
	}
}

// limitFiles sets how far the process may write into a file: nowhere with 0.
func limitFiles(t *testing.T, p *process, most uint64) {
	t.Helper()
	limit := unix.Rlimit{Cur: most, Max: unix.RLIM_INFINITY}
	if err := unix.Prlimit(p.cmd.Process.Pid, unix.RLIMIT_FSIZE, &limit, nil); err != nil {
		t.Fatal(err)
	}
}

// A file that is moved away and back is told by readiness, and nothing that was answered meanwhile is lost.
func TestPromise14_AFileThatIsMovedAwayAndBackLosesNoSession(t *testing.T) {
	p := start(t, "--refresh-window", "1ms")
	a := newAPI(t, p.url)
	held := a.register(t, "ada@example.com")
	names := []string{"mayfly.db", "mayfly.db-wal", "mayfly.db-shm"}
	for round := range 3 {
		for _, name := range names {
			mustRename(t, filepath.Join(p.data, name), filepath.Join(p.data, "away-"+name))
		}
		eventually(t, "mayfly says that it is not ready", func() bool {
			got, err := a.call("GET", "/readyz", "", nil)
			return err == nil && got.Status == http.StatusServiceUnavailable && got.Header.Get("Retry-After") != ""
		})
		switch got, err := a.refresh(held.Refresh); {
		case err == nil && got.Status == http.StatusOK:
			held = got
		case err == nil && got.Status == http.StatusServiceUnavailable:
		default:
			t.Fatalf("round %d, the file is away: %d %s %v", round, got.Status, got.Body, err)
		}
		for _, name := range names {
			mustRename(t, filepath.Join(p.data, "away-"+name), filepath.Join(p.data, name))
		}
		eventually(t, "mayfly is ready again", func() bool {
			got, err := a.call("GET", "/readyz", "", nil)
			return err == nil && got.Status == http.StatusOK
		})
		held = a.mustRefresh(t, held.Refresh)
	}
	// What was answered is on the disk, not only in the process that answered.
	p.kill()
	p.run()
	if want, got := generationOf(t, held.Refresh), a.mustRefresh(t, held.Refresh); generationOf(t, got.Refresh) != want+1 {
		t.Errorf("after a restart generation %d follows %d", generationOf(t, got.Refresh), want)
	}
}

func mustRename(t *testing.T, from, to string) {
	t.Helper()
	if err := os.Rename(from, to); err != nil {
		t.Fatal(err)
	}
}
