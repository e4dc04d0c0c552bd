package apitest

import (
	"net/http"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// Answer is what came back.
type Answer struct {
	Status  int // 0 when nothing came
	Header  http.Header
	Body    []byte
	Cookies []*http.Cookie // that the answer sets

	t    testing.TB
	what string
}

// Want stops the test unless the answer has this status.
func (a *Answer) Want(status int) *Answer {
	a.t.Helper()
	if a.Status != status {
		a.t.Fatalf("%s: status %d, want %d: %s", a.what, a.Status, status, a.Body)
	}
	return a
}

// WantProblem stops the test unless the answer is the problem with this status and code.
func (a *Answer) WantProblem(status int, code string) *Answer {
	a.t.Helper()
	if a.Status != status || a.Code() != code {
		a.t.Fatalf("%s: %d %s, want %d %s: %s", a.what, a.Status, a.Code(), status, code, a.Body)
	}
	return a
}

// Code is the code of a problem, "" if it is none.
func (a *Answer) Code() string {
	if a.Status < 400 {
		return ""
	}
	return a.Text("code")
}

// Ended says whether the answer ends the session for good.
func (a *Answer) Ended() bool { return a.Value("session_ended") == true }

// Value returns a member of the body, nil if there is none. The path goes down through objects: "session.id".
func (a *Answer) Value(path string) any {
	var value any
	if json.Unmarshal(a.Body, &value) != nil {
		return nil
	}
	for name := range strings.SplitSeq(path, ".") {
		members, _ := value.(map[string]any)
		value = members[name]
	}
	return value
}

// Text is Value for a string; "" if it is none.
func (a *Answer) Text(path string) string {
	text, _ := a.Value(path).(string)
	return text
}

// Into decodes the body.
func (a *Answer) Into(to any) {
	a.t.Helper()
	if err := json.Unmarshal(a.Body, to); err != nil {
		a.t.Fatalf("%s: %v: %s", a.what, err, a.Body)
	}
}

// Fields are the names of the fields that a problem complains of, in its order.
func (a *Answer) Fields() []string {
	var body struct {
		Errors []struct {
			Field string `json:"field"`
		} `json:"errors"`
	}
	_ = json.Unmarshal(a.Body, &body)
	fields := make([]string, len(body.Errors))
	for i, one := range body.Errors {
		fields[i] = one.Field
	}
	return fields
}

// Cookie returns the cookie that the answer sets, nil if it sets none of this name.
func (a *Answer) Cookie(name string) *http.Cookie {
	for _, c := range a.Cookies {
		if c.Name == name {
			return c
		}
	}
	return nil
}
