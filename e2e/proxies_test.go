//go:build e2e

package e2e

import (
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// The reverse proxies of examples/reverse-proxies, each with its own files, on other ports.
var proxies = map[string]struct {
	files   []string
	command func(folder string) []string
}{
	"nginx": {[]string{"nginx.conf"}, func(folder string) []string {
		return []string{"nginx", "-p", folder, "-c", "nginx.conf", "-g", "daemon off;"}
	}},
	"Caddy": {[]string{"Caddyfile"}, func(string) []string {
		return []string{"caddy", "run", "--config", "Caddyfile", "--adapter", "caddyfile"}
	}},
	"HAProxy": {[]string{"haproxy.cfg", "haproxy-verify.lua"}, func(string) []string {
		return []string{"haproxy", "-f", "haproxy.cfg"}
	}},
}

func TestReverseProxiesAskWhoItIs(t *testing.T) {
	for name := range proxies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			site := startSite(t, name)
			site.letsInWhoIsSignedIn(t)
			site.believesNobodyElse(t)
			site.refusesForeignPages(t)
			site.endsWithTheSession(t)
			site.saysThatNobodyCanBeAsked(t)
		})
	}
}

// site is one origin: a proxy before Mayfly and an app that tells what it was told.
type site struct {
	url    string
	mayfly *process
	api    *api // through the proxy
	pair   answer
}

func startSite(t *testing.T, name string) *site {
	t.Helper()
	app := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/api/broken" {
			http.Error(w, "the app's own words", http.StatusInternalServerError)
			return
		}
		_ = json.NewEncoder(w).Encode(r.Header)
	}))
	t.Cleanup(app.Close)
	public := freePort(t)
	s := &site{url: "http://localhost:" + public}
	s.mayfly = start(t, "--public-url", s.url+"/auth", "--trusted-proxies", "127.0.0.1", "--access-ttl", "1h")
	runProxy(t, name, public, s.mayfly.host, app.Listener.Addr().String())
	s.api = newAPI(t, s.url+"/auth")
	s.pair = s.api.register(t, "ada@example.com")
	return s
}

