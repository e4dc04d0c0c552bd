//go:build unix

package mongotest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
)

var build struct {
	once   sync.Once
	folder string // of the binary
	err    error
}

// built builds the server once in the life of the process and returns the path.
func built() (string, error) {
	build.once.Do(func() {
		if build.folder, build.err = os.MkdirTemp("", "mayfly-ferretdb-"); build.err == nil {
			build.err = buildInto(build.folder)
		}
	})
	return filepath.Join(build.folder, "ferretdb"), build.err
}

// Clear removes what was built. Call it when every server has stopped.
func Clear() error { return os.RemoveAll(build.folder) }

const module = "github.com/FerretDB/FerretDB"

// buildInto builds tools/ferretdb with a FerretDB in which one condition is changed: see quicken.
func buildInto(folder string) error {
	root, err := run("", "go", "env", "GOMOD")
	if err != nil {
		return fmt.Errorf("these tests need the go command to build their server: %w", err)
	}
	tool := filepath.Join(filepath.Dir(root), "tools", "ferretdb")
	where, err := run(tool, "go", "list", "-m", "-f", "{{.Dir}} {{.Version}}", module)
	if err != nil {
		return err
	}
	source, version, _ := strings.Cut(where, " ")
	quick, err := quickened(source, version)
	if err != nil {
		return err
	}
	for _, name := range []string{"go.mod", "go.sum"} {
		text, err := os.ReadFile(filepath.Join(tool, name))
		if err != nil {
			return err
		}
		if name == "go.mod" {
			text = fmt.Appendf(text, "\nreplace %s => %s\n", module, quick)
		}
		if err := os.WriteFile(filepath.Join(folder, name), text, 0o600); err != nil {
			return err
		}
	}
	_, err = run(tool, "go", "build", "-modfile", filepath.Join(folder, "go.mod"), "-o", filepath.Join(folder, "ferretdb"), ".")
	return err
}

// quickened returns a folder with the source of FerretDB in which the change is made. It lies in the user's cache, always
// at the same place: the go command builds it once.
func quickened(source, version string) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	folder := filepath.Join(cache, "mayfly", "ferretdb-"+version)
	if _, err := os.Stat(folder); err == nil {
		return folder, nil
	}
	if err := os.MkdirAll(filepath.Dir(folder), 0o700); err != nil {
		return "", err
	}
	copied, err := os.MkdirTemp(filepath.Dir(folder), "copying-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(copied)
	if err := errors.Join(os.CopyFS(copied, os.DirFS(source)), quicken(copied)); err != nil {
		return "", err
	}
	if err := os.Rename(copied, folder); err != nil {
		if _, there := os.Stat(folder); there != nil { // and not by somebody who was faster
			return "", err
		}
	}
	return folder, nil
}

// quicken lets FerretDB find a document by its id. It asks its index only where a filter names an id that is text and
// nothing else, and reads the whole collection for every other command, which in these tests is nearly each of them. What
// the index finds is compared with the whole filter afterwards, in both cases.
func quicken(folder string) error {
	path := filepath.Join(folder, "internal", "backends", "sqlite", "collection.go")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	changed := string(text)
	for _, change := range [][2]string{
		{"if params.Filter.Len() == 1 {", "if params.Filter != nil {"},
		{"case string, types.ObjectID:", "case string, types.ObjectID, types.Binary:"},
	} {
		if !strings.Contains(changed, change[0]) {
			return fmt.Errorf("%s has no %q: see how this FerretDB finds a document by its id", path, change[0])
		}
		changed = strings.ReplaceAll(changed, change[0], change[1])
	}
	return os.WriteFile(path, []byte(changed), 0o600)
}

func run(folder, name string, args ...string) (string, error) {
	cmd := exec.Command(name, args...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "GOWORK=off", "GOFLAGS=")
	out, err := cmd.Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			err = fmt.Errorf("%w\n%s", err, exit.Stderr)
		}
		return "", fmt.Errorf("%s %s: %w", name, strings.Join(args, " "), err)
	}
	return strings.TrimSpace(string(out)), nil
}
