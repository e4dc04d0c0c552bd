//go:build e2e

package torture

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync/atomic"
)

// line is how clients reach a node. While it is deaf, an answer is thrown away the moment it arrives, and its connection
// is reset: the call was executed and nobody knows.
//
// This fault sits at the client's end, not in a proxy, because the client may only learn of the loss when the node is
// done. Otherwise its next call could overtake this one, and a token that comes late looks like a copy: a known limit
// of the rule, which would hide everything else.
type line struct {
	http *http.Client
	url  string
	deaf atomic.Bool
	lost atomic.Int64 // answers thrown away
}

func newLine(address string) *line {
	l := &line{url: "http://" + address}
	l.http = &http.Client{Timeout: callTimeout, Transport: &http.Transport{
		MaxIdleConnsPerHost: 64,
		DialContext: func(ctx context.Context, network, address string) (net.Conn, error) {
			conn, err := new(net.Dialer).DialContext(ctx, network, address)
			if err != nil {
				return nil, err
			}
			return &ear{conn.(*net.TCPConn), l}, nil
		},
	}}
	return l
}

// ear is a connection to the node.
type ear struct {
	*net.TCPConn
	line *line
}

var errAnswerLost = errors.New("the answer was lost")

func (e *ear) Read(p []byte) (int, error) {
	n, err := e.TCPConn.Read(p)
	if n > 0 && e.line.deaf.Load() {
		e.line.lost.Add(1)
		_ = e.SetLinger(0)
		_ = e.Close()
		return 0, errAnswerLost
	}
	return n, err
}

// unsent reports whether a call certainly did not reach a node: there was no connection to send it over.
func unsent(err error) bool {
	var failed *net.OpError
	return errors.As(err, &failed) && failed.Op == "dial"
}
