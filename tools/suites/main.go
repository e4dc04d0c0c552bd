// Suites runs test suites one after another and says in its last line how many of their tests passed and failed:
//
//	suites NAME COMMAND [NAME COMMAND]...
//
// Right above the counts it says which tests failed and how, so that the end of a log is enough to know.
//
// Each COMMAND is given to the shell and writes a JUnit report to $REPORT. A suite that fails does not keep the next from
// running. One that crashes, hangs, reports nothing or runs no test counts as a failure and is never silently absent.
// The exit status is 0 when nothing failed.
package main

import (
	"context"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// limit is how long one suite may take. It guards against hanging, it judges nobody.
const limit = 30 * time.Minute

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	all, err := parse(os.Args[1:])
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	passed := runAll(ctx, all, os.Stdout)
	stop()
	if !passed {
		os.Exit(1)
	}
}

func parse(args []string) ([]suite, error) {
	if len(args) == 0 || len(args)%2 != 0 {
		return nil, fmt.Errorf("usage: suites NAME COMMAND [NAME COMMAND]... (got %d arguments)", len(args))
	}
	var all []suite
	for ; len(args) > 0; args = args[2:] {
		all = append(all, suite{name: args[0], command: args[1], limit: limit})
	}
	return all, nil
}

// runAll runs every suite, prints what failed, a line about each suite and the total as the last one, and says whether
// all is well.
func runAll(ctx context.Context, all []suite, out io.Writer) bool {
	var total count
	var lines []string
	var failures []failure
	for _, s := range all {
		fmt.Fprintf(out, "== %s\n", s.name)
		start := time.Now()
		got, err := s.run(ctx, out)
		line := fmt.Sprintf("%-8s %s in %s", s.name, got.count, time.Since(start).Round(time.Second))
		if err != nil {
			line += ": " + err.Error()
		}
		lines = append(lines, line)
		total.add(got.count)
		for _, f := range got.failures {
			f.suite = s.name
			failures = append(failures, f)
		}
	}
	fmt.Fprintln(out)
	for _, line := range tell(failures) {
		fmt.Fprintln(out, line)
	}
	for _, line := range lines {
		fmt.Fprintln(out, line)
	}
	fmt.Fprintln(out, total)
	return total.failed == 0
}
