package mayfly

import (
	"bytes"
	"encoding/base64"
	"errors"
	"io"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

type message struct{ name, id, data string }

// readAll returns every message of a stream and why it ended.
func readAll(r io.Reader) (all []message, err error) {
	for events := newEventReader(r); ; {
		e, err := events.next()
		if err != nil {
			return all, err
		}
		all = append(all, message{e.name, e.id, string(e.data)})
	}
}

func TestEventsAreReadAsTheStandardSays(t *testing.T) {
	for name, test := range map[string]struct {
		stream string
		want   []message
	}{
		"one":                           {"event: a\nid: 7\ndata: x\n\n", []message{{"a", "7", "x"}}},
		"CRLF":                          {"event: a\r\nid: 7\r\ndata: x\r\n\r\n", []message{{"a", "7", "x"}}},
		"CR alone":                      {"event: a\rid: 7\rdata: x\r\r", []message{{"a", "7", "x"}}},
		"all line ends in one":          {"event: a\r\nid: 7\rdata: x\n\r\n", []message{{"a", "7", "x"}}},
		"no space after the colon":      {"event:a\ndata:x\n\n", []message{{"a", "", "x"}}},
		"only one space is taken off":   {"data:  x\n\n", []message{{"", "", " x"}}},
		"a byte order mark":             {"\ufeffdata: x\n\n", []message{{"", "", "x"}}},
		"several lines of data":         {"data: x\ndata\ndata: y\n\n", []message{{"", "", "x\n\ny"}}},
		"comments and unknown fields":   {": hello\nretry: 1000\nmood: good\ndata: x\n:\n\n", []message{{"", "", "x"}}},
		"an event without data":         {"event: a\n\ndata: x\n\n", []message{{"", "", "x"}}},
		"empty data":                    {"event: a\ndata:\n\n", []message{{"a", "", ""}}},
		"an id lasts":                   {"id: 7\ndata: x\n\ndata: y\n\nid\ndata: z\n\n", []message{{"", "7", "x"}, {"", "7", "y"}, {"", "", "z"}}},
		"an unfinished message":         {"data: x\n\nevent: a\ndata: y\n", []message{{"", "", "x"}}},
		"an unfinished line":            {"data: x\n\ndata: y", []message{{"", "", "x"}}},
		"empty lines":                   {"\n\r\n\r\rdata: x\n\n\n\n", []message{{"", "", "x"}}},
		"nothing":                       {"", nil},
		"no stream at all":              {"<!doctype html>\n<p>Please sign in</p>\n\n", nil},
		"the name is of one event only": {"event: a\ndata: x\n\ndata: y\n\n", []message{{"a", "", "x"}, {"", "", "y"}}},
	} {
		t.Run(name, func(t *testing.T) {
			for how, r := range map[string]io.Reader{
				"whole":        strings.NewReader(test.stream),
				"byte by byte": iotest.OneByteReader(strings.NewReader(test.stream)),
				"EOF at once":  iotest.DataErrReader(strings.NewReader(test.stream)),
			} {
				if got, err := readAll(r); !slices.Equal(got, test.want) || !errors.Is(err, io.EOF) {
					t.Errorf("%s: %q, %v; want %q", how, got, err, test.want)
				}
			}
		})
	}
}

// A message must not wait for the byte after its last CR, which may come two seconds later.
func TestAMessageIsReadAsSoonAsItIsOver(t *testing.T) {
	for _, stream := range []string{"data: x\n\n", "data: x\r\n\r", "data: x\r\r", "data: x\r\n\r\n"} {
		r, w := io.Pipe()
		go func() { _, _ = w.Write([]byte(stream)) }() // and then nothing, for ever
		if e, err := newEventReader(r).next(); err != nil || string(e.data) != "x" {
			t.Errorf("%q: %q, %v", stream, e.data, err)
		}
		_ = r.Close()
	}
}

func TestAnEventIsBounded(t *testing.T) {
	for name, stream := range map[string]io.Reader{
		"a line without an end": endless("a"),
		"data without an end":   endless("data: x\n"),
		"a long line":           strings.NewReader("data: " + strings.Repeat("x", longestLine) + "\n\n"),
	} {
		if got, err := readAll(stream); got != nil || !errors.Is(err, errLongEvent) {
			t.Errorf("%s: %q, %v", name, got, err)
		}
	}
}

// endless says the same again and again.
type endless string

func (s endless) Read(p []byte) (int, error) {
	return copy(p, bytes.Repeat([]byte(s), len(p)/len(s)+1)), nil
}

func markText(m accesstoken.Mark) string { return base64.RawURLEncoding.EncodeToString(m[:]) }

func TestARevocationIsUnderstoodOrRefused(t *testing.T) {
	ada, eve := accesstoken.MarkOf("ada"), accesstoken.MarkOf("eve")
	got, err := decodeRevoked([]byte(`{"sessions":["` + markText(ada) + `","` + markText(eve) + `"],"expires_in":630,"later":{}}`))
	if err != nil || !slices.Equal(got.marks, []accesstoken.Mark{ada, eve}) || got.expires != 630*time.Second {
		t.Errorf("%+v, %v", got, err)
	}
	for _, test := range []struct {
		seconds string
		want    time.Duration
	}{{"0", 0}, {"-5", 0}, {"0.5", time.Second}, {"1e300", farthest}} {
		if got, err := decodeRevoked([]byte(`{"sessions":[],"expires_in":` + test.seconds + `}`)); err != nil || got.expires != test.want {
			t.Errorf("expires_in %s: %v, %v", test.seconds, got.expires, err)
		}
	}
	for _, data := range []string{
		``, `{}`, `null`, `[]`, `{"sessions":["` + markText(ada) + `"]}`, `{"sessions":["` + markText(ada) + `"],"expires_in":"630"}`,
		`{"sessions":[""],"expires_in":1}`, `{"sessions":["` + markText(ada)[1:] + `"],"expires_in":1}`,
		`{"sessions":["` + markText(ada) + `A"],"expires_in":1}`, `{"sessions":["++++++++++++++++"],"expires_in":1}`,
		`{"sessions":["AAAAAAAAAAAAAA\n\n"],"expires_in":1}`, `{"sessions":[7],"expires_in":1}`, `{"sessions":"x","expires_in":1}`,
	} {
		if got, err := decodeRevoked([]byte(data)); err == nil {
			t.Errorf("%s was understood as %+v", data, got)
		}
	}
}

// FuzzEvents reads whatever comes, whole and in pieces: both must see the same, within bounds.
func FuzzEvents(f *testing.F) {
	f.Add([]byte("retry: 1000\n\nevent: revoked\nid: 1\ndata: {\"sessions\":[\"q83vASNFZ4mrze8B\"],\"expires_in\":630}\n\n"), uint64(1))
	f.Add([]byte("\xef\xbb\xbfevent: current\r\ndata: {}\r\rdata\n\n: x\rid:\x00\n\n"), uint64(2))
	f.Fuzz(func(t *testing.T, stream []byte, seed uint64) {
		whole, wholeErr := readAll(bytes.NewReader(stream))
		pieces, piecesErr := readAll(&ragged{rest: stream, random: rand.New(rand.NewPCG(seed, 0))})
		if !slices.Equal(whole, pieces) || wholeErr.Error() != piecesErr.Error() {
			t.Fatalf("whole %q %v, in pieces %q %v", whole, wholeErr, pieces, piecesErr)
		}
		for _, m := range whole {
			if len(m.data) > longestLine || len(m.name) > longestLine || strings.ContainsAny(m.name+m.id, "\r\n") {
				t.Fatalf("out of bounds: %q", m)
			}
			r, err := decodeRevoked([]byte(m.data))
			if err == nil && (r.expires < 0 || r.expires > farthest) {
				t.Fatalf("expires in %v", r.expires)
			}
		}
	})
}

// ragged hands out its bytes in pieces of any size.
type ragged struct {
	rest   []byte
	random *rand.Rand
}

func (r *ragged) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		return 0, io.EOF
	}
	n := copy(p, r.rest[:1+r.random.IntN(len(r.rest))])
	r.rest = r.rest[n:]
	return n, nil
}
