//go:build e2e

package torture

import (
	"bytes"
	"encoding/base64"
	endian "encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"

	"github.com/mayfly-auth/mayfly/e2e/torture/history"
)

// reply is what a node answered.
type reply struct {
	status int
	header http.Header
	text   string

	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
	Code    string `json:"code"`
	Reason  string `json:"reason"`
	Session struct {
		ID string `json:"id"`
	} `json:"session"`
}

// request is a call of the API before it is sent. Bearer and body may be empty.
type request struct {
	method, path string
	bearer       string
	body         map[string]string
}

// client makes calls for one user and records them. It does one thing at a time.
type client struct {
	*user
	name string
	rng  *rand.Rand
}

// call sends a request to some node and records what came of it. A call that did not reach a node is no part of the
// history.
func (c *client) call(asked history.Call, r request) (reply, history.Answer, *history.Operation) {
	line := c.lines[c.rng.IntN(len(c.lines))]
	o := c.history.Begin(c.name, asked)
	got, err := send(line, r)
	switch {
	case err != nil && unsent(err):
		c.history.Drop(o)
		return got, history.Answer{Unknown: true}, o
	case err != nil:
		var slow net.Error
		if errors.As(err, &slow) && slow.Timeout() {
			c.tally.blame(hung, "%s: %v", asked.Kind, err)
		}
		c.tally.called(asked.Kind, false)
		return got, history.Answer{Unknown: true}, o
	}
	a := c.read(asked, got)
	c.tally.called(asked.Kind, !a.Unknown)
	if a.Unknown {
		return got, a, o
	}
	if asked.Kind == history.Login && a.Code == "" {
		c.opened(got.Session.ID, c.history.Opened(o))
	}
	c.history.End(o, a)
	return got, a, o
}

// read says what an answer means. "Unavailable" leaves open whether the call came true: the database may have made what
// the node heard no more of.
func (c *client) read(asked history.Call, got reply) history.Answer {
	switch {
	case got.status < 300:
		a := history.Answer{}
		if got.Refresh != "" {
			a.Generation = generationOf(got.Refresh)
			c.sawToken(got.Session.ID, a.Generation, got.Refresh)
		}
		return a
	case got.status == http.StatusUnauthorized, got.status == http.StatusTooManyRequests:
		return history.Answer{Code: got.Code, Reason: got.Reason}
	case got.status == http.StatusServiceUnavailable:
		if got.header.Get("Retry-After") == "" || got.Code != "unavailable" ||
			got.header.Get("Content-Type") != "application/problem+json" {
			c.tally.blame(unclear, "%s: 503 %v %s", asked.Kind, got.header, got.text)
		}
	case got.status >= 500:
		c.tally.blame(internal, "%s: %d %s", asked.Kind, got.status, got.text)
	default:
		c.tally.blame(unclear, "%s: %d %s", asked.Kind, got.status, got.text)
	}
	return history.Answer{Unknown: true}
}

func send(l *line, r request) (reply, error) {
	var body io.Reader
	if r.body != nil {
		raw, err := json.Marshal(r.body)
		if err != nil {
			return reply{}, err
		}
		body = bytes.NewReader(raw)
	}
	req, err := http.NewRequest(r.method, l.url+r.path, body)
	if err != nil {
		return reply{}, err
	}
	if r.body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	if r.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+r.bearer)
	}
	resp, err := l.http.Do(req)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	raw, err := io.ReadAll(resp.Body)
	if err != nil {
		return reply{}, err // half an answer is none
	}
	got := reply{status: resp.StatusCode, header: resp.Header, text: string(raw)}
	_ = json.Unmarshal(raw, &got) // what is no JSON has its status
	return got, nil
}

// generationOf reads the generation out of a refresh token: mfr_, then base64url of version(1) key-id(1) user(16)
// session(16) generation(4) and more. What is no refresh token has generation 0.
func generationOf(token string) uint32 {
	raw, err := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(token, "mfr_"))
	if err != nil || len(raw) < 38 {
		return 0
	}
	return endian.BigEndian.Uint32(raw[34:38])
}
