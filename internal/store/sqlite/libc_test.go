package sqlite

import (
	"encoding/json"
	"os"
	"os/exec"
	"strings"
	"testing"
)

// TestLibcIsTheOneTheDriverAsksFor: the driver is C translated for one version of modernc.org/libc, and the choice of
// versions would silently take a newer one.
func TestLibcIsTheOneTheDriverAsksFor(t *testing.T) {
	driver, libc := module(t, "modernc.org/sqlite"), module(t, "modernc.org/libc")
	goMod, err := os.ReadFile(driver.GoMod)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(goMod)) {
		words := strings.Fields(strings.TrimPrefix(strings.TrimSpace(line), "require "))
		if len(words) < 2 || words[0] != libc.Path {
			continue
		}
		if words[1] != libc.Version {
			t.Errorf("sqlite %s asks for libc %s, go.mod has %s", driver.Version, words[1], libc.Version)
		}
		return
	}
	t.Errorf("%s does not name %s", driver.GoMod, libc.Path)
}

type goModule struct{ Path, Version, GoMod string }

// module says which version of a module this build uses; it asks for nothing that is not on this machine already.
func module(t *testing.T, path string) (m goModule) {
	t.Helper()
	list := exec.Command("go", "list", "-mod=readonly", "-m", "-json", path)
	list.Env = append(os.Environ(), "GOPROXY=off")
	out, err := list.Output()
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	return m
}
