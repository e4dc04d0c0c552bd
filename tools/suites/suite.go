package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

type suite struct {
	name    string
	command string // for the shell
	limit   time.Duration
}

// run runs the suite and counts its tests. When the suite is not to be trusted the error says why, and the count holds at
// least one failure.
func (s suite) run(ctx context.Context, out io.Writer) (result, error) {
	folder, err := os.MkdirTemp("", "mayfly-suite-") // a fresh one, so that no older report can stand in for this run's
	if err != nil {
		return result{count: count{failed: 1}}, err
	}
	defer os.RemoveAll(folder)
	report := filepath.Join(folder, "report.xml")

	ended := s.execute(ctx, report, out)
	got, err := readReport(report)
	switch {
	case ended != nil && got.failed == 0: // a crash outside of any test, or after the last one
		err = ended
	case err == nil && got.passed+got.failed == 0:
		err = errors.New("it ran no test")
	}
	if err != nil {
		got.failed++
	}
	return got, err
}

// execute runs the command in a process group of its own, so that what it started ends with it.
func (s suite) execute(ctx context.Context, report string, out io.Writer) error {
	ctx, cancel := context.WithTimeout(ctx, s.limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "sh", "-c", s.command)
	cmd.Env = append(os.Environ(), "REPORT="+report)
	cmd.Stdout, cmd.Stderr = out, out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	cmd.WaitDelay = 10 * time.Second // for a grandchild that keeps our pipe open

	err := cmd.Run()
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return fmt.Errorf("it did not end within %s", s.limit)
	case ctx.Err() != nil:
		return errors.New("interrupted")
	case err != nil:
		return fmt.Errorf("its command ended with %w", err)
	}
	return nil
}
