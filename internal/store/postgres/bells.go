package postgres

import (
	"context"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/revocation"
)

// channel is where nodes announce that they have ended sessions. An announcement says no more than "look".
const channel = "mayfly_revoked"

const (
	announceGap  = 100 * time.Millisecond // between two announcements of one node
	announceRest = time.Minute            // after one that failed: not every engine of this protocol knows NOTIFY
)

// bells wake whoever waits for revocations: those of this node at once, those of others by LISTEN and NOTIFY.
//
// An announcement is a statement of its own, after the ending and not in it. A transaction that notifies holds, until its
// commit is on disk, a lock of which the whole cluster has one: sign-outs would wait for each other's disk writes. And an
// engine without NOTIFY would refuse to sign anybody out. What is lost when a node dies between the two, or behind a
// pooler that gives every transaction another connection, is found by reading.
type bells struct {
	revocation.Bell
	conns  *conns // announcements go by them
	listen listen // nil where it cannot work

	ctx     context.Context // ends when the database is closed
	cancel  context.CancelFunc
	running sync.WaitGroup

	mu         sync.Mutex
	due        bool // something was ended since the last announcement left
	announcing bool
	awaited    int       // how many wait
	left       time.Time // when the last of them stopped
	listening  bool
}

func newBells(c *conns, l listen) *bells {
	b := &bells{conns: c, listen: l}
	b.ctx, b.cancel = context.WithCancel(context.Background())
	return b
}

func (b *bells) close() {
	b.mu.Lock()
	b.cancel() // nothing is begun from now on
	b.mu.Unlock()
	b.running.Wait()
}

// ended is called after each step that may have ended sessions. It waits for nothing and cannot fail.
func (b *bells) ended() {
	b.Ring()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.due = true
	if !b.announcing && b.ctx.Err() == nil {
		b.announcing = true
		b.running.Go(b.announce)
	}
}

// after is ended for a step that succeeded. It returns err.
func (b *bells) after(err error) error {
	if err == nil {
		b.ended()
	}
	return err
}

// announce tells the other nodes until there is nothing to tell. One announcement speaks for all endings before it.
func (b *bells) announce() {
	for b.takeDue() {
		_, err := once(b.ctx, b.conns, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
			_, err = c.Exec(ctx, "SELECT pg_notify($1, '')", channel)
			return none, err
		})
		rest := announceGap
		if err != nil {
			rest = announceRest
		}
		b.rest(rest)
	}
}

func (b *bells) takeDue() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if !b.due || b.ctx.Err() != nil {
		b.announcing = false
		return false
	}
	b.due = false
	return true
}

func (b *bells) rest(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-b.ctx.Done():
	}
}

// await returns when a bell rings or ctx ends. While somebody awaits, and a while longer, a connection listens.
func (b *bells) await(ctx context.Context) {
	rung := b.Next()
	b.join()
	defer b.leave()
	select {
	case <-rung:
	case <-ctx.Done():
	}
}

func (b *bells) join() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.awaited++
	if b.listen != nil && !b.listening && b.ctx.Err() == nil {
		b.listening = true
		b.running.Go(b.keepListening)
	}
}

func (b *bells) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.awaited--
	b.left = time.Now()
}

// wanted reports whether somebody awaits or did lately.
func (b *bells) wanted() bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ctx.Err() == nil && (b.awaited > 0 || time.Since(b.left) < listenLinger)
}
