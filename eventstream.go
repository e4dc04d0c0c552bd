package mayfly

import (
	"bufio"
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

// longestLine bounds what a stream can make us hold, in bytes; the longest that Mayfly sends has about ten thousand.
const longestLine = 64 << 10

// event is one message of a stream.
type event struct {
	name string
	id   string // the last one that the stream gave, with this event or before
	data []byte // until the next event is read
}

// eventReader reads server-sent events as the WHATWG HTML standard parses them (section 9.2.6): lines that end with CR,
// LF or both, wherever the network cut them; comments; a message over at an empty line. A message without an empty line
// after it never came.
type eventReader struct {
	lines   *bufio.Scanner
	afterCR bool
	begun   bool
	id      string
	data    []byte
}

func newEventReader(r io.Reader) *eventReader {
	s := &eventReader{lines: bufio.NewScanner(r)}
	s.lines.Buffer(nil, longestLine)
	s.lines.Split(s.split)
	return s
}

var errLongEvent = fmt.Errorf("an event is longer than %d bytes: that is no revocation feed", longestLine)

// next returns the next message, or why there is none: io.EOF at the end of the stream.
func (s *eventReader) next() (event, error) {
	name, hasData := "", false
	s.data = s.data[:0]
	for s.lines.Scan() {
		line := s.lines.Bytes()
		if !s.begun {
			line = bytes.TrimPrefix(line, []byte("\ufeff"))
			s.begun = true
		}
		if len(line) == 0 {
			if hasData {
				return event{name, s.id, bytes.TrimSuffix(s.data, []byte("\n"))}, nil
			}
			name = ""
			continue
		}
		field, value, _ := bytes.Cut(line, []byte(":"))
		value = bytes.TrimPrefix(value, []byte(" "))
		switch string(field) { // what begins with a colon has no name and is a comment
		case "event":
			name = string(value)
		case "id":
			s.id = string(value)
		case "data":
			if len(s.data)+len(value) >= longestLine {
				return event{}, errLongEvent
			}
			s.data, hasData = append(append(s.data, value...), '\n'), true
		}
	}
	err := s.lines.Err()
	switch {
	case err == nil:
		err = io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		err = errLongEvent
	}
	return event{}, err
}

// split is a bufio.SplitFunc. It never waits for what may come after a CR: the line is over either way.
func (s *eventReader) split(data []byte, atEOF bool) (advance int, line []byte, err error) {
	start := 0
	if s.afterCR && len(data) > 0 {
		s.afterCR = false
		if data[0] == '\n' {
			start = 1
		}
	}
	length := bytes.IndexAny(data[start:], "\r\n")
	switch {
	case length >= 0:
		end := start + length
		s.afterCR = data[end] == '\r'
		return end + 1, data[start:end], nil
	case atEOF:
		return len(data), nil, nil
	}
	return start, nil, nil
}

// Everything that the feed says, apart from names that a later Mayfly may add.
const (
	eventRevoked = "revoked"
	eventCurrent = "current"
)

// revoked is the data of an event that names sessions which have ended.
type revoked struct {
	marks   []accesstoken.Mark
	expires time.Duration // from when it was sent: no access token of these sessions is valid after that
}

var errMalformedEvent = errors.New("an event of the feed can not be read: is this server older than its Mayfly?")

// farthest keeps a time from overflowing, whatever the feed says. No access token lives longer than a day.
const farthest = 400 * 24 * time.Hour

// decodeRevoked refuses what it does not understand. To skip it would be to claim that nobody was signed out.
func decodeRevoked(data []byte) (revoked, error) {
	var body struct {
		Sessions  []string `json:"sessions"`
		ExpiresIn *float64 `json:"expires_in"` // seconds
	}
	if err := json.Unmarshal(data, &body); err != nil || body.ExpiresIn == nil {
		return revoked{}, errMalformedEvent
	}
	seconds := math.Ceil(min(max(*body.ExpiresIn, 0), farthest.Seconds()))
	r := revoked{expires: time.Duration(seconds) * time.Second, marks: make([]accesstoken.Mark, len(body.Sessions))}
	for i, text := range body.Sessions {
		if !decodeMark(&r.marks[i], text) {
			return revoked{}, errMalformedEvent
		}
	}
	return r, nil
}

func decodeMark(m *accesstoken.Mark, text string) bool {
	if base64.RawURLEncoding.EncodedLen(len(m)) != len(text) {
		return false
	}
	n, err := base64.RawURLEncoding.Decode(m[:], []byte(text))
	return err == nil && n == len(m) // the decoder skips line breaks: then there are too few
}
