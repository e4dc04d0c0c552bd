//go:build e2e

package e2e

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestTheReadmeIsTrue runs what README.md tells people to type, in its order, against the real binary.
func TestTheReadmeIsTrue(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Fatal("no curl: install it (`apt-get install curl`)")
	}
	p := start(t)
	folder := t.TempDir() // for the cookie jar
	expected := []struct{ path, status, body string }{
		{"/v1/register", "201", `"email":"ada@example.com"`},
		{"/v1/me", "200", `"email":"ada@example.com"`},
		{"/v1/refresh", "200", `"access_expires_in":`},
		{"/v1/sessions", "200", `"current":true`},
		{"/v1/logout", "204", ``},
	}
	for _, block := range blocks(t, "sh") {
		block = strings.ReplaceAll(block, "\\\n", " ")
		for line := range strings.Lines(block) {
			if !strings.HasPrefix(line, "curl ") {
				continue // a comment, or a line that starts a server
			}
			if len(expected) == 0 {
				t.Fatalf("the test does not know what to expect of %s", line)
			}
			want := expected[0]
			expected = expected[1:]
			if !strings.Contains(line, "http://localhost:8080"+want.path) {
				t.Fatalf("%s is not the call of %s", line, want.path)
			}
			line = strings.ReplaceAll(strings.TrimSpace(line), "http://localhost:8080", p.url)
			cmd := exec.Command("sh", "-c", line+` -o answer -w '%{http_code}'`)
			cmd.Dir = folder
			status, err := cmd.Output()
			if err != nil {
				t.Fatalf("%s: %v", line, err)
			}
			body, _ := os.ReadFile(filepath.Join(folder, "answer"))
			if string(status) != want.status || !strings.Contains(string(body), want.body) {
				t.Errorf("%s\nis answered %s %s, want %s with %s", line, status, body, want.status, want.body)
			}
			os.Remove(filepath.Join(folder, "answer"))
		}
	}
	for _, left := range expected {
		t.Errorf("the README has no call of %s", left.path)
	}
}

// TestTheReadmeCompiles builds the Go that people copy, as the body of a program of theirs.
func TestTheReadmeCompiles(t *testing.T) {
	all := blocks(t, "go")
	if len(all) == 0 {
		t.Fatal("the README has no Go")
	}
	for _, block := range all {
		program := "package main\n\nimport (\n\t\"fmt\"\n\t\"log\"\n\t\"net/http\"\n\n\t\"github.com/mayfly-auth/mayfly\"\n)\n\nfunc main() {\n" + block + "}\n"
		file := filepath.Join(t.TempDir(), "main.go")
		if err := os.WriteFile(file, []byte(program), 0o600); err != nil {
			t.Fatal(err)
		}
		build := exec.Command("go", "build", "-o", os.DevNull, file)
		build.Dir = ".." // where the module is
		if out, err := build.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, out, program)
		}
	}
}

// The README names settings, commands and files; each must be there.
func TestTheReadmeNamesWhatThereIs(t *testing.T) {
	raw := readme(t)
	help, err := exec.Command(binary, "serve", "--help").Output()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range regexp.MustCompile(`MAYFLY_[A-Z_]+`).FindAllString(raw, -1) {
		flag := "--" + strings.ReplaceAll(strings.ToLower(strings.TrimPrefix(name, "MAYFLY_")), "_", "-")
		if !strings.Contains(string(help), flag+" ") {
			t.Errorf("the README names %s, and serve has no %s", name, flag)
		}
	}
	for _, link := range regexp.MustCompile(`\]\(([^)#:]+)\)`).FindAllStringSubmatch(raw, -1) {
		if _, err := os.Stat(filepath.Join("..", link[1])); err != nil {
			t.Errorf("the README links to %s: %v", link[1], err)
		}
	}
}

// blocks returns the code blocks of the README in a language.
func blocks(t *testing.T, language string) (all []string) {
	t.Helper()
	for _, found := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(readme(t), -1) {
		all = append(all, found[1])
	}
	return all
}

func readme(t *testing.T) string {
	t.Helper()
	raw, err := os.ReadFile("../README.md")
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
