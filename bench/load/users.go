package load

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
)

// Chain is a user with one or more sessions, who refreshes each in turn with the newest refresh token it was given.
// Which server it asks is a matter of the path and the name of the cookie.
type Chain struct {
	Path   string
	Cookie string
	Tokens []string
	// Moved looks at the old token and the new one and says whether the refresh counts. Nil counts every one.
	Moved func(old, next string) error

	turn int
}

// Request presents the newest token of the next session.
func (c *Chain) Request(b []byte) []byte {
	c.turn = (c.turn + 1) % len(c.Tokens)
	b = head(b, http.MethodPost, c.Path)
	b = append(b, "Cookie: "...)
	b = append(b, c.Cookie...)
	b = append(b, '=')
	b = append(b, c.Tokens[c.turn]...)
	return append(b, "\r\nContent-Length: 0\r\n\r\n"...)
}

// Take keeps the new token.
func (c *Chain) Take(a Answer) error {
	if err := expect(a, http.StatusOK); err != nil {
		return err
	}
	next := a.Cookie(c.Cookie)
	if next == nil {
		return errors.New("the answer has no refresh token")
	}
	old := c.Tokens[c.turn]
	c.Tokens[c.turn] = string(next)
	if c.Moved == nil {
		return nil
	}
	return c.Moved(old, c.Tokens[c.turn])
}

// Fixed is a user who makes the same requests again and again, in turn.
type Fixed struct {
	Requests [][]byte
	Status   int // of a right answer

	turn int
}

// Request repeats the next one.
func (f *Fixed) Request(b []byte) []byte {
	f.turn = (f.turn + 1) % len(f.Requests)
	return append(b, f.Requests[f.turn]...)
}

// Take looks at the status alone.
func (f *Fixed) Take(a Answer) error { return expect(a, f.Status) }

// Get is a request without a body. Each field is one line of the header.
func Get(path string, fields ...string) []byte {
	return append(lines(head(nil, http.MethodGet, path), fields), "\r\n"...)
}

// Post is a request with a body of JSON. Each field is one more line of the header.
func Post(path, body string, fields ...string) []byte {
	b := lines(head(nil, http.MethodPost, path), fields)
	b = append(b, "Content-Type: application/json\r\nContent-Length: "...)
	b = strconv.AppendInt(b, int64(len(body)), 10)
	return append(append(b, "\r\n\r\n"...), body...)
}

func lines(b []byte, fields []string) []byte {
	for _, field := range fields {
		b = append(append(b, field...), "\r\n"...)
	}
	return b
}

func head(b []byte, method, path string) []byte {
	b = append(append(append(b, method...), ' '), path...)
	return append(b, " HTTP/1.1\r\nHost: localhost\r\n"...)
}

func expect(a Answer, status int) error {
	if a.Status != status {
		return fmt.Errorf("wanted %d, got %.300s", status, a.Body)
	}
	return nil
}
