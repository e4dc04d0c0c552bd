// Package house holds the shape of the project as tests: which room may know which.
package house

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/mayfly-auth/mayfly"

// ban forbids packages under from to import, directly, anything under one of to.
type ban struct {
	from   []string
	except string // a package under from that may
	to     []string
	reason string
}

var floor1 = []string{
	"internal/session", "internal/accesstoken", "internal/keyset", "internal/user", "internal/credential", "internal/limit",
	"internal/account", "internal/revocation", "internal/transfer",
}

var bans = []ban{
	{
		from: []string{"internal/jws", "internal/secret", "internal/fault"}, to: []string{module},
		reason: "floor 0 is what everything stands on; it stands on the standard library",
	},
	{
		from: append([]string{"internal/jws", "internal/secret", "internal/fault"}, floor1...),
		to:   []string{"net/http", "database/sql", "os", "log", "log/slog"},
		reason: "a rule that knows of HTTP, SQL, files or logs cannot be tested as a rule; the clock, the store and the " +
			"words come in from outside",
	},
	{
		from: floor1, to: []string{module + "/internal/store", module + "/internal/door", module + "/internal/api", module + "/internal/pages", module + "/internal/lab", module + "/server"},
		reason: "imports only point down",
	},
	{
		from: []string{"internal/session", "internal/user", "internal/credential", "internal/limit", "internal/keyset", "internal/accesstoken"},
		to:   []string{module + "/internal/account"}, reason: "account combines the other rooms; none of them knows it",
	},
	{
		from: []string{"internal/accesstoken"}, to: []string{module + "/internal/user", module + "/internal/session"},
		reason: "the root package checks tokens with it and must bring no module along",
	},
	{
		from: []string{"internal/store/sqlite", "internal/store/postgres", "internal/store/mongo"}, to: []string{module + "/internal/door", module + "/internal/api", module + "/internal/pages", module + "/internal/lab", module + "/server", module + "/internal/account"},
		reason: "stores keep, they do not decide and do not answer",
	},
	{
		from: []string{"internal/door", "internal/api", "internal/pages", "internal/lab"}, except: "internal/api/apitest", // starts whole servers for tests
		to:     []string{module + "/internal/store", module + "/server", "database/sql"},
		reason: "doors speak to rooms, never to a store",
	},
	{
		from: []string{"internal/api"}, to: []string{module + "/internal/pages", module + "/internal/lab"},
		reason: "doors do not lead into each other",
	},
	{
		from: []string{"internal/pages"}, to: []string{module + "/internal/api", module + "/internal/lab"},
		reason: "doors do not lead into each other",
	},
	{
		from: []string{"internal/lab"}, to: []string{module + "/internal/api", module + "/internal/pages"},
		reason: "doors do not lead into each other; what a sandbox is made of is the wiring's to know",
	},
	{
		from: []string{"server", "internal"}, to: []string{module + "/cmd", "github.com/spf13"}, reason: "libraries do not know the command",
	},
	{
		from: []string{"server", "internal", "cmd"}, to: []string{module + "/bench"}, reason: "what is measured does not know who measures it",
	},
}

func TestImportsOnlyPointDown(t *testing.T) {
	for _, p := range packages(t, "./...") {
		for _, b := range bans {
			if !slices.ContainsFunc(b.from, func(from string) bool { return under(p.ImportPath, module+"/"+from) }) ||
				(b.except != "" && under(p.ImportPath, module+"/"+b.except)) {
				continue
			}
			for _, imported := range p.Imports {
				if slices.ContainsFunc(b.to, func(to string) bool { return under(imported, to) }) {
					t.Errorf("%s imports %s: %s", p.ImportPath, imported, b.reason)
				}
			}
		}
	}
}

// A ban on a package that is not there holds nothing.
func TestEveryRoomThatTheBansNameIsThere(t *testing.T) {
	var have []string
	for _, p := range packages(t, "./...") {
		have = append(have, p.ImportPath)
	}
	for _, b := range bans {
		for _, room := range slices.Concat(b.from, b.to) {
			room = strings.TrimPrefix(room, module+"/")
			local := strings.HasPrefix(room, "internal") || strings.HasPrefix(room, "server") || strings.HasPrefix(room, "cmd")
			if local && !slices.ContainsFunc(have, func(path string) bool { return under(path, module+"/"+room) }) {
				t.Errorf("%s is banned from something, or something from it, and does not exist", room)
			}
		}
	}
}

func TestTheRootPackageBringsNoModuleAlong(t *testing.T) {
	for _, p := range packages(t, "-deps", ".") {
		if p.Standard || under(p.ImportPath, module) {
			continue
		}
		t.Errorf("importing %s pulls in %s: a verifier must cost its user nothing but itself", module, p.ImportPath)
	}
}

type listed struct {
	ImportPath string
	Imports    []string
	Standard   bool
}

func packages(t *testing.T, args ...string) []listed {
	t.Helper()
	list := exec.Command("go", append([]string{"list", "-json=ImportPath,Imports,Standard"}, args...)...)
	list.Dir = "../.."
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.Bytes())
	}
	var all []listed
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p listed
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	if len(all) == 0 {
		t.Fatal("go list found nothing")
	}
	return all
}

func under(path, root string) bool { return path == root || strings.HasPrefix(path, root+"/") }
