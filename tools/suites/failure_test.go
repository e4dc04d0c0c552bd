package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

// closing runs one suite of these cases and returns what is printed after it.
func closing(t *testing.T, cases string) []string {
	t.Helper()
	var out strings.Builder
	runAll(t.Context(), []suite{{name: "sdk", command: reporting(cases, "1"), limit: time.Minute}}, &out)
	_, end, found := strings.Cut(out.String(), "== sdk\n\n")
	if !found {
		t.Fatalf("%q", out.String())
	}
	return strings.Split(strings.TrimSuffix(end, "\n"), "\n")
}

func TestAFailedTestIsNamedAboveTheCountsWithAllThatItSays(t *testing.T) {
	got := closing(t, pass+
		`<testcase classname="test/a.test.ts" name="a &gt; b">`+
		`<failure message="m">Error: no�[31mred�[39m [31m]\n\n  at line 7  \n</failure><failure message="second"/></testcase>`+
		`<testcase classname="auth/api" name="TestX/y"><error message="Failed">=== RUN   TestX/y\n    x_test.go:1: no\n</error></testcase>`)
	want := []string{
		"FAILED   sdk: test/a.test.ts: a > b",
		"         Error: nored [31m]",
		"           at line 7",
		"         second",
		"FAILED   sdk: auth/api: TestX/y",
		"             x_test.go:1: no",
		"sdk      1 passed, 2 failed in 0s",
		"1 passed, 2 failed",
	}
	if !slices.Equal(got, want) {
		t.Errorf("%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

func TestWhatFailuresSayIsBounded(t *testing.T) {
	loud := func(i int) failure {
		text := fault{Text: strings.Repeat(strings.Repeat("é", 1000)+"\n", 100)}
		return failure{suite: "go", place: "p", name: fmt.Sprint(i), faults: []fault{text, text}}
	}
	for tests, want := range map[int]struct{ lines, named int }{
		0:   {0, 0},
		1:   {16, 1},
		2:   {32, 2},
		5:   {60, 5},
		60:  {60, 60},
		61:  {60, 59},
		500: {60, 59},
	} {
		var all []failure
		for i := range tests {
			all = append(all, loud(i))
		}
		lines := tell(all)
		named := 0
		for _, line := range lines {
			if strings.HasPrefix(line, "FAILED   go: p: ") {
				named++
			}
			if len([]rune(line)) > longest+len("         ") {
				t.Errorf("a line of %d characters", len([]rune(line)))
			}
		}
		if len(lines) != want.lines || named != want.named {
			t.Errorf("of %d failures %d are named in %d lines, want %d in %d", tests, named, len(lines), want.named, want.lines)
		}
		if last := fmt.Sprintf("FAILED   and %d more", tests-want.named); tests > want.named && lines[len(lines)-1] != last {
			t.Errorf("the last line is %q, want %q", lines[len(lines)-1], last)
		}
	}
}

func TestTheFirstFailureLeavesRoomForTheOthers(t *testing.T) {
	short := failure{name: "short", faults: []fault{{Message: "a"}}}
	long := failure{name: "long", faults: []fault{{Text: strings.Repeat("b\n", 50)}, {Text: strings.Repeat("c\n", 50)}}}
	lines := strings.Join(tell([]failure{long, short, short}), "\n")
	if strings.Count(lines, " b") != 7 || strings.Count(lines, " c") != 8 || strings.Count(lines, " a") != 2 {
		t.Errorf("not a part for each:\n%s", lines)
	}
}
