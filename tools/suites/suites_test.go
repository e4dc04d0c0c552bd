package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// reporting is a command that writes a report with these cases and ends with this status.
func reporting(cases, status string) string {
	return `printf '<?xml version="1.0"?><testsuites tests="99"><testsuite>` + cases + `</testsuite></testsuites>' >"$REPORT"; exit ` + status
}

const (
	pass = `<testcase name="a"/>`
	fail = `<testcase name="b"><failure message="m">text</failure></testcase>`
	skip = `<testcase name="c"><skipped/></testcase>`
)

func TestASuiteThatCannotBeTrustedCountsAsAFailure(t *testing.T) {
	for name, c := range map[string]struct {
		command string
		want    count
		says    string
	}{
		"all is well":                  {reporting(pass+pass+skip, "0"), count{2, 0, 1}, ""},
		"a test fails":                 {reporting(pass+fail, "1"), count{1, 1, 0}, ""},
		"a test ends in an error":      {reporting(pass+`<testcase><error/></testcase>`, "1"), count{1, 1, 0}, ""},
		"suites within suites":         {reporting("<testsuite>"+pass+"</testsuite>", "0"), count{1, 0, 0}, ""},
		"it fails outside of any test": {reporting(pass, "3"), count{1, 1, 0}, "ended with exit status 3"},
		"it crashes before its report": {"kill -9 $$", count{0, 1, 0}, "killed"},
		"it is not there":              {"no-such-command-of-ours 2>/dev/null", count{0, 1, 0}, "exit status 127"},
		"it writes no report":          {"exit 0", count{0, 1, 0}, "wrote no report"},
		"it writes an empty report":    {`: >"$REPORT"`, count{0, 1, 0}, "report is broken"},
		"its report is cut off":        {`printf '<testsuites><testsuite>` + pass + `' >"$REPORT"`, count{0, 1, 0}, "report is broken"},
		"it runs no test":              {reporting("", "0"), count{0, 1, 0}, "ran no test"},
		"it skips every test":          {reporting(skip, "0"), count{0, 1, 1}, "ran no test"},
		"it ends well, a test did not": {reporting(fail, "0"), count{0, 1, 0}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := suite{command: c.command, limit: time.Minute}.run(t.Context(), t.Output())
			if got.count != c.want {
				t.Errorf("counted %v, want %v", got.count, c.want)
			}
			if (err == nil) != (c.says == "") || (err != nil && !strings.Contains(err.Error(), c.says)) {
				t.Errorf("says %v, want %q", err, c.says)
			}
		})
	}
}

func TestASuiteThatHangsIsEndedWithAllThatItStarted(t *testing.T) {
	held := filepath.Join(t.TempDir(), "held")
	if err := syscall.Mkfifo(held, 0o600); err != nil {
		t.Fatal(err)
	}
	hang := suite{command: "sleep 1000 <>" + held + " & wait", limit: time.Second}
	got, err := hang.run(t.Context(), t.Output())
	if got.count != (count{failed: 1}) || err == nil || !strings.Contains(err.Error(), "did not end within 1s") {
		t.Errorf("%v, %v", got, err)
	}
	// The pipe has no end as long as somebody holds it open for writing.
	pipe, err := os.OpenFile(held, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if err := pipe.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadAll(pipe); err != nil {
		t.Errorf("what the suite started lives on: %v", err)
	}
}

func TestAnInterruptEndsTheSuiteAndIsAFailure(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	got, err := suite{command: reporting(pass, "0"), limit: time.Minute}.run(ctx, t.Output())
	if got.failed != 1 || err == nil || err.Error() != "interrupted" {
		t.Errorf("%v, %v", got, err)
	}
}

func TestTheNextSuiteRunsAfterAFailureAndTheLastLineIsTheTotal(t *testing.T) {
	for _, c := range []struct {
		commands []string
		last     string
		ok       bool
	}{
		{[]string{reporting(pass+pass, "0"), reporting(pass, "0")}, "3 passed, 0 failed", true},
		{[]string{"exit 1", reporting(pass+skip, "0")}, "1 passed, 1 failed, 1 skipped", false},
	} {
		var all []suite
		for _, command := range c.commands {
			all = append(all, suite{name: "one", command: command, limit: time.Minute})
		}
		var out strings.Builder
		ok := runAll(t.Context(), all, &out)
		lines := strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
		if last := lines[len(lines)-1]; ok != c.ok || last != c.last {
			t.Errorf("%v, %q, want %v, %q", ok, last, c.ok, c.last)
		}
	}
}

func TestArgumentsComeInPairs(t *testing.T) {
	all, err := parse([]string{"go", "x", "sdk", "y"})
	if err != nil || !slices.Equal(all, []suite{{"go", "x", limit}, {"sdk", "y", limit}}) {
		t.Errorf("%v, %v", all, err)
	}
	for _, args := range [][]string{nil, {"go"}, {"go", "x", "sdk"}} {
		if _, err := parse(args); err == nil {
			t.Errorf("%q was taken", args)
		}
	}
}
