// Package link is a TCP connection that fails on purpose: a proxy on a port of 127.0.0.1 in front of one target.
//
// It is written here, not taken from a library of faults, because the proof needs to know what a fault has done to the
// bytes: [Still] loses nothing and delivers late, [Mute] delivers every question and no answer, [HalfOpen] tells one end
// only. What a fault has torn cannot be mended: such a connection is reset when the fault is over.
package link

import (
	"net"
	"sync"
	"time"
)

// Mode is how a link behaves.
type Mode string

// The modes.
const (
	Open     Mode = "open"
	Slow     Mode = "slow"      // every message takes Latency longer
	Still    Mode = "still"     // nothing moves; when the link opens again, all of it arrives
	Mute     Mode = "mute"      // what is asked arrives, what is answered does not
	HalfOpen Mode = "half-open" // the target sees the connection end, the caller sees nothing
	Closed   Mode = "closed"    // every connection is reset, the new ones too
)

// Latency is what a slow link adds to a message.
const Latency = 30 * time.Millisecond

// Link is the proxy.
type Link struct {
	listener net.Listener
	target   string
	running  sync.WaitGroup

	mu      sync.Mutex
	changed *sync.Cond
	mode    Mode
	pairs   map[*pair]bool
	closed  bool
}

// pair is one connection: two sockets and what has become of them.
type pair struct {
	caller, target *net.TCPConn // target is nil on a half-open link
	torn           bool         // bytes were thrown away
}

// New opens a link to the target, HOST:PORT.
func New(target string) (*Link, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	l := &Link{listener: listener, target: target, mode: Open, pairs: map[*pair]bool{}}
	l.changed = sync.NewCond(&l.mu)
	l.running.Go(l.accept)
	return l, nil
}

// Address is where the link listens.
func (l *Link) Address() string { return l.listener.Addr().String() }

// Close ends every connection and the listening, and waits for them.
func (l *Link) Close() error {
	err := l.listener.Close()
	l.mu.Lock()
	l.closed = true
	l.changed.Broadcast()
	l.mu.Unlock()
	l.Cut()
	l.running.Wait()
	return err
}

// Set changes how the link behaves from now on.
func (l *Link) Set(m Mode) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.mode = m
	l.changed.Broadcast()
	for p := range l.pairs {
		switch {
		case m == Closed, p.torn && m != Mute && m != HalfOpen:
			p.reset()
		case m == HalfOpen:
			p.leaveHalf()
		}
	}
}

// Cut resets the connections that there are.
func (l *Link) Cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.pairs {
		p.reset()
	}
}

func (l *Link) accept() {
	for {
		conn, err := l.listener.Accept()
		if err != nil {
			return // closed
		}
		l.running.Go(func() { l.serve(conn.(*net.TCPConn)) })
	}
}

// serve carries one connection until an end of it is over.
func (l *Link) serve(caller *net.TCPConn) {
	p := &pair{caller: caller}
	if !l.join(p) {
		reset(caller)
		return
	}
	defer l.leave(p)
	if !l.reach(p) {
		return
	}
	var answers sync.WaitGroup
	answers.Go(func() { l.pump(p, p.target, p.caller, true) })
	l.pump(p, p.caller, p.target, false)
	answers.Wait()
}

func (l *Link) join(p *pair) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.closed || l.mode == Closed {
		return false
	}
	l.pairs[p] = true
	return true
}

func (l *Link) leave(p *pair) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.pairs, p)
	p.reset()
}

// reach connects to the target. On a half-open link the caller is left to wait.
func (l *Link) reach(p *pair) bool {
	l.mu.Lock()
	for l.mode == HalfOpen && !l.closed {
		p.torn = true
		l.changed.Wait()
	}
	l.mu.Unlock()
	conn, err := net.Dial("tcp", l.target)
	if err != nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	p.target = conn.(*net.TCPConn)
	return l.mode != Closed && !l.closed && !p.torn
}

// pump moves bytes one way. Its end is the end of the connection, except that a caller on a half-open link is kept.
func (l *Link) pump(p *pair, from, to *net.TCPConn, answers bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if err != nil {
			break
		}
		if !l.pass(p, answers) {
			continue // thrown away
		}
		if _, err := to.Write(buffer[:n]); err != nil {
			break
		}
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	for l.mode == HalfOpen && p.torn && !l.closed {
		l.changed.Wait()
	}
	p.reset()
}

// pass waits until a message may go on, and reports false if it is lost.
func (l *Link) pass(p *pair, answer bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.mode == Slow {
		l.mu.Unlock()
		time.Sleep(Latency) // this is the fault itself
		l.mu.Lock()
	}
	for l.mode == Still && !l.closed {
		l.changed.Wait()
	}
	if l.mode == Mute && answer || p.torn {
		p.torn = true
		return false
	}
	return true
}

func (p *pair) reset() {
	reset(p.caller)
	if p.target != nil {
		reset(p.target)
	}
}

// leaveHalf ends the target's side.
func (p *pair) leaveHalf() {
	p.torn = true
	if p.target != nil {
		reset(p.target)
	}
}

// reset ends a connection at once; what is still on its way is dropped.
func reset(c *net.TCPConn) {
	_ = c.SetLinger(0) // it may be closed already
	_ = c.Close()
}
