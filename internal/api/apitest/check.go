package apitest

import (
	"bytes"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// Check hands requests on to a server and fails the test over every answer that its openapi.json does not describe: an
// undocumented status or header, another content type, a body that does not fit its schema, a required header that is
// missing; or over a request that was granted although the contract says that it is malformed. Whatever the path, an
// answer that carries a cookie or a token must forbid caches to keep it.
//
// seen may be nil. The handler must not answer any more when the test is over.
func Check(t testing.TB, publicURL string, seen *Coverage, next http.Handler) http.Handler {
	t.Helper()
	c, err := readContract(publicURL, next)
	if err != nil {
		t.Fatalf("read the contract: %v", err)
	}
	seen.expect(c.cases())
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		request := listen(r)
		path := r.URL.Path
		answer := record(w)
		next.ServeHTTP(answer, r)
		if answer.status == 0 {
			answer.WriteHeader(http.StatusOK)
		}
		e := exchange{contract: c, method: r.Method, path: path, request: request.Bytes(), preflight: isPreflight(r), recorder: answer}
		e.judge(seen)
		for _, fault := range e.faults {
			t.Errorf("%s %s: status %d: %s", r.Method, path, answer.status, fault)
		}
	})
}

func isPreflight(r *http.Request) bool {
	return r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
}

// exchange is one request and its answer, and what is wrong with them.
type exchange struct {
	*contract
	*recorder
	method, path string
	request      []byte
	preflight    bool
	faults       []string
}

func (e *exchange) fault(format string, args ...any) {
	e.faults = append(e.faults, fmt.Sprintf(format, args...))
}

func (e *exchange) judge(seen *Coverage) {
	e.storage()
	found, methods := e.find(e.method, e.path)
	ours := methods != nil || strings.HasPrefix(e.path, e.base+"/v1/")
	switch {
	case !ours: // a page
		return
	case e.preflight && e.status == http.StatusNoContent:
		return
	case e.status >= 300 && e.status < 400 && methods == nil: // the mux leads to the clean path
		return
	}
	if got := e.header.Get("X-Content-Type-Options"); got != "nosniff" {
		e.fault("X-Content-Type-Options is %q", got)
	}
	switch {
	case found != nil:
		seen.note(Case{found.method, found.path, e.status})
		e.documented(found)
	case e.status == http.StatusForbidden:
		e.problem("cross_origin_refused")
	case methods != nil:
		e.wrongMethod(methods)
	case e.status == http.StatusNotFound:
		e.problem("not_found")
	default:
		e.fault("the path is not documented")
	}
}

var token = regexp.MustCompile(`mfr_[A-Za-z0-9_-]{40}|eyJ[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16,}\.[A-Za-z0-9_-]{16}`)

// storage is Promise 17: a cache never turns one person into another.
func (e *exchange) storage() {
	personal := e.header.Values("Set-Cookie") != nil || token.Match(e.body.Bytes())
	if personal && !strings.Contains(e.header.Get("Cache-Control"), "no-store") {
		e.fault("it carries credentials, and Cache-Control is %q", e.header.Get("Cache-Control"))
	}
}

func (e *exchange) documented(r *route) {
	pointer := r.pointer + "/responses/" + strconv.Itoa(e.status)
	if e.at(pointer) == nil {
		e.fault("the status is not documented: %s", e.body.Bytes())
		return
	}
	pointer = e.resolve(pointer)
	e.headers(pointer + "/headers")
	e.content(pointer + "/content")
	if e.status < 300 {
		e.granted(r)
	}
}

// everywhere are headers that any answer may have.
var everywhere = []string{
	"Content-Type", "Content-Length", "X-Content-Type-Options", "X-Frame-Options", "Referrer-Policy", "Strict-Transport-Security", "Vary",
	"Access-Control-Allow-Origin", "Access-Control-Allow-Credentials", "Access-Control-Allow-Methods", "Access-Control-Allow-Headers",
	"Access-Control-Expose-Headers", "Access-Control-Max-Age", "Connection", "Date",
}

