package apitest

import (
	"bytes"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/url"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
)

// Client talks to one Server as one device would: a browser with its cookies, or a program with its tokens. Its calls
// may be made from many goroutines at once; its fields are not to be changed meanwhile.
type Client struct {
	// Bearer is sent as access token where it is not empty.
	Bearer string
	// RefreshToken is what Refresh and Logout send in the body where it is not empty.
	RefreshToken string
	// Header is added to each request.
	Header http.Header
	// Who is signed in, if SignUp made the client.
	Email, Password string

	s    *Server
	t    testing.TB
	http *http.Client
}

// Client returns a new device, with an empty cookie jar.
func (s *Server) Client() *Client {
	s.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		s.t.Fatal(err)
	}
	transport := s.http.Client().Transport // trusts the certificate
	return &Client{s: s, t: s.t, Header: http.Header{}, http: &http.Client{
		Jar: jar, Transport: transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// In returns the same device for a subtest, which then fails by itself.
func (c *Client) In(t testing.TB) *Client {
	same := *c
	same.t = t
	return &same
}

// Password is what everybody's password is that SignUp made.
const Password = "nine engines weave algebra"

// SignUp registers a new person and returns the device they are signed in on.
func (s *Server) SignUp(delivery string) *Client {
	s.t.Helper()
	c := s.Client()
	c.Email, c.Password = fmt.Sprintf("person-%d@example.com", s.people.Add(1)), Password
	got := c.Post("/v1/register", map[string]string{"email": c.Email, "password": c.Password, "delivery": delivery})
	c.keep(got.Want(http.StatusCreated))
	return c
}

// Login signs the same person in on a new device.
func (c *Client) Login(delivery string) *Client {
	c.t.Helper()
	other := c.s.Client()
	other.Email, other.Password = c.Email, c.Password
	other.LoginHere(delivery).Want(http.StatusOK)
	return other
}

// LoginHere signs the same person in on this device.
func (c *Client) LoginHere(delivery string) *Answer {
	c.t.Helper()
	return c.keep(c.Post("/v1/login", map[string]string{"identifier": c.Email, "password": c.Password, "delivery": delivery}))
}

// Refresh refreshes in the way of the device, and keeps what comes.
func (c *Client) Refresh() *Answer {
	c.t.Helper()
	return c.keep(c.Post("/v1/refresh", c.token()))
}

// Logout signs the device out. Query is "" or "?scope=…".
func (c *Client) Logout(query string) *Answer {
	c.t.Helper()
	return c.Post("/v1/logout"+query, c.token())
}

// token is the body of a refresh: none where the token travels in its cookie.
func (c *Client) token() any {
	if c.RefreshToken == "" {
		return nil
	}
	return map[string]string{"refresh_token": c.RefreshToken}
}

func (c *Client) keep(a *Answer) *Answer {
	if a.Status >= 300 {
		return a
	}
	if token := a.Text("access_token"); token != "" {
		c.Bearer = token
	}
	if token := a.Text("refresh_token"); token != "" {
		c.RefreshToken = token
	}
	return a
}

// Get makes one call, as Post, Patch and Delete do. The path lies under the public URL, and may have a query. A body that is a
// string or []byte is sent as it is, any other as its JSON, nil not at all; the type is application/json unless an
// edit of the request changes it.
func (c *Client) Get(path string, edits ...func(*http.Request)) *Answer {
	c.t.Helper()
	return c.Do(http.MethodGet, path, nil, edits...)
}

// Post is described at Get.
func (c *Client) Post(path string, body any, edits ...func(*http.Request)) *Answer {
	c.t.Helper()
	return c.Do(http.MethodPost, path, body, edits...)
}

// Patch is described at Get.
func (c *Client) Patch(path string, body any, edits ...func(*http.Request)) *Answer {
	c.t.Helper()
	return c.Do(http.MethodPatch, path, body, edits...)
}

// Delete is described at Get.
func (c *Client) Delete(path string, body any, edits ...func(*http.Request)) *Answer {
	c.t.Helper()
	return c.Do(http.MethodDelete, path, body, edits...)
}

// Do makes a call with any method, also of a whole URL. A call that gets no answer fails the test and returns one with status 0.
func (c *Client) Do(method, path string, body any, edits ...func(*http.Request)) *Answer {
	c.t.Helper()
	answer := &Answer{t: c.t, what: method + " " + path}
	raw, err := encode(body)
	if err != nil {
		c.t.Errorf("%s: %v", answer.what, err)
		return answer
	}
	if strings.HasPrefix(path, "/") {
		path = c.s.URL + path
	}
	r, err := http.NewRequest(method, path, bytes.NewReader(raw))
	if err != nil {
		c.t.Errorf("%s: %v", answer.what, err)
		return answer
	}
	if raw == nil {
		r.Body, r.GetBody = http.NoBody, nil
	} else {
		r.Header.Set("Content-Type", "application/json")
	}
	for name, values := range c.Header {
		r.Header[name] = values
	}
	if c.Bearer != "" {
		r.Header.Set("Authorization", "Bearer "+c.Bearer)
	}
	for _, edit := range edits {
		edit(r)
	}
	response, err := c.http.Do(r)
	if err != nil {
		c.t.Errorf("%s: %v", answer.what, err)
		return answer
	}
	defer response.Body.Close()
	answer.Body, err = io.ReadAll(response.Body)
	if err != nil {
		c.t.Errorf("%s: read the answer: %v", answer.what, err)
	}
	answer.Status, answer.Header, answer.Cookies = response.StatusCode, response.Header, response.Cookies()
	return answer
}

func encode(body any) ([]byte, error) {
	switch body := body.(type) {
	case nil:
		return nil, nil
	case string:
		return []byte(body), nil
	case []byte:
		return body, nil
	}
	return json.Marshal(body)
}

// With sets a header of one request.
func With(name, value string) func(*http.Request) {
	return func(r *http.Request) { r.Header.Set(name, value) }
}

// Cookie returns the value of a cookie that the device holds for the server, "" if it has none. The name is one of
// "access", "refresh" and "signed_in", whatever prefix it has on the wire.
func (c *Client) Cookie(name string) string {
	u, err := url.Parse(c.s.URL)
	if err != nil {
		return ""
	}
	for _, held := range c.http.Jar.Cookies(u) {
		if strings.HasSuffix(held.Name, "mayfly_"+name) {
			return held.Value
		}
	}
	return ""
}
