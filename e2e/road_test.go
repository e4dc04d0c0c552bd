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

// road is a way to PostgreSQL that can stop rotations on it, before they reach the database or on their way back, and
// nothing else. The node must name its statements in full: default_query_exec_mode=exec.
type road struct {
	url string

	mu      sync.Mutex
	changed *sync.Cond
	stopped stop
	waiting int // messages that are held
}

// stop says where a rotation is held.
type stop int

const (
	nowhere stop = iota
	beforeTheDatabase
	onTheWayBack
)

// aRotation is in the text of every statement that rotates.
var aRotation = []byte("SET generation =")

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
	r := &road{url: strings.Replace(to, target.Host, listener.Addr().String(), 1) + "&default_query_exec_mode=exec"}
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
		r.hold(nowhere)
		all.Wait()
	})
	return r
}

// hold stops rotations there from now on, and lets those go that are held elsewhere.
func (r *road) hold(where stop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.stopped = where
	r.changed.Broadcast()
}

// holds reports whether a rotation is held.
func (r *road) holds() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.waiting > 0
}

// pass waits until nothing is held there.
func (r *road) pass(where stop) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.waiting++
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
	asked := false // the answer to a rotation comes next
	var back sync.WaitGroup
	back.Go(func() {
		pump(database, node, func([]byte) {
			mu.Lock()
			rotated := asked
			asked = false
			mu.Unlock()
			if rotated {
				r.pass(onTheWayBack)
			}
		})
		node.Close()
	})
	pump(node, database, func(message []byte) {
		if bytes.Contains(message, aRotation) {
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