func (e *exchange) headers(pointer string) {
	documented := map[string]bool{}
	for name := range members(e.at(pointer)) {
		name = http.CanonicalHeaderKey(name)
		documented[name] = true
	}
	for name := range e.header {
		if !documented[name] && !slices.Contains(everywhere, name) {
			e.fault("the header %s is not documented", name)
		}
	}
	for name := range members(e.at(pointer)) {
		where := e.resolve(pointer + "/" + escape(name))
		values := e.header.Values(name)
		if required := members(e.at(where))["required"] == true; required && len(values) == 0 {
			e.fault("the header %s is missing", name)
		}
		for _, text := range values {
			var value any = text
			if kind := members(e.at(where + "/schema"))["type"]; kind == "integer" {
				if n, err := strconv.Atoi(text); err == nil {
					value = n
				}
			}
			if err := e.validate(where+"/schema", value); err != nil {
				e.fault("the header %s: %v", name, err)
			}
		}
	}
}

func (e *exchange) content(pointer string) {
	documented := members(e.at(pointer))
	if len(documented) == 0 {
		if e.body.Len() > 0 {
			e.fault("it should have no body, and has %d bytes", e.body.Len())
		}
		return
	}
	kind, _, err := mime.ParseMediaType(e.header.Get("Content-Type"))
	if err != nil || documented[kind] == nil {
		e.fault("the content type %q is not documented", e.header.Get("Content-Type"))
		return
	}
	if e.method == http.MethodHead {
		return
	}
	schema := pointer + "/" + escape(kind) + "/schema"
	if !strings.HasSuffix(kind, "json") {
		if err := e.validate(schema, e.body.String()); err != nil {
			e.fault("%v", err)
		}
		return
	}
	e.json(schema)
}

// json holds the body against a schema, and a problem against the rest of the answer too.
func (e *exchange) json(schema string) {
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.body.Bytes()))
	if err != nil {
		e.fault("the body is no JSON: %v", err)
		return
	}
	if err := e.validate(schema, body); err != nil {
		e.fault("%v in %s", err, e.body.Bytes())
	}
	if !strings.HasPrefix(e.header.Get("Content-Type"), "application/problem+json") {
		return
	}
	problem := members(body)
	if got, want := fmt.Sprint(problem["status"]), strconv.Itoa(e.status); got != want {
		e.fault("the problem says status %s", got)
	}
	if got, want := problem["request_id"], e.header.Get("X-Request-Id"); got != want {
		e.fault("the problem says request_id %q, the header %q", got, want)
	}
	if got, want := problem["type"], fmt.Sprintf("%s/docs#%v", e.publicURL, problem["code"]); got != want {
		e.fault("the problem's type is %q, want %q", got, want)
	}
}

// problem is an answer that belongs to no operation.
func (e *exchange) problem(code string) {
	if got := e.header.Get("Content-Type"); got != "application/problem+json" {
		e.fault("the content type is %q", got)
		return
	}
	if e.method == http.MethodHead {
		return
	}
	e.json("/components/schemas/Problem")
	if !bytes.Contains(e.body.Bytes(), []byte(`"code":"`+code+`"`)) {
		e.fault("the code is not %s: %s", code, e.body.Bytes())
	}
}

func (e *exchange) wrongMethod(methods []string) {
	if e.status != http.StatusMethodNotAllowed {
		e.fault("the method is not documented")
		return
	}
	allowed := strings.Split(e.header.Get("Allow"), ", ")
	slices.Sort(allowed)
	if slices.Contains(methods, http.MethodGet) {
		methods = append(methods, http.MethodHead)
		slices.Sort(methods)
	}
	if !slices.Equal(allowed, methods) {
		e.fault("Allow is %q, documented are %q", allowed, methods)
	}
	e.problem("request_invalid")
}

// granted says that the request was as the contract wants it. The other way round is for the tests: a contract that
// asks for less than the server makes clients that fail.
func (e *exchange) granted(r *route) {
	if e.at(r.pointer+"/requestBody") == nil || e.at(r.pointer+"/requestBody/content") == nil {
		return
	}
	required := members(e.at(r.pointer + "/requestBody"))["required"] == true
	if len(e.request) == 0 {
		if required {
			e.fault("a request without the required body was granted")
		}
		return
	}
	if r.path == "/v1/logout" { // signing out works whatever is sent
		return
	}
	body, err := jsonschema.UnmarshalJSON(bytes.NewReader(e.request))
	if err == nil {
		err = e.validate(r.pointer+"/requestBody/content/application~1json/schema", body)
	}
	if err != nil {
		e.fault("a malformed request was granted: %v", err)
	}
}
