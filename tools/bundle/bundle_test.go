package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// lay puts files into a fresh folder.
func lay(t *testing.T, files map[string]string) job {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		file := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return job{root, "script", "static"}
}

// page is a script that imports another by the name of its package, as tsconfig.json translates it.
var page = map[string]string{
	"script/page.ts":       "import { greet } from \"kit\";\ndocument.title = greet(\"ä\" as string);\n",
	"script/part/never.ts": "export const unused: string = \"never\";\n",
	"script/tsconfig.json": `{"compilerOptions": {"paths": {"kit": ["../kit/index.ts"]}}}`,
	"kit/index.ts":         "export const greet = (name: string): string => `hello ${name}`;\nexport const more = () => \"dropped\";\n",
	"static/style.css":     "body {}",
	"static/by-hand.js":    "// not made by anybody but us\n",
}

func read(t *testing.T, j job, name string) string {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(j.root, "static", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

func TestABundleHoldsWhatItsSourceUsesAndSaysWhereItIsFrom(t *testing.T) {
	j := lay(t, page)
	if err := j.write(); err != nil {
		t.Fatal(err)
	}
	first, code, _ := strings.Cut(read(t, j, "page.js"), "\n")
	if first != "// Made by `make generate` from script/page.ts. Do not edit." {
		t.Errorf("first line: %s", first)
	}
	if !strings.Contains(code, "hello ") || !strings.Contains(code, "ä") || strings.Contains(code, "import") {
		t.Errorf("not the whole script: %s", code)
	}
	if strings.Contains(code, "dropped") || strings.Contains(code, "never") {
		t.Errorf("more than the script: %s", code)
	}
	if _, err := os.Stat(filepath.Join(j.root, "static", "never.js")); err == nil {
		t.Error("a part became a bundle of its own")
	}
	if err := j.check(); err != nil {
		t.Errorf("fresh, and yet: %v", err)
	}
}

func TestTheSameSourcesGiveTheSameBytesWhereverTheyLie(t *testing.T) {
	var bundles [][]byte
	for range 2 {
		j := lay(t, page)
		all, err := j.bundles()
		if err != nil {
			t.Fatal(err)
		}
		bundles = append(bundles, all["page.js"])
	}
	if !bytes.Equal(bundles[0], bundles[1]) {
		t.Errorf("%s\n%s", bundles[0], bundles[1])
	}
}

func TestAStaleBundleIsNamedWithItsCure(t *testing.T) {
	for name, change := range map[string]func(job) error{
		"page.js": func(j job) error {
			return os.WriteFile(filepath.Join(j.root, "kit/index.ts"), []byte("export const greet = String;"), 0o644)
		},
		"new.js": func(j job) error {
			return os.WriteFile(filepath.Join(j.root, "script/new.ts"), []byte("alert(1);"), 0o644)
		},
		"old.js": func(j job) error {
			return os.WriteFile(filepath.Join(j.root, "static/old.js"), []byte(made+"script/old.ts. Do not edit.\n"), 0o644)
		},
	} {
		t.Run(name, func(t *testing.T) {
			j := lay(t, page)
			if err := j.write(); err != nil {
				t.Fatal(err)
			}
			if err := change(j); err != nil {
				t.Fatal(err)
			}
			err := j.check()
			if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "make generate") {
				t.Fatalf("says %v", err)
			}
			if err := j.write(); err != nil {
				t.Fatal(err)
			}
			if err := j.check(); err != nil {
				t.Errorf("the cure did not help: %v", err)
			}
			read(t, j, "by-hand.js") // what nobody generated stays
			read(t, j, "style.css")
		})
	}
}

func TestAFaultInASourceIsNamedWithItsPlace(t *testing.T) {
	for name, c := range map[string]struct{ source, says string }{
		"syntax":               {"\nlet = ;", "script/page.ts:2:"},
		"import of nothing":    {`import "./nothing.ts";`, `script/page.ts:1:8: Could not resolve "./nothing.ts"`},
		"an installed package": {`import "pkg";`, "node_modules/pkg/index.js is an installed package"},
	} {
		t.Run(name, func(t *testing.T) {
			j := lay(t, map[string]string{
				"script/page.ts":            c.source,
				"node_modules/pkg/index.js": "alert(1)",
				"static/page.js":            "as it was",
			})
			if err := j.write(); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("says %v, want %s", err, c.says)
			}
			if got := read(t, j, "page.js"); got != "as it was" {
				t.Errorf("it was written all the same: %s", got)
			}
		})
	}
	j := lay(t, map[string]string{"static/page.js": "x"})
	if err := j.check(); err == nil || !strings.Contains(err.Error(), "holds no *.ts") {
		t.Errorf("a folder without sources: %v", err)
	}
}
