package mayfly_test

import (
	"os/exec"
	"strings"
	"testing"
)

// Whoever imports this package gets a verifier, not a server: nothing of it may drag in another module, a database, or
// the rooms that only a server has.
func TestThePackageIsLight(t *testing.T) {
	const ours = "github.com/mayfly-auth/mayfly"
	allowed := map[string]bool{
		ours:                           true,
		ours + "/internal/accesstoken": true,
		ours + "/internal/jws":         true,
	}
	banned := map[string]string{
		"database/sql":       "a verifier has no database",
		"html/template":      "a verifier shows no pages",
		"net/http/pprof":     "it registers itself on http.DefaultServeMux",
		"net/http/httptest":  "it is for tests",
		"net/http/cookiejar": "whether cookies are kept is the program's decision",
	}
	// Standard says in which packages the toolchain itself comes, whatever they are called.
	out, err := exec.Command("go", "list", "-deps", "-f", "{{.ImportPath}} {{.Standard}}", ".").CombinedOutput()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, out)
	}
	seen := map[string]bool{}
	for line := range strings.Lines(string(out)) {
		path, standard, _ := strings.Cut(strings.TrimSpace(line), " ")
		seen[path] = true
		if why, ok := banned[path]; ok {
			t.Errorf("it imports %s: %s", path, why)
		}
		if standard != "true" && !allowed[path] {
			t.Errorf("it imports %s, which is neither of the standard library nor one of %v", path, allowed)
		}
	}
	if !seen[ours] || !seen[ours+"/internal/jws"] || !seen["net/http"] {
		t.Fatalf("go list did not list what is certainly there:\n%s", out)
	}
}
