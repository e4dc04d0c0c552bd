package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
)

const bcryptHash = "$2b$04$1541E/uB97/e.HtPdN.fD.P9yVSdvvIzOmLUYtQ1RQqLJxg1q/O7K"

// importLine is one of many good lines.
func importLine(n int, metadata string) string {
	return fmt.Sprintf(`{"email":"person%d@example.com","username":"person%[1]d","password_hash":"%s","metadata":{"is":"%s"}}`,
		n, bcryptHash, metadata)
}

// faultyLines are lines that cannot be taken after a good one, with what is told of them.
var faultyLines = []struct {
	line  func(n int) string
	tells string
}{
	{func(int) string { return `{"email":"broken` }, "it is not one JSON object"},
	{func(n int) string { return fmt.Sprintf(`{"email":"person%d@example.com"}`, n) }, "it has no password_hash"},
	{func(n int) string { return `{"avatar":"x",` + importLine(n, "")[1:] }, "it has a member /avatar that is not known"},
	{func(n int) string { return strings.Replace(importLine(n, ""), "@", " at ", 1) }, "The email address has no @."},
	{func(n int) string { return strings.Replace(importLine(n, ""), "$2b$", "md5:", 1) }, "credential: password hash: "},
	{func(n int) string {
		return strings.Replace(importLine(n, ""), fmt.Sprintf(`"person%d"`, n), fmt.Sprintf(`"PERSON%d"`, n-1), 1)
	}, "Somebody already has this username"},
	{func(n int) string { return importLine(n-1, "") }, ""}, // has an account already
}

// Many are made at once, and yet all is as if one line came after the other: who of two has a name, what is told and in
// which order, and the order of an export.
func TestThousandsAreImportedAsIfOneCameAfterTheOther(t *testing.T) {
	const lines, faultEvery = 3000, 7
	var file strings.Builder
	var made, refused []string
	there := 0
	for n := 1; n <= lines; n++ {
		if n%faultEvery != 0 {
			fmt.Fprintln(&file, importLine(n, ""))
			made = append(made, fmt.Sprintf("person%d@example.com", n))
			continue
		}
		fault := faultyLines[n/faultEvery%len(faultyLines)]
		fmt.Fprintln(&file, fault.line(n))
		if fault.tells == "" {
			there++
		} else {
			refused = append(refused, fmt.Sprintf("line %d: %s", n, fault.tells))
		}
	}
	data := filepath.Join(t.TempDir(), "data")
	code, stdout, stderr := importing(strings.NewReader(file.String()), data)
	if code != 1 {
		t.Fatalf("code %d\n%s", code, stderr)
	}
	if told := emailsTold(stdout); !slices.Equal(told, made) {
		t.Errorf("%d users were told, not the %d in their order", len(told), len(made))
	}
	told := slices.DeleteFunc(strings.Split(stderr, "\n"), func(line string) bool { return !strings.HasPrefix(line, "line ") })
	if !slices.EqualFunc(told, refused, strings.HasPrefix) {
		t.Errorf("%d faults were told, not the %d in their order:\n%s", len(told), len(refused), stderr)
	}
	wants(t, stderr, fmt.Sprintf("imported %d, %d had an account already, %d refused\n", len(made), there, len(refused)))
	if kept := exportedEmails(t, data); !slices.Equal(kept, made) {
		t.Errorf("%d users were exported, not the %d in their order", len(kept), len(made))
	}
}

func emailsTold(stdout string) (all []string) {
	for line := range strings.Lines(stdout) {
		_, email, _ := strings.Cut(strings.TrimSpace(line), "  ")
		all = append(all, email)
	}
	return all
}

func exportedEmails(t *testing.T, data string) (all []string) {
	t.Helper()
	code, stdout, stderr := runMayfly("user", "export", "--format", "csv", "--data", data)
	if code != 0 {
		t.Fatalf("code %d\n%s", code, stderr)
	}
	for line := range strings.Lines(stdout) {
		all = append(all, strings.Split(line, ",")[1])
	}
	return all[1:]
}

// Whoever was told is there, and the same file brings the others.
func TestAnImportThatIsKilledGoesOn(t *testing.T) {
	const lines = 2500 // so many that it waits for somebody to read what it tells
	var file strings.Builder
	feed(t, &file, lines)
	data := filepath.Join(t.TempDir(), "data")
	cmd := exec.Command("mayfly", "user", "import", "-", "--data", data)
	cmd.Stdin = strings.NewReader(file.String())
	out := start(t, cmd)
	told := emailsTold(readLines(t, out, lotSize+1))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	rest, _ := io.ReadAll(out)
	_ = cmd.Wait() // says that it was killed
	told = append(told, emailsTold(string(rest[:bytes.LastIndexByte(rest, '\n')+1]))...)

	kept := exportedEmails(t, data)
	for _, email := range told {
		if !slices.Contains(kept, email) {
			t.Fatalf("%s was told and is not there", email)
		}
	}
	code, _, stderr := importing(strings.NewReader(file.String()), data)
	if code != 0 {
		t.Fatalf("code %d\n%s", code, stderr)
	}
	wants(t, stderr, fmt.Sprintf("imported %d, %d had an account already, 0 refused", lines-len(kept), len(kept)))
	if all := exportedEmails(t, data); len(all) != lines {
		t.Fatalf("%d of %d are there", len(all), lines)
	}
}