// runProxy runs a proxy on the files of the examples, with other addresses in them.
func runProxy(t *testing.T, name, public, mayfly, app string) {
	t.Helper()
	proxy, folder := proxies[name], t.TempDir()
	path, err := exec.LookPath(proxy.command(folder)[0])
	if err != nil { // Debian keeps daemons off the PATH of ordinary users
		path, err = exec.LookPath(filepath.Join("/usr/sbin", proxy.command(folder)[0]))
	}
	if err != nil {
		t.Fatalf("this test needs %s: apt-get install nginx-light caddy haproxy", name)
	}
	seen := ""
	for _, file := range proxy.files {
		raw, err := os.ReadFile(filepath.Join("../examples/reverse-proxies", file))
		if err != nil {
			t.Fatal(err)
		}
		seen += string(raw)
		text := strings.NewReplacer("127.0.0.1:8080", "127.0.0.1:"+public, ":8080", ":"+public, "127.0.0.1:8081", mayfly,
			"127.0.0.1:3000", app).Replace(string(raw))
		if err := os.WriteFile(filepath.Join(folder, file), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for _, address := range []string{":8080", "127.0.0.1:8081", "127.0.0.1:3000"} {
		if !strings.Contains(seen, address) {
			t.Fatalf("the example does not name %s", address)
		}
	}
	cmd := exec.Command(path, proxy.command(folder)[1:]...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), "HOME="+folder, "XDG_DATA_HOME="+folder, "XDG_CONFIG_HOME="+folder)
	said := new(buffer)
	cmd.Stdout, cmd.Stderr = said, said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
		if t.Failed() {
			t.Logf("%s said:\n%s", name, said)
		}
	})
	eventually(t, name+" listens", func() bool {
		c, err := net.Dial("tcp", "127.0.0.1:"+public)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// ask sends a request through the proxy. Headers are name, value, name, value.
func (s *site) ask(t *testing.T, method, path string, headers ...string) (*http.Response, string) {
	t.Helper()
	req, err := http.NewRequest(method, s.url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(headers); i += 2 {
		req.Header.Add(headers[i], headers[i+1])
	}
	resp, err := s.api.client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(body)
}

// told is what the app was told by a request that has to reach it.
func (s *site) told(t *testing.T, method, path string, headers ...string) http.Header {
	t.Helper()
	resp, body := s.ask(t, method, path, headers...)
	var told http.Header
	if err := json.Unmarshal([]byte(body), &told); resp.StatusCode != http.StatusOK || err != nil {
		t.Fatalf("%s %s: %d %s", method, path, resp.StatusCode, body)
	}
	return told
}

func (s *site) letsInWhoIsSignedIn(t *testing.T) {
	t.Helper()
	for _, credential := range [][2]string{
		{"Authorization", "Bearer " + s.pair.Access},
		{"Cookie", "theme=dark; mayfly_access=" + s.pair.Access},
	} {
		told := s.told(t, "POST", "/api/feed?page=2", credential[0], credential[1])
		if told.Get("X-Mayfly-User") == "" || told.Get("X-Mayfly-Session") != s.pair.Session.ID || told.Get("X-Mayfly-Email") != "ada@example.com" {
			t.Errorf("with %s the app is told %v", credential[0], told)
		}
	}
	resp, body := s.ask(t, "GET", "/api/broken", "Authorization", "Bearer "+s.pair.Access)
	if resp.StatusCode != http.StatusInternalServerError || !strings.Contains(body, "the app's own words") {
		t.Errorf("the app's own fault becomes %d %s", resp.StatusCode, body)
	}
}

// believesNobodyElse sends what only the proxy may say.
func (s *site) believesNobodyElse(t *testing.T) {
	t.Helper()
	forged := []string{"X-Mayfly-User", "root", "X-Mayfly-Roles", "admin", "x-mayfly-username", "root"}
	told := s.told(t, "GET", "/api/feed", append(forged, "Authorization", "Bearer "+s.pair.Access)...)
	if told.Get("X-Mayfly-Roles") != "" || told.Get("X-Mayfly-Username") != "" || len(told.Values("X-Mayfly-User")) != 1 || told.Get("X-Mayfly-User") == "root" {
		t.Errorf("a client's own headers reach the app: %v", told)
	}
	for name := range s.told(t, "GET", "/", forged...) {
		if strings.HasPrefix(name, "X-Mayfly-") {
			t.Errorf("a client's own %s reaches the app where nobody was asked", name)
		}
	}
	for _, token := range []string{"", "garbage", s.pair.Access[:len(s.pair.Access)-4] + "AAAA", s.pair.Refresh} {
		resp, body := s.ask(t, "GET", "/api/feed", append(forged, "Authorization", "Bearer "+token)...)
		if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") == "" {
			t.Errorf("with the token %.9q… the answer is %d %v %s", token, resp.StatusCode, resp.Header, body)
		}
	}
	if resp, body := s.ask(t, "GET", "/api/feed"); resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("without a token the answer is %d %s", resp.StatusCode, body)
	}
}

func (s *site) refusesForeignPages(t *testing.T) {
	t.Helper()
	for _, one := range []struct {
		method, site, origin string
		want                 int
	}{
		{"POST", "cross-site", "https://evil.example", http.StatusForbidden},
		{"POST", "same-site", "http://evil.localhost", http.StatusForbidden},
		{"GET", "cross-site", "", http.StatusOK},
		{"POST", "same-origin", s.url, http.StatusOK},
	} {
		headers := []string{"Cookie", "mayfly_access=" + s.pair.Access, "Sec-Fetch-Site", one.site}
		if one.origin != "" {
			headers = append(headers, "Origin", one.origin)
		}
		if resp, body := s.ask(t, one.method, "/api/feed", headers...); resp.StatusCode != one.want {
			t.Errorf("%s from %s: %d %s", one.method, one.origin, resp.StatusCode, body)
		}
	}
}

// endsWithTheSession signs out through the proxy: the very next question is answered with no.
func (s *site) endsWithTheSession(t *testing.T) {
	t.Helper()
	ended := s.api.login(t, "ada@example.com", password)
	s.told(t, "GET", "/api/feed", "Authorization", "Bearer "+ended.Access)
	s.api.must(t, http.StatusNoContent, "POST", "/v1/logout", "", map[string]string{"refresh_token": ended.Refresh})
	resp, body := s.ask(t, "GET", "/api/feed", "Authorization", "Bearer "+ended.Access)
	if resp.StatusCode != http.StatusUnauthorized {
		t.Errorf("after signing out the answer is %d %s", resp.StatusCode, body)
	}
	s.told(t, "GET", "/api/feed", "Authorization", "Bearer "+s.pair.Access)
}

// saysThatNobodyCanBeAsked takes Mayfly away: nobody is let in, and nobody is told to sign in.
func (s *site) saysThatNobodyCanBeAsked(t *testing.T) {
	t.Helper()
	s.mayfly.kill()
	resp, body := s.ask(t, "GET", "/api/feed", "Authorization", "Bearer "+s.pair.Access)
	if resp.StatusCode != http.StatusServiceUnavailable && resp.StatusCode != http.StatusBadGateway {
		t.Errorf("without Mayfly the answer is %d %s", resp.StatusCode, body)
	}
	if told := s.told(t, "GET", "/"); told.Get("X-Mayfly-User") != "" {
		t.Error("the open part of the app is told of a user")
	}
	s.mayfly.run()
	eventually(t, "Mayfly is asked again", func() bool {
		resp, _ := s.ask(t, "GET", "/api/feed", "Authorization", "Bearer "+s.pair.Access)
		return resp.StatusCode == http.StatusOK
	})
}
