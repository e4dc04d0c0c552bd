//go:build e2e

package e2e

import (
	"bytes"
	"net"
	"net/url"
	"strings"
	"sync"
	"testing"
)

// road is a way to a database that can stop messages of one kind on it, before they reach the database or on their way
// back, and nothing else.
type road struct {
	url string

	mu      sync.Mutex
	changed *sync.Cond
	stopped stop
	what    kind
	waiting int // messages that are held
}

// kind is what a message to the database is known by: all that is in its bytes.
type kind []string

func (k kind) is(message []byte) bool {
	for _, part := range k {
		if !bytes.Contains(message, []byte(part)) {
			return false
		}
	}
	return true
}

// stop says where a message is held.
type stop int

const (
	nowhere stop = iota
	beforeTheDatabase
	onTheWayBack
)

// newRoad opens a road to the database of a URL.
func newRoad(t *testing.T, to string) *road {
	t.Helper()
	target, err := url.Parse(to)
	if err != nil {
		t.Fatal(err)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &road{url: strings.Replace(to, target.Host, listener.Addr().String(), 1)}
	r.changed = sync.NewCond(&r.mu)
	var all sync.WaitGroup
	all.Go(func() {
		for {
			node, err := listener.Accept()
			if err != nil {
				return // closed
			}
			all.Go(func() { r.carry(node, target.Host) })
		}
	})
	t.Cleanup(func() { // the node is gone by now, and its connections with it
		listener.Close()
		r.open()
		all.Wait()
	})
	return r
}

// hold stops messages of a kind there from now on.
func (r *road) hold(where stop, what kind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped, r.what = where, what
}

// open lets go what is held, and stops nothing from now on.
func (r *road) open() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped, r.what = nowhere, nil
	r.changed.Broadcast()
}

// holds reports whether a message is held.
func (r *road) holds() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting > 0
}

// comes waits until a message is held, and reports false if the road was opened before one was.
func (r *road) comes() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.waiting == 0 && r.stopped != nowhere {
		r.changed.Wait()
	}
	return r.waiting > 0
}

// stops reports whether a message is one of those that are held somewhere.
func (r *road) stops(message []byte) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.stopped != nowhere && r.what.is(message)
}

// pass waits until nothing is held there.
func (r *road) pass(where stop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting++
	r.changed.Broadcast()
	for r.stopped == where {
		r.changed.Wait()
	}
	r.waiting--
}

func (r *road) carry(node net.Conn, target string) {
	defer node.Close()
	database, err := net.Dial("tcp", target)
	if err != nil {
		return // as if it were not there
	}
	defer database.Close()
	var mu sync.Mutex
	asked := false // the answer to one of them comes next
	var back sync.WaitGroup
	back.Go(func() {
		pump(database, node, func([]byte) {
			mu.Lock()
			answers := asked
			asked = false
			mu.Unlock()
			if answers {
				r.pass(onTheWayBack)
			}
		})
		node.Close()
	})
	pump(node, database, func(message []byte) {
		if r.stops(message) {
			r.pass(beforeTheDatabase)
			mu.Lock()
			asked = true
			mu.Unlock()
		}
	})
	database.Close()
	back.Wait()
}

// pump carries bytes until one end is over, and shows each lot before it goes on.
func pump(from, to net.Conn, show func([]byte)) {
	lot := make([]byte, 64<<10)
	for {
		n, err := from.Read(lot)
		if n > 0 {
			show(lot[:n])
			if _, err := to.Write(lot[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
