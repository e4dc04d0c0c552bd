package main

import (
	"bytes"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	_ "modernc.org/sqlite" // for scripts that look into the database

	"github.com/mayfly-auth/mayfly/internal/freeport"
)

// The test binary is the program too: scripts call it as mayfly.
func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"mayfly": main})
}

func TestScenarios(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata",
		RequireExplicitExec: true,
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"exits":    exits,
			"freeport": freePort,
			"ready":    ready,
			"term":     terminate,
			"ask":      ask,
			"gone":     gone,
			"field":    field,
			"fromfile": fromFile,
			"mode":     mode,
			"sql":      runSQL,
		},
	})
}

// exits CODE PROGRAM [ARG...]: the program ends with this code.
func exits(ts *testscript.TestScript, _ bool, args []string) {
	want := args[0]
	code := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var ended *exec.ExitError
		if !errors.As(err, &ended) {
			ts.Fatalf("%s did not run: %v", args[1], err)
		}
		code = ended.ExitCode()
	}
	if got := strconv.Itoa(code); got != want {
		ts.Fatalf("exit code %s, want %s", got, want)
	}
}

// freeport NAME: the variable is the number of a port that nobody listens on.
func freePort(ts *testscript.TestScript, _ bool, args []string) {
	port, err := freeport.Take()
	ts.Check(err)
	ts.Setenv(args[0], strconv.Itoa(port))
}

// ready URL: waits until the server there says that it is.
func ready(ts *testscript.TestScript, _ bool, args []string) {
	var last error
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-time.After(20 * time.Millisecond) {
		status, _, err := call("GET", args[0]+"/readyz", "", "")
		if status == http.StatusOK {
			return
		}
		last = err
	}
	ts.Fatalf("%s is not ready: %v", args[0], last)
}

// term: asks every program in the background to stop. The script then waits for it.
func terminate(ts *testscript.TestScript, _ bool, _ []string) {
	for _, cmd := range ts.BackgroundCmds() {
		ts.Check(cmd.Process.Signal(syscall.SIGTERM))
	}
}

// ask STATUS METHOD URL [JSON [TOKEN]]: makes a request, and keeps the body of the answer in the file "answer".
func ask(ts *testscript.TestScript, _ bool, args []string) {
	args = append(args, "", "")
	status, body, err := call(args[1], args[2], args[3], args[4])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs("answer"), body, 0o600))
	if got := strconv.Itoa(status); got != args[0] {
		ts.Fatalf("status %s, want %s: %s", got, args[0], body)
	}
}

func call(method, url, body, token string) (int, []byte, error) {
	req, err := http.NewRequest(method, url, strings.NewReader(body))
	if err != nil {
		return 0, nil, err
	}
	if body != "" {
		req.Header.Set("Content-Type", "application/json")
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, raw, err
}

// gone TEXT URL: waits until the answer there does not have the text any more.
func gone(ts *testscript.TestScript, _ bool, args []string) {
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-time.After(50 * time.Millisecond) {
		status, body, err := call("GET", args[1], "", "")
		ts.Check(err)
		if status == http.StatusOK && !bytes.Contains(body, []byte(args[0])) {
			return
		}
	}
	ts.Fatalf("%s still has %s", args[1], args[0])
}

// field NAME MEMBER: the variable is a member, such as session.id or keys.0.kid, of the last answer.
func field(ts *testscript.TestScript, _ bool, args []string) {
	var value any
	ts.Check(json.Unmarshal([]byte(ts.ReadFile("answer")), &value))
	for part := range strings.SplitSeq(args[1], ".") {
		switch whole := value.(type) {
		case map[string]any:
			value = whole[part]
		case []any:
			i, err := strconv.Atoi(part)
			ts.Check(err)
			value = whole[i]
		default:
			ts.Fatalf("no member %s", args[1])
		}
	}
	ts.Setenv(args[0], fmt.Sprint(value))
}

// fromfile NAME FILE: the variable is what the file holds.
func fromFile(ts *testscript.TestScript, _ bool, args []string) {
	ts.Setenv(args[0], string(bytes.TrimSpace([]byte(ts.ReadFile(args[1])))))
}

// mode PERMISSIONS FILE
func mode(ts *testscript.TestScript, _ bool, args []string) {
	info, err := os.Stat(ts.MkAbs(args[1]))
	ts.Check(err)
	want, err := strconv.ParseUint(args[0], 8, 32)
	ts.Check(err)
	if got := info.Mode().Perm(); got != fs.FileMode(want) {
		ts.Fatalf("%s has mode %o, want %o", args[1], got, want)
	}
}

// sql FILE STATEMENT
func runSQL(ts *testscript.TestScript, _ bool, args []string) {
	db, err := sql.Open("sqlite", ts.MkAbs(args[0]))
	ts.Check(err)
	defer db.Close()
	_, err = db.Exec(args[1])
	ts.Check(err)
}
