//go:build e2e

// Package e2e holds what only the whole can show: the real binary as a process, over real connections, in a real
// browser. Every test has a server, a folder and ports of its own.
package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
)

// binary is the mayfly that all tests run, built once.
var binary string

func TestMain(m *testing.M) {
	if address := os.Getenv(listenVariable); address != "" { // this process is a node of a test
		if err := runClockNode(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	code, err := buildAndRun(m)
	if err != nil {
		fmt.Fprintln(os.Stderr, "e2e:", err)
		code = 1
	}
	os.Exit(code)
}

func buildAndRun(m *testing.M) (int, error) {
	folder, err := os.MkdirTemp("", "mayfly-e2e-")
	if err != nil {
		return 0, err
	}
	defer os.RemoveAll(folder)
	binary = filepath.Join(folder, "mayfly")
	build := exec.Command("go", "build", "-o", binary, "./cmd/mayfly")
	build.Dir = ".."
	if out, err := build.CombinedOutput(); err != nil {
		return 0, fmt.Errorf("build the binary: %w\n%s", err, out)
	}
	return m.Run(), stopShared()
}