// An interrupt is obeyed while nothing comes through the pipe, and what is told is what was made: half a line is no fault.
func TestAnImportThatIsInterruptedTellsWhatItMade(t *testing.T) {
	data := filepath.Join(t.TempDir(), "data")
	cmd := exec.Command("mayfly", "user", "import", "-", "--data", data)
	var complaints bytes.Buffer
	cmd.Stderr = &complaints
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out := start(t, cmd)
	feed(t, in, lotSize+10)
	if _, err := io.WriteString(in, `{"email":"half a`); err != nil {
		t.Fatal(err)
	}
	told := emailsTold(readLines(t, out, lotSize))
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	rest, err := io.ReadAll(out)
	if err != nil {
		t.Fatal(err)
	}
	told = append(told, emailsTold(string(rest))...)
	_ = cmd.Wait()
	stderr := complaints.String()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Fatalf("code %d\n%s", code, stderr)
	}
	wants(t, stderr, fmt.Sprintf("imported %d, 0 had an account already, 0 refused\n", len(told)), "interrupted; what was imported is kept; fix: ")
	if kept := exportedEmails(t, data); !slices.Equal(kept, told) {
		t.Fatalf("%d users are there, %d were told", len(kept), len(told))
	}
}

func start(t *testing.T, cmd *exec.Cmd) (out *bufio.Reader) {
	t.Helper()
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() }) // it has ended, unless the test failed
	return bufio.NewReader(stdout)
}

// feed writes good lines.
func feed(t *testing.T, to io.Writer, lines int) {
	t.Helper()
	for n := range lines {
		if _, err := fmt.Fprintln(to, importLine(n, "")); err != nil {
			t.Fatal(err)
		}
	}
}

func readLines(t *testing.T, from *bufio.Reader, lines int) string {
	t.Helper()
	var all strings.Builder
	for range lines {
		line, err := from.ReadString('\n')
		if err != nil {
			t.Fatalf("after %q: %v", all.String(), err)
		}
		all.WriteString(line)
	}
	return all.String()
}

// The users weigh four times as much as may be kept of them. How many lots are under way when it is looked is chance, so
// the last looks are several, and what was kept is in all of them.
func TestAnImportHoldsALotAtATime(t *testing.T) {
	const few, many, weight, most = 2 * lotSize, 12 * lotSize, 8 << 10, 5 << 20
	const looks = 4
	var before uint64
	after := uint64(math.MaxUint64)
	in, out := io.Pipe()
	go func() {
		metadata := strings.Repeat("x", weight)
		for n := range many {
			switch {
			case n == few:
				before = heap()
			case n >= many-looks*lotSize && n%lotSize == 0:
				after = min(after, heap())
			}
			fmt.Fprintln(out, importLine(n, metadata))
		}
		out.Close()
	}()
	code := program{args: []string{"user", "import", "-", "--data", t.TempDir()}, stdin: in, stdout: io.Discard, stderr: io.Discard}.run(t.Context())
	if code != 0 {
		t.Fatalf("code %d", code)
	}
	if after > before+most {
		t.Fatalf("after %d users it holds %d bytes, after %d %d", few, before, many-lotSize, after)
	}
}

// heap is what is in use.
func heap() uint64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return stats.HeapAlloc
}

func importing(file io.Reader, data string) (code int, stdout, stderr string) {
	return runMayflyOn(file, "user", "import", "-", "--data", data)
}

// runMayfly runs a command as a process would.
func runMayfly(args ...string) (code int, stdout, stderr string) {
	return runMayflyOn(strings.NewReader(""), args...)
}

func runMayflyOn(stdin io.Reader, args ...string) (code int, stdout, stderr string) {
	var out, complaints bytes.Buffer
	code = program{args: args, stdin: stdin, stdout: &out, stderr: &complaints}.run(context.Background())
	return code, out.String(), complaints.String()
}

func wants(t *testing.T, text string, all ...string) {
	t.Helper()
	for _, one := range all {
		if !strings.Contains(text, one) {
			t.Fatalf("%q is not in:\n%s", one, text)
		}
	}
}
