//go:build e2e

// Package torture disturbs real nodes over real databases while many clients use them, and shows that nothing is lost.
//
// A round starts nodes of the binary as processes, signs people in, and lets their devices refresh, verify, sign out and
// change passwords over HTTP. Meanwhile faults of every kind come over nodes, database and connections. Every call is
// recorded in the history of its person; when the faults are over, package history decides whether the refresh rule
// explains it. Beside that checker, which looks at everything, stand plain counts that need no trust in it: how often
// somebody who did nothing wrong was signed out, how many acknowledged refreshes were lost, how many answers were 500.
//
// The order of faults, and what each client does, come from a seed. When the calls meet, the machine decides.
//
// It leaves to docs/proofs.md what is and what is not shown by this.
package torture

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
)

// binary is the mayfly that all nodes run, built once.
var binary string

func TestMain(m *testing.M) {
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture:", err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	folder, err := os.MkdirTemp("", "mayfly-torture-bin-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	binary = filepath.Join(folder, "mayfly")
	build := exec.Command("go", "build", "-o", binary, "./cmd/mayfly")
	build.Dir = "../.."
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	code := m.Run()
	return code, mongotest.Clear()
}
