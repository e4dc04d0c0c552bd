//go:build unix

package mongotest

import (
	"encoding/binary"
	"errors"
	"io"
	"net"
	"sync"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"
)

// Proxy stands before a server and can lose an answer: the command is made, and the connection breaks.
type Proxy struct {
	Address string
	server  string

	mu   sync.Mutex
	lose map[string]int // commands by name, and how many answers
	lost int
}

// NewProxy starts a proxy before a server; the test's end stops it.
func NewProxy(t testing.TB, server string) *Proxy {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &Proxy{Address: l.Addr().String(), server: server, lose: map[string]int{}}
	var running sync.WaitGroup
	ends := make(chan struct{})
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			running.Go(func() { p.attend(client, ends) })
		}
	})
	t.Cleanup(func() {
		_ = l.Close()
		close(ends)
		running.Wait()
	})
	return p
}

// Lose lets the answers to the next n commands of a name be lost.
func (p *Proxy) Lose(command string, n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.lose[command] += n
}

// Lost returns how many answers were lost.
func (p *Proxy) Lost() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.lost
}

func (p *Proxy) loses(command string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.lose[command] == 0 {
		return false
	}
	p.lose[command]--
	p.lost++
	return true
}

// attend passes on one connection, command by command, until one side or the test ends.
func (p *Proxy) attend(client net.Conn, ends <-chan struct{}) {
	defer client.Close()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		return
	}
	defer server.Close()
	over := make(chan struct{})
	defer close(over)
	go func() {
		select {
		case <-ends:
		case <-over:
		}
		_, _ = client.Close(), server.Close()
	}()
	for {
		request, err := readMessage(client)
		if err != nil {
			return
		}
		if _, err := server.Write(request); err != nil {
			return
		}
		answer, err := readMessage(server)
		if err != nil || p.loses(commandOf(request)) {
			return
		}
		if _, err := client.Write(answer); err != nil {
			return
		}
	}
}

// readMessage reads a message of the wire protocol, which begins with its length.
func readMessage(r io.Reader) ([]byte, error) {
	var size [4]byte
	if _, err := io.ReadFull(r, size[:]); err != nil {
		return nil, err
	}
	n := binary.LittleEndian.Uint32(size[:])
	if n < 16 || n > 48_000_000 {
		return nil, errors.New("not a message")
	}
	message := make([]byte, n)
	copy(message, size[:])
	_, err := io.ReadFull(r, message[4:])
	return message, err
}

// commandOf returns the name of the command in an OP_MSG: the first member of the document that follows the header, the
// flags and the kind of the section.
func commandOf(message []byte) string {
	const opMsg, bodyAt = 2013, 21
	if len(message) < bodyAt || binary.LittleEndian.Uint32(message[12:]) != opMsg {
		return ""
	}
	first, err := bson.Raw(message[bodyAt:]).IndexErr(0)
	if err != nil {
		return ""
	}
	return first.Key()
}
