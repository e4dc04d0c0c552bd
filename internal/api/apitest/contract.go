package apitest

import (
	"bytes"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// contract is the openapi.json that a server answers with.
type contract struct {
	publicURL string // without a slash at the end
	base      string // its path
	root      any    // the document, in the types of the schema library
	routes    []route

	mu       sync.Mutex // the compiler is not made for many
	compiler *jsonschema.Compiler
	compiled map[string]*jsonschema.Schema // by JSON pointer
}

// route is one documented method of one documented path.
type route struct {
	method, path string
	pointer      string // of the operation
}

// readContract asks the server itself, so that nothing but what it publishes is believed.
func readContract(publicURL string, h http.Handler) (*contract, error) {
	u, err := url.Parse(publicURL)
	if err != nil {
		return nil, err
	}
	c := &contract{publicURL: strings.TrimRight(publicURL, "/"), base: strings.TrimRight(u.Path, "/")}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, httptest.NewRequest(http.MethodGet, c.base+"/openapi.json", nil))
	if answer.Code != http.StatusOK {
		return nil, fmt.Errorf("GET /openapi.json: status %d", answer.Code)
	}
	if c.root, err = jsonschema.UnmarshalJSON(bytes.NewReader(answer.Body.Bytes())); err != nil {
		return nil, fmt.Errorf("openapi.json: %w", err)
	}
	c.compiler, c.compiled = jsonschema.NewCompiler(), map[string]*jsonschema.Schema{}
	c.compiler.DefaultDraft(jsonschema.Draft2020)
	c.compiler.AssertFormat()
	c.compiler.RegisterFormat(&jsonschema.Format{Name: "idn-email", Validate: isEmail})
	if err := c.compiler.AddResource(documentURL, c.root); err != nil {
		return nil, fmt.Errorf("openapi.json: %w", err)
	}
	for path, item := range members(c.at("/paths")) {
		for method := range members(item) {
			c.routes = append(c.routes, route{
				method: strings.ToUpper(method), path: path, pointer: "/paths/" + escape(path) + "/" + method,
			})
		}
	}
	if len(c.routes) == 0 {
		return nil, errors.New("openapi.json has no paths")
	}
	return c, nil
}

const documentURL = "http://contract.example/openapi.json"

// isEmail is all that RFC 6531 asks of any address.
func isEmail(value any) error {
	text, ok := value.(string)
	if !ok {
		return nil
	}
	if local, domain, found := strings.Cut(strings.TrimSpace(text), "@"); !found || local == "" || domain == "" {
		return errors.New("no email address")
	}
	return nil
}

// escape makes a part of a JSON pointer (RFC 6901 section 3).
func escape(name string) string { return strings.NewReplacer("~", "~0", "/", "~1").Replace(name) }

var unescape = strings.NewReplacer("~1", "/", "~0", "~")

func members(value any) map[string]any {
	object, _ := value.(map[string]any)
	return object
}

// at returns what a JSON pointer points to, nil for nothing.
func (c *contract) at(pointer string) any {
	value := c.root
	for part := range strings.SplitSeq(strings.TrimPrefix(pointer, "/"), "/") {
		value = members(value)[unescape.Replace(part)]
	}
	return value
}

// resolve follows a reference, if there is one at the pointer.
func (c *contract) resolve(pointer string) string {
	if ref, ok := members(c.at(pointer))["$ref"].(string); ok {
		return strings.TrimPrefix(ref, "#")
	}
	return pointer
}

// validate holds a value against the schema at a pointer.
func (c *contract) validate(pointer string, value any) error {
	schema, err := c.schema(pointer)
	if err != nil {
		return err
	}
	return schema.Validate(value)
}

func (c *contract) schema(pointer string) (*jsonschema.Schema, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if schema := c.compiled[pointer]; schema != nil {
		return schema, nil
	}
	schema, err := c.compiler.Compile(documentURL + "#" + (&url.URL{Path: pointer}).EscapedPath())
	if err != nil {
		return nil, fmt.Errorf("schema %s: %w", pointer, err)
	}
	c.compiled[pointer] = schema
	return schema, nil
}

// find returns the operation for a request, and the methods of its path. Without either there is no such path.
func (c *contract) find(method, path string) (found *route, methods []string) {
	if method == http.MethodHead {
		method = http.MethodGet
	}
	if c.base != "" && path == metadataPath+c.base { // RFC 8414 section 3.1
		path = c.base + metadataPath
	}
	inside, ok := strings.CutPrefix(path, c.base)
	if !ok {
		return nil, nil
	}
	for i, one := range c.routes {
		if !fits(one.path, inside) {
			continue
		}
		methods = append(methods, one.method)
		if one.method == method {
			found = &c.routes[i]
		}
	}
	slices.Sort(methods)
	return found, methods
}

const metadataPath = "/.well-known/oauth-authorization-server"

func fits(template, path string) bool {
	want, have := strings.Split(template, "/"), strings.Split(path, "/")
	if len(want) != len(have) {
		return false
	}
	for i, part := range want {
		if part != have[i] && (!strings.HasPrefix(part, "{") || have[i] == "") {
			return false
		}
	}
	return true
}

// cases are every documented status of every documented method.
func (c *contract) cases() []Case {
	var cases []Case
	for _, one := range c.routes {
		for text := range members(c.at(one.pointer + "/responses")) {
			status, err := strconv.Atoi(text)
			if err == nil {
				cases = append(cases, Case{one.method, one.path, status})
			}
		}
	}
	return cases
}

// CheckExamples holds every example of the contract against the schema beside it and names those that do not fit.
func CheckExamples(t testing.TB, publicURL string, h http.Handler) (faults []string) {
	t.Helper()
	c, err := readContract(publicURL, h)
	if err != nil {
		t.Fatalf("read the contract: %v", err)
	}
	var walk func(pointer string)
	walk = func(pointer string) {
		object := members(c.at(pointer))
		if object["schema"] != nil {
			for where, example := range c.examples(pointer) {
				if err := c.validate(c.resolve(pointer+"/schema"), example); err != nil {
					faults = append(faults, fmt.Sprintf("%s: %v", where, err))
				}
			}
		}
		for name := range object {
			walk(pointer + "/" + escape(name))
		}
	}
	for _, part := range []string{"/paths", "/components/responses"} {
		walk(part)
	}
	return faults
}

func (c *contract) examples(pointer string) map[string]any {
	found := map[string]any{}
	object := members(c.at(pointer))
	if example, ok := object["example"]; ok {
		found[pointer+"/example"] = example
	}
	for name := range members(object["examples"]) {
		where := c.resolve(pointer + "/examples/" + escape(name))
		found[where] = members(c.at(where))["value"]
	}
	return found
}
