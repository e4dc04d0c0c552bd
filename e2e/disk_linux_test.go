//go:build e2e

package e2e

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
)

// TestAFullDiskUnderPostgresIsToldAndSurvived fills the disk that the sessions lie on. Who is signed in goes on, since a
// refresh needs no more room; who signs in is told to come again; and with space again nobody starts anything anew.
func TestAFullDiskUnderPostgresIsToldAndSurvived(t *testing.T) {
	folder, ok := diskOfItsOwn(t, "2m")
	if !ok {
		return
	}
	own := postgresOfItsOwn(t)
	small, err := own.Folder(folder)
	if err != nil {
		t.Fatal(err)
	}
	on := deploy(t, store{"PostgreSQL", 1, func(*testing.T) string { return own.URL("postgres") }, lookIntoPostgres})
	a := newAPI(t, on.nodes(t, "--refresh-window", "1ms")[0].url)
	own.Exec(t, "CREATE TABLESPACE small LOCATION '"+small+"'")
	own.Exec(t, "ALTER TABLE sessions SET TABLESPACE small")
	held := a.register(t, "ada@example.com")
	for range 2 {
		ballast := filepath.Join(folder, "ballast")
		fill(t, ballast)
		refused := 0
		for tries := 0; refused < 3; tries++ {
			if tries == 100 {
				t.Fatal("the disk is never full")
			}
			got, err := a.call("POST", "/v1/login", "", map[string]string{"identifier": "ada@example.com", "password": password, "delivery": "body"})
			switch {
			case err == nil && got.Status == http.StatusOK: // there was room in a page
			case err == nil && saysUnavailable(got):
				refused++
			default:
				t.Fatalf("a sign-in: %d %s %v", got.Status, got.Body, err)
			}
			held = a.mustRefresh(t, held.Refresh)
		}
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		a.login(t, "ada@example.com", password)
		held = a.mustRefresh(t, held.Refresh)
	}
}

// TestAFullDiskUnderMongoDBIsToldAndSurvived fills the disk that all data lie on. What FerretDB keeps grows with every
// change, so whoever refreshes is told to come again too, until there is space.
func TestAFullDiskUnderMongoDBIsToldAndSurvived(t *testing.T) {
	folder, ok := diskOfItsOwn(t, "16m")
	if !ok {
		return
	}
	own, err := mongotest.StartBelow(folder)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = own.Stop() })
	on := deploy(t, store{"MongoDB", 2, func(t *testing.T) string { return own.Database(t) }, lookIntoMongo})
	c := newCrowd(t, apis(t, on.nodes(t, "--refresh-window", "5ms")), 20)
	for range 2 {
		c.goesOn(t, 60)
		ballast := filepath.Join(folder, "ballast")
		fill(t, ballast)
		everybodyIsTold(t, c, 100)
		if err := os.Remove(ballast); err != nil {
			t.Fatal(err)
		}
		c.goesOn(t, 60)
	}
	c.leave(t)
	c.compare(t, on)
	t.Log(c.told())
}

// diskOfItsOwn mounts one, where the test may.
func diskOfItsOwn(t *testing.T, size string) (folder string, ok bool) {
	t.Helper()
	folder, err := os.MkdirTemp("", "mayfly-disk-") // a short path: FerretDB has a socket there
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.Remove(folder) })
	if err := unix.Mount("tmpfs", folder, "tmpfs", 0, "size="+size); err != nil {
		t.Logf("no disk of our own: %v", err)
		return "", false
	}
	t.Cleanup(func() {
		if err := unix.Unmount(folder, 0); err != nil {
			t.Error(err)
		}
	})
	return folder, true
}

// fill writes a file until the disk has no room.
func fill(t *testing.T, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	for {
		if _, err := file.Write(make([]byte, 4<<10)); err != nil {
			return
		}
	}
}
