package api_test

import (
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
)

// coverage collects what all tests of this package see of the contract.
var coverage apitest.Coverage

// unseen are documented answers that no test gets, each with the reason.
var unseen = map[string]string{
	"POST /v1/register 429": "ten thousand registrations would have to come before it; package limit counts them",
}

func TestMain(m *testing.M) { os.Exit(apitest.Main(m, &coverage, unseen)) }

func start(t *testing.T, edits ...func(*apitest.Options)) *apitest.Server {
	t.Helper()
	return apitest.Start(t, append([]func(*apitest.Options){func(o *apitest.Options) { o.Coverage = &coverage }}, edits...)...)
}

// afterWindow is later than the refresh window, and before any access token expires.
const afterWindow = 31 * time.Second

// accessLife is longer than any access token lives, with the 30 seconds that verifiers give it for clocks that differ.
const accessLife = 10*time.Minute + 31*time.Second

// call is one call that changes something, with a body that the server takes.
type call struct {
	method, path string
	body         any
}

func (c call) String() string { return c.method + " " + c.path }

func (c call) do(client *apitest.Client, edits ...func(*http.Request)) *apitest.Answer {
	return client.Do(c.method, c.path, c.body, edits...)
}

// changes are all calls that change something. The id is that of nobody's session.
var changes = []call{
	{"POST", "/v1/register", map[string]string{"email": "new@example.com", "password": apitest.Password}},
	{"POST", "/v1/login", map[string]string{"identifier": "nobody@example.com", "password": "wrong password"}},
	{"POST", "/v1/refresh", nil},
	{"POST", "/v1/logout", nil},
	{"PATCH", "/v1/me", map[string]string{"name": "Grace"}},
	{"DELETE", "/v1/me", map[string]string{"current_password": "wrong password"}},
	{"POST", "/v1/me/password", map[string]string{"current_password": "wrong password", "new_password": "seven looms sing of numbers"}},
	{"DELETE", "/v1/sessions?keep=current", nil},
	{"DELETE", "/v1/sessions/019ab31c-2e60-7c41-9a53-0e6a1f7d9b42", nil},
}

// guarded are all calls that need an access token.
var guarded = append([]call{
	{"GET", "/v1/me", nil},
	{"GET", "/v1/sessions", nil},
	{"GET", "/v1/verify", nil},
}, changes[4:]...)

// filled are all calls that read fields from a body.
var filled = []call{changes[0], changes[1], changes[2], changes[4], changes[5], changes[6]}
