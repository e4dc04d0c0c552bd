package link

import (
	"bufio"
	"io"
	"net"
	"sync/atomic"
	"testing"
	"time"
)

// echo answers every line with itself and counts what reached it.
type echo struct {
	net.Listener
	heard atomic.Int64
	ended atomic.Int64
}

func startEcho(t *testing.T) *echo {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	e := &echo{Listener: listener}
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go e.answer(conn)
		}
	}()
	return e
}

func (e *echo) answer(conn net.Conn) {
	defer conn.Close()
	for lines := bufio.NewReader(conn); ; {
		line, err := lines.ReadString('\n')
		if err != nil {
			e.ended.Add(1)
			return
		}
		e.heard.Add(1)
		_, _ = io.WriteString(conn, line)
	}
}

func open(t *testing.T, e *echo) *Link {
	t.Helper()
	l, err := New(e.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

func dial(t *testing.T, l *Link) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", l.Address())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil { // only so that a failing test ends
		t.Fatal(err)
	}
	return conn
}

func send(conn net.Conn) error { _, err := io.WriteString(conn, "hello\n"); return err }

func receive(conn net.Conn) error { _, err := io.ReadFull(conn, make([]byte, 6)); return err }

func mustTalk(t *testing.T, conn net.Conn) {
	t.Helper()
	if err := send(conn); err != nil {
		t.Fatal(err)
	}
	if err := receive(conn); err != nil {
		t.Fatal(err)
	}
}

func waitFor(t *testing.T, what string, ask func() bool) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); !ask(); time.Sleep(time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("never: " + what)
		}
	}
}

func TestAStillLinkDeliversAllOfItLater(t *testing.T) {
	e := startEcho(t)
	l := open(t, e)
	conn := dial(t, l)
	mustTalk(t, conn)
	l.Set(Still)
	if err := send(conn); err != nil {
		t.Fatal(err)
	}
	l.Set(Open)
	if err := receive(conn); err != nil {
		t.Fatal(err)
	}
	mustTalk(t, conn)
}

func TestAMuteLinkDeliversTheQuestionAndNeverTheAnswer(t *testing.T) {
	e := startEcho(t)
	l := open(t, e)
	conn := dial(t, l)
	mustTalk(t, conn)
	l.Set(Mute)
	if err := send(conn); err != nil {
		t.Fatal(err)
	}
	waitFor(t, "the question arrives", func() bool { return e.heard.Load() == 2 })
	waitFor(t, "the answer is thrown away", func() bool { return l.tornPairs() == 1 })
	l.Set(Open)
	if err := receive(conn); err == nil {
		t.Fatal("the answer came")
	}
	mustTalk(t, dial(t, l))
}

func (l *Link) tornPairs() (n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for p := range l.pairs {
		if p.torn {
			n++
		}
	}
	return n
}

func TestAHalfOpenLinkTellsOneEnd(t *testing.T) {
	e := startEcho(t)
	l := open(t, e)
	conn := dial(t, l)
	mustTalk(t, conn)
	l.Set(HalfOpen)
	waitFor(t, "the target sees the end", func() bool { return e.ended.Load() == 1 })
	if err := send(conn); err != nil {
		t.Fatalf("the caller was told: %v", err)
	}
	late := dial(t, l)
	waitFor(t, "both connections wait", func() bool { return l.tornPairs() == 2 })
	l.Set(Open)
	for _, one := range []net.Conn{conn, late} {
		if err := receive(one); err == nil {
			t.Fatal("an answer came over a torn connection")
		}
	}
	mustTalk(t, dial(t, l))
}

func TestAClosedLinkResetsOldAndNew(t *testing.T) {
	e := startEcho(t)
	l := open(t, e)
	conn := dial(t, l)
	mustTalk(t, conn)
	l.Set(Closed)
	if err := receive(conn); err == nil {
		t.Fatal("an answer came over a closed link")
	}
	if late, err := net.Dial("tcp", l.Address()); err == nil { // the reset may be there before the dialling is over
		defer late.Close()
		if err := receive(late); err == nil {
			t.Fatal("an answer came over a closed link")
		}
	}
	l.Set(Open)
	mustTalk(t, dial(t, l))
}

func TestACutLeavesTheLinkOpen(t *testing.T) {
	e := startEcho(t)
	l := open(t, e)
	conn := dial(t, l)
	mustTalk(t, conn)
	l.Cut()
	if err := receive(conn); err == nil {
		t.Fatal("an answer came over a connection that was cut")
	}
	mustTalk(t, dial(t, l))
}

func TestASlowLinkDelivers(t *testing.T) {
	l := open(t, startEcho(t))
	l.Set(Slow)
	mustTalk(t, dial(t, l))
}
