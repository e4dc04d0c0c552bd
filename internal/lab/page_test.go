package lab_test

import (
	"net/http"
	"path"
	"regexp"
	"strings"
	"testing"
)

func TestTheLabOpensInDevelopmentModeOnly(t *testing.T) {
	s := open(t, "https://auth.example.com")
	for _, request := range [][2]string{
		{http.MethodGet, "/lab"}, {http.MethodPost, "/lab/sandboxes"}, {http.MethodGet, "/lab/static/x/lab.css"}, {http.MethodGet, "/lab/s/x/v1/me"},
	} {
		s.do(request[0], request[1], usual).wants(t, http.StatusNotFound)
	}
	if got := s.do(http.MethodGet, "/login", ""); got.status != http.StatusOK || strings.Contains(got.body, `href="/lab`) {
		t.Error("in production a page leads to the Lab")
	}
	open(t, local).do(http.MethodGet, "/login", "").wants(t, http.StatusOK, `href="/lab"`)
}

var (
	inline = regexp.MustCompile(`(?i)<style|<script(?:[^>]*)>[^<]|<script>|\sstyle=|\son[a-z]+=|javascript:|<base|https?://`)
	linked = regexp.MustCompile(`(?:href|src|data-sandboxes)="([^"#]+)["#]`)
	module = regexp.MustCompile(`from "\./([^"]+)"`)
)

func TestThePageIsStrictAndKeptByNoCache(t *testing.T) {
	got := open(t, local).do(http.MethodGet, "/lab", "").wants(t, http.StatusOK)
	for header, want := range map[string]string{
		"Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self'; " +
			"form-action 'none'; base-uri 'none'; frame-ancestors 'none'",
		"Cache-Control":   "private, no-store",
		"Content-Type":    "text/html; charset=utf-8",
		"X-Frame-Options": "DENY",
	} {
		if values := got.header.Values(header); len(values) != 1 || values[0] != want {
			t.Errorf("%s is %q, want %q", header, values, want)
		}
	}
	if found := inline.FindString(got.body); found != "" {
		t.Errorf("%q would be blocked or leave the site", found)
	}
}

// Every file that the page or one of its scripts names is there, also under the path of a public URL.
func TestEveryFileOfThePageIsThere(t *testing.T) {
	for _, base := range []string{"", "/auth"} {
		s := open(t, local+base)
		files := linked.FindAllStringSubmatch(s.do(http.MethodGet, "/lab", "").body, -1)
		if len(files) < 8 {
			t.Fatalf("the page names %d addresses", len(files))
		}
		scripts := 0
		for _, file := range files {
			if !strings.HasPrefix(file[1], base+"/") {
				t.Errorf("%s leads out of %q", file[1], base)
				continue
			}
			if path.Ext(file[1]) == ".js" {
				scripts += s.wantModules(strings.TrimPrefix(file[1], base), map[string]bool{})
			} else if strings.Contains(file[1], "/static/") {
				s.do(http.MethodGet, strings.TrimPrefix(file[1], base), "").wants(t, http.StatusOK)
			}
		}
		if scripts < 10 {
			t.Errorf("the page has %d scripts", scripts)
		}
	}
}

// wantModules demands a script and all that it imports, and returns how many that are.
func (s *site) wantModules(address string, seen map[string]bool) int {
	s.t.Helper()
	if seen[address] {
		return 0
	}
	seen[address] = true
	got := s.do(http.MethodGet, address, "").wants(s.t, http.StatusOK)
	if got.header.Get("Cache-Control") != "public, max-age=31536000, immutable" || got.header.Get("Content-Type") != "text/javascript; charset=utf-8" {
		s.t.Errorf("%s: %v", address, got.header)
	}
	n := 1
	for _, imported := range module.FindAllStringSubmatch(got.body, -1) {
		n += s.wantModules(path.Dir(address)+"/"+imported[1], seen)
	}
	return n
}

func TestStaticFilesAreOnlyTheLabsOwn(t *testing.T) {
	s := open(t, local)
	for _, address := range []string{"/lab/static/x/nothing.css", "/lab/static/x/..%2fpage.go", "/lab/static/x/%00", "/lab/static/lab.css"} {
		s.do(http.MethodGet, address, "").wants(t, http.StatusNotFound)
	}
	got := s.do(http.MethodGet, "/lab/static/000000000000/lab.css", "").wants(t, http.StatusOK)
	if got.header.Get("Cache-Control") != "private, no-store" {
		t.Errorf("another version may be kept: %s", got.header.Get("Cache-Control"))
	}
}

// Promise 25: no other site can act here, not even to fill the disk with sandboxes.
func TestPromise25_AForeignPageOpensNoSandboxAndTurnsNoClock(t *testing.T) {
	s := open(t, local)
	b := s.sandbox()
	b.registers()
	before := b.look()
	foreign := [][]string{
		{"Sec-Fetch-Site", "cross-site", "Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "same-site", "Origin", "http://sibling.localhost:8080"},
		{"Sec-Fetch-Site", "", "Origin", "https://evil.example"},
		{"Sec-Fetch-Site", "", "Origin", "null"},
	}
	for _, headers := range foreign {
		for _, request := range [][2]string{
			{http.MethodPost, "/lab/sandboxes"},
			{http.MethodPost, b.Control + "/advance"},
			{http.MethodPost, b.Control + "/restart"},
			{http.MethodPost, b.Control + "/rotate-keys"},
			{http.MethodDelete, b.Control},
			{http.MethodPost, b.URL + "/v1/logout"},
		} {
			s.do(request[0], request[1], usual, headers...).wants(t, http.StatusForbidden, "cross_origin_refused")
		}
	}
	s.do(http.MethodPost, "/lab/sandboxes", usual, "Content-Type", "text/plain").wants(t, http.StatusUnsupportedMediaType)
	if after := b.look(); len(s.folders()) != 1 || len(after.Keys) != len(before.Keys) || after.Sessions[0] != before.Sessions[0] {
		t.Error("a foreign page changed something")
	}
}
