package api_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/api"
	"github.com/mayfly-auth/mayfly/internal/api/apitest"
	"github.com/mayfly-auth/mayfly/internal/door"
)

// document is openapi.json as the server answers it.
func document(t *testing.T, c *apitest.Client) map[string]any {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(c.Get("/openapi.json").Want(200).Body, &doc); err != nil {
		t.Fatal(err)
	}
	return doc
}

func TestRoutesAndContractAreTheSame(t *testing.T) {
	doc := document(t, start(t).Client())
	var documented, mounted []string
	for path, item := range doc["paths"].(map[string]any) {
		for method := range item.(map[string]any) {
			documented = append(documented, strings.ToUpper(method)+" "+path)
		}
	}
	for _, route := range api.Routes() {
		mounted = append(mounted, route.Method+" "+route.Path)
	}
	slices.Sort(documented)
	slices.Sort(mounted)
	if !slices.Equal(documented, mounted) {
		t.Errorf("documented\n%s\nmounted\n%s", strings.Join(documented, "\n"), strings.Join(mounted, "\n"))
	}
}

func TestContractHasEveryCodeWithItsWords(t *testing.T) {
	doc := document(t, start(t).Client())
	var enum, known []string
	schemas := doc["components"].(map[string]any)["schemas"].(map[string]any)
	for _, code := range schemas["Code"].(map[string]any)["enum"].([]any) {
		enum = append(enum, code.(string))
	}
	for _, p := range door.Problems() {
		if p.Detail == "" || p.Fix == "" && p.Code != "not_found" {
			t.Errorf("%s has no words", p.Code)
		}
		if !slices.Contains(known, p.Code) {
			known = append(known, p.Code)
		}
	}
	slices.Sort(enum)
	slices.Sort(known)
	if !slices.Equal(enum, known) {
		t.Errorf("the contract has %q, the door %q", enum, known)
	}
}

func TestEveryReferenceOfTheContractLeadsSomewhere(t *testing.T) {
	doc := document(t, start(t).Client())
	used := map[string]bool{}
	var walk func(value any)
	walk = func(value any) {
		switch value := value.(type) {
		case []any:
			for _, one := range value {
				walk(one)
			}
		case map[string]any:
			if ref, ok := value["$ref"].(string); ok {
				used[ref] = true
			}
			for _, one := range value {
				walk(one)
			}
		}
	}
	walk(doc)
	for ref := range used {
		var at any = doc
		for part := range strings.SplitSeq(strings.TrimPrefix(ref, "#/"), "/") {
			members, _ := at.(map[string]any)
			at = members[part]
		}
		if at == nil {
			t.Errorf("%s leads nowhere", ref)
		}
	}
	for kind, parts := range doc["components"].(map[string]any) {
		for name := range parts.(map[string]any) {
			if ref := "#/components/" + kind + "/" + name; kind != "securitySchemes" && !used[ref] {
				t.Errorf("%s is used by nobody", ref)
			}
		}
	}
}

func TestExamplesOfTheContractFitTheirSchemas(t *testing.T) {
	s := start(t)
	for _, fault := range apitest.CheckExamples(t, s.URL, s) {
		t.Error(fault)
	}
}

func TestContractSpeaksOfThisServer(t *testing.T) {
	for _, test := range []struct {
		edit   func(*apitest.Options)
		prefix string
	}{
		{func(o *apitest.Options) { o.Path = "/auth" }, ""},
		{func(o *apitest.Options) { o.TLS = true }, "__Host-"},
	} {
		s := start(t, test.edit)
		got := s.Client().Get("/openapi.json").Want(200)
		var body struct {
			Servers []struct {
				URL string `json:"url"`
			} `json:"servers"`
		}
		got.Into(&body)
		if len(body.Servers) != 1 || body.Servers[0].URL != s.URL {
			t.Errorf("servers %v, want %s", body.Servers, s.URL)
		}
		if name := got.Text("components.securitySchemes.refreshCookie.name"); name != test.prefix+"mayfly_refresh" {
			t.Errorf("the refresh cookie is called %q", name)
		}
		if strings.Contains(string(got.Body), "localhost:8080") {
			t.Error("an example speaks of another server")
		}
	}
}

func TestDocsExplainEveryCallAndEveryCode(t *testing.T) {
	s := start(t, func(o *apitest.Options) { o.Path = "/auth" })
	c := s.Client()
	page := c.Get("/docs").Want(200)
	html := string(page.Body)
	for _, p := range door.Problems() {
		if !strings.Contains(html, `id="`+p.Code+`"`) {
			t.Errorf("%s has no anchor", p.Code)
		}
	}
	for _, route := range api.Routes() {
		if !strings.Contains(html, ">"+route.Path+"<") {
			t.Errorf("%s is not on the page", route.Path)
		}
	}
	// Where the type of a real problem leads.
	kind := c.Get("/v1/me").WantProblem(401, "token_missing").Text("type")
	address, anchor, _ := strings.Cut(kind, "#")
	if linked := c.Get(address).Want(200); !strings.Contains(string(linked.Body), `id="`+anchor+`"`) {
		t.Errorf("%s leads nowhere", kind)
	}
	ids := map[string]bool{}
	for _, match := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if ids[match[1]] {
			t.Errorf("the anchor %s is there twice", match[1])
		}
		ids[match[1]] = true
	}
	for _, match := range regexp.MustCompile(`(?:href|src)="([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if name, inside := strings.CutPrefix(match[1], "#"); inside {
			if !ids[name] {
				t.Errorf("the link to #%s leads nowhere", name)
			}
			continue
		}
		if !strings.HasPrefix(match[1], "/auth/") {
			t.Errorf("%s is not ours", match[1])
			continue
		}
		c.Get(s.Origin() + match[1]).Want(200)
	}
}

func TestDocsNeedNothingButTheirStyle(t *testing.T) {
	page := start(t).Client().Get("/docs").Want(200)
	policy := page.Header.Get("Content-Security-Policy")
	if !strings.HasPrefix(policy, "default-src 'none'; style-src 'self';") {
		t.Errorf("the policy is %q", policy)
	}
	for _, not := range []string{"<script", "style=", "<style", " on", "javascript:", "<img", "@import"} {
		if not == " on" {
			if regexp.MustCompile(`<[^>]* on[a-z]+=`).Match(page.Body) {
				t.Error("the page has an event handler")
			}
			continue
		}
		if strings.Contains(string(page.Body), not) {
			t.Errorf("the page has %q", not)
		}
	}
}

func TestReferenceIsRevalidated(t *testing.T) {
	c := start(t).Client()
	for _, path := range []string{"/openapi.json", "/docs", "/docs/style.css"} {
		tag := c.Get(path).Want(200).Header.Get("ETag")
		got := c.Get(path, With("If-None-Match", tag)).Want(http.StatusNotModified)
		if len(got.Body) > 0 || got.Header.Get("ETag") != tag {
			t.Errorf("%s: 304 with %d bytes and ETag %s", path, len(got.Body), got.Header.Get("ETag"))
		}
		c.Get(path, With("If-None-Match", `W/"other", `+tag)).Want(http.StatusNotModified)
		c.Get(path, With("If-None-Match", `"other"`)).Want(200)
	}
}
