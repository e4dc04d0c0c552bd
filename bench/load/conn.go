package load

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"time"
)

// patience is how long an answer may take. A server that takes longer has failed.
const patience = 30 * time.Second

// Answer is what came back. Its bytes are good until the next call on the connection.
type Answer struct {
	Status int
	header []byte // lines with their ends, without the status line
	Body   []byte
}

// Cookie returns the value that the answer sets a cookie to, nil if it sets none of this name.
func (a Answer) Cookie(name string) []byte {
	for line := range bytes.Lines(a.header) {
		field, value, _ := bytes.Cut(line, []byte(":"))
		if !bytes.EqualFold(field, []byte("Set-Cookie")) {
			continue
		}
		value, found := bytes.CutPrefix(bytes.TrimSpace(value), []byte(name+"="))
		if found {
			value, _, _ = bytes.Cut(value, []byte(";"))
			return value
		}
	}
	return nil
}

// conn is one connection that is kept alive.
type conn struct {
	net.Conn
	r      *bufio.Reader
	header []byte
	body   []byte
}

func dial(address string) (*conn, error) {
	c, err := net.DialTimeout("tcp", address, patience)
	if err != nil {
		return nil, err
	}
	return &conn{Conn: c, r: bufio.NewReaderSize(c, 16<<10)}, nil
}

// ask sends one request and reads its answer.
func (c *conn) ask(request []byte) (Answer, error) {
	if err := c.SetDeadline(time.Now().Add(patience)); err != nil {
		return Answer{}, err
	}
	if _, err := c.Write(request); err != nil {
		return Answer{}, err
	}
	status, err := c.status()
	if err != nil {
		return Answer{}, err
	}
	length, err := c.fields()
	if err != nil {
		return Answer{}, err
	}
	if err := c.read(length); err != nil {
		return Answer{}, err
	}
	return Answer{Status: status, header: c.header, Body: c.body}, nil
}

func (c *conn) status() (int, error) {
	line, err := c.r.ReadSlice('\n')
	if err != nil {
		return 0, err
	}
	if len(line) < 12 || !bytes.HasPrefix(line, []byte("HTTP/1.1 ")) {
		return 0, fmt.Errorf("not an answer of HTTP/1.1: %q", line)
	}
	return strconv.Atoi(string(line[9:12]))
}

const chunked = -1

// fields reads the header and returns how long the body is.
func (c *conn) fields() (length int, err error) {
	c.header = c.header[:0]
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return 0, err
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 {
			return length, nil
		}
		c.header = append(c.header, line...)
		name, value, _ := bytes.Cut(line, []byte(":"))
		switch value = bytes.TrimSpace(value); {
		case bytes.EqualFold(name, []byte("Content-Length")):
			if length, err = strconv.Atoi(string(value)); err != nil {
				return 0, err
			}
		case bytes.EqualFold(name, []byte("Transfer-Encoding")):
			length = chunked
		case bytes.EqualFold(name, []byte("Connection")) && bytes.EqualFold(value, []byte("close")):
			return 0, errors.New("the server closes connections; a benchmark of that would measure dialling")
		}
	}
}

func (c *conn) read(length int) error {
	c.body = c.body[:0]
	if length != chunked {
		return c.take(length)
	}
	for {
		line, err := c.r.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseUint(string(bytes.TrimSpace(line)), 16, 31)
		if err != nil {
			return err
		}
		if err := c.take(int(size)); err != nil {
			return err
		}
		if _, err := c.r.Discard(len("\r\n")); err != nil || size == 0 {
			return err
		}
	}
}

// take appends the next bytes to the body.
func (c *conn) take(n int) error {
	from := len(c.body)
	c.body = append(c.body, make([]byte, n)...)
	_, err := io.ReadFull(c.r, c.body[from:])
	return err
}
