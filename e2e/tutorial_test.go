//go:build e2e

package e2e

import (
	"encoding/json"
	"net/http"
	neturl "net/url"
	"os"
	"os/exec"
	"regexp"
	"syscall"
	"testing"
)

// tutorialFolder is the app that Mayfly is measured beside.
const tutorialFolder = "../bench/tutorial"

// tokens is the pair in an answer of the tutorial's app.
type tokens struct {
	Access  string `json:"accessToken"`
	Refresh string `json:"refreshToken"`
}

// TestTheTutorialsAppWorks: a comparison with an app that does not do its work would be worth nothing.
func TestTheTutorialsAppWorks(t *testing.T) {
	installTutorial(t)
	for _, on := range stores[:2] { // it knows SQLite and PostgreSQL
		t.Run(on.name+"/as taught", func(t *testing.T) { tutorialWorks(t, on) })
		t.Run(on.name+"/tuned", func(t *testing.T) { tutorialWorks(t, on, "TUNED=1", "ALG=ES256") })
	}
}

func tutorialWorks(t *testing.T, on store, env ...string) {
	t.Parallel() // most of it is waiting for the next second
	a := newAPI(t, runTutorial(t, on.empty(t), env...)+"/api/v1/users")
	ada := map[string]string{"fullName": "Ada Lovelace", "email": "ada@example.com", "username": "ada", "password": password}
	a.must(t, http.StatusCreated, "POST", "/register", "", ada)
	a.must(t, http.StatusConflict, "POST", "/register", "", ada)
	a.must(t, http.StatusUnauthorized, "POST", "/login", "", map[string]string{"username": "ada", "password": "a guess"})
	first := a.tokens(t, "/login", map[string]string{"email": "ada@example.com", "password": password})

	newest := first
	for range 2 {
		newest = a.nextTokens(t, newest)
	}
	a.must(t, http.StatusUnauthorized, "POST", "/refresh-token", "", map[string]string{"refreshToken": first.Refresh})
	a.must(t, http.StatusUnauthorized, "POST", "/refresh-token", "", map[string]string{"refreshToken": newest.Access})

	var me struct {
		User struct{ Email, Password string }
	}
	got := a.must(t, http.StatusOK, "GET", "/me", newest.Access, nil)
	if err := json.Unmarshal([]byte(got.Body), &me); err != nil || me.User.Email != "ada@example.com" || me.User.Password != "" {
		t.Errorf("/me: %s", got.Body)
	}
	a.must(t, http.StatusOK, "GET", "/posts", newest.Access, nil)
	for _, path := range []string{"/me", "/posts"} {
		a.must(t, http.StatusUnauthorized, "GET", path, "", nil)
		a.must(t, http.StatusUnauthorized, "GET", path, newest.Refresh, nil)
	}

	a.must(t, http.StatusOK, "POST", "/logout", newest.Access, nil)
	a.must(t, http.StatusUnauthorized, "POST", "/refresh-token", "", map[string]string{"refreshToken": newest.Refresh})
}

// tokens asks for a pair, which has to come both in the body and as cookies.
func (a *api) tokens(t *testing.T, path string, body map[string]string) tokens {
	t.Helper()
	got := a.must(t, http.StatusOK, "POST", path, "", body)
	var pair tokens
	if err := json.Unmarshal([]byte(got.Body), &pair); err != nil {
		t.Fatal(err)
	}
	cookies := map[string]string{}
	for _, line := range got.Header.Values("Set-Cookie") {
		cookie, err := http.ParseSetCookie(line)
		if err != nil || !cookie.HttpOnly {
			t.Errorf("%s sets the cookie %q: %v", path, line, err)
			continue
		}
		cookies[cookie.Name] = cookie.Value
	}
	if pair.Access == "" || pair.Refresh == "" || cookies["accessToken"] != pair.Access || cookies["refreshToken"] != pair.Refresh {
		t.Fatalf("%s: %s and cookies %v", path, got.Body, cookies)
	}
	return pair
}

// nextTokens refreshes until the token is another one: what is made within one second is the same.
func (a *api) nextTokens(t *testing.T, pair tokens) tokens {
	t.Helper()
	next := pair
	eventually(t, "another refresh token", func() bool {
		next = a.tokens(t, "/refresh-token", map[string]string{"refreshToken": next.Refresh})
		return next.Refresh != pair.Refresh
	})
	return next
}

// runTutorial starts the app and returns its URL.
func runTutorial(t *testing.T, database string, env ...string) string {
	t.Helper()
	cmd := exec.Command("node", "server.js")
	cmd.Dir = tutorialFolder
	cmd.Env = append(os.Environ(), append(env, "PORT=0", "DATABASE_URL="+forNode(t, database))...)
	said := new(buffer)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	exited := make(chan struct{})
	go func() {
		_ = cmd.Wait() // how it ended is said by what it printed
		close(exited)
	}()
	t.Cleanup(func() {
		_ = cmd.Process.Signal(syscall.SIGTERM) // its workers end with it
		<-exited
		if t.Failed() {
			t.Logf("the tutorial's app said:\n%s", said)
		}
	})
	listening := regexp.MustCompile(`(?m)^listening (http://\S+)$`)
	var url string
	eventually(t, "the tutorial's app listens", func() bool {
		select {
		case <-exited:
			t.Fatalf("the tutorial's app ended:\n%s", said)
		default:
		}
		found := listening.FindStringSubmatch(said.String())
		if found != nil {
			url = found[1]
		}
		return found != nil
	})
	return url
}

// forNode says the schema in the way that npm's pg understands.
func forNode(t *testing.T, database string) string {
	t.Helper()
	url, err := neturl.Parse(database)
	if err != nil {
		t.Fatal(err)
	}
	query := url.Query()
	schema := query.Get("search_path")
	if schema == "" {
		return database
	}
	query.Del("search_path")
	query.Set("options", "-c search_path="+schema)
	url.RawQuery = query.Encode()
	return url.String()
}

// installTutorial gives the app its packages where they are not there yet.
func installTutorial(t *testing.T) {
	t.Helper()
	if _, err := os.Stat(tutorialFolder + "/node_modules/.package-lock.json"); err == nil {
		return
	}
	install := exec.Command("npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	install.Dir = tutorialFolder
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("npm ci in %s: %v\n%s", tutorialFolder, err, out)
	}
}
