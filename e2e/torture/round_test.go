//go:build e2e

package torture

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/e2e/torture/history"
	"github.com/mayfly-auth/mayfly/e2e/torture/link"
)

// round is nodes, people and faults, from the start of the nodes to the verdict.
type round struct {
	t        *testing.T
	tally    *tally
	seed     uint64
	window   time.Duration
	database database
	nodes    []*node
	lines    []*line      // to the nodes, in their order
	links    []*link.Link // from the nodes to the database
	users    []*user
	clients  int
	running  sync.WaitGroup
	stop     chan struct{}
	halt     func() // closes stop, once

	began  map[string]time.Time
	beside []history.Span
}

// windows are the refresh windows that rounds take in turn. With the first a token rotates at nearly every use; with
// the others many uses find the window open.
var windows = []time.Duration{25 * time.Millisecond, time.Millisecond, 250 * time.Millisecond}

const (
	quietPeople = 2 // two devices each, which nobody ever signs out
	busyPeople  = 2 // a device, two tabs, and the owner at work on their sessions
	endings     = 4 // of all sessions by one owner in a round
)

// run is one round. What it finds is in the tally.
func (s store) run(t *testing.T, db database, seed uint64, window time.Duration, found *tally) {
	t.Helper()
	r := &round{
		t: t, tally: found, seed: seed, window: window, database: db,
		stop: make(chan struct{}), began: map[string]time.Time{},
	}
	r.halt = sync.OnceFunc(func() { close(r.stop) })
	t.Cleanup(r.halt)
	rng := rand.New(rand.NewPCG(seed, 0))
	r.startNodes(s.nodes)
	if !r.settle() {
		found.blame(unserved, "the nodes do not become ready: %s", r.nodes[0].output.String())
		return
	}
	r.people(rng)
	r.disturb(rng, r.faultsOf(rng))
	settled := r.settle()
	r.halt()
	r.running.Wait()
	if settled {
		r.afterwards()
	}
	r.judge()
	for _, n := range r.nodes {
		n.kill()
	}
}

func (r *round) startNodes(count int) {
	folder := r.t.TempDir()
	var public string
	for i := range count {
		address := "127.0.0.1:" + freePort(r.t)
		if i == 0 {
			public = "http://" + address // the same for all, as behind a balancer
		}
		env := []string{"MAYFLY_SECRET=a secret that all nodes of the torture share"}
		if r.database.isServer() {
			wire, err := link.New(r.database.address(r.t))
			if err != nil {
				r.t.Fatal(err)
			}
			r.t.Cleanup(func() { _ = wire.Close() })
			r.links = append(r.links, wire)
			env = append(env, "DATABASE_URL="+r.database.through(r.t, wire.Address()))
		}
		r.nodes = append(r.nodes, newNode(r.t, address, []string{
			"serve", "--listen", address, "--public-url", public, "--data", filepath.Join(folder, fmt.Sprint("node", i)),
			"--refresh-window", r.window.String(), "--access-ttl", "24h",
		}, env))
		l := newLine(address)
		r.t.Cleanup(l.http.CloseIdleConnections)
		r.lines = append(r.lines, l)
	}
}

// settle waits until every part is as if there had never been a fault.
func (r *round) settle() bool {
	for _, n := range r.nodes {
		if !eventually(n.ready) {
			r.tally.blame(unserved, "a node does not become ready: %s", tail(n.output.String()))
			return false
		}
	}
	return true
}

// people signs everybody in and lets them live.
func (r *round) people(rng *rand.Rand) {
	for i := range quietPeople + busyPeople {
		u := newUser(fmt.Sprintf("person%d-%d@example.com", r.seed, i), r.tally, r.lines, r.stop)
		r.users = append(r.users, u)
		first := u.client("first device", rng.Uint64())
		d := first.register()
		if d == nil {
			return
		}
		r.live(func() { first.faithful(d) })
		if u.quiet = i < quietPeople; u.quiet {
			second := u.client("second device", rng.Uint64())
			r.live(func() { second.faithful(second.login()) })
			continue
		}
		w := new(wallet)
		w.replace(u.client("tabs", rng.Uint64()).login())
		for tab := range 2 {
			c := u.client(fmt.Sprint("tab ", tab), rng.Uint64())
			r.live(func() { c.tab(w) })
		}
		o := &owner{client: u.client("owner", rng.Uint64()), limit: endings}
		r.live(o.live)
	}
}

func (r *round) live(f func()) {
	r.clients++
	r.running.Go(f)
}

// afterwards asks for every session once more, now that nothing disturbs: each must be answered, and the history then
// holds how each of them ended up.
func (r *round) afterwards() {
	for i, u := range r.users {
		u.stop = make(chan struct{}) // so that rests are rests again
		c := u.client("afterwards", r.seed+uint64(i))
		for _, d := range u.newest() {
			r.untilAnswered(c, "refresh", func() history.Answer { return c.refresh(d) })
			if !d.over {
				r.untilAnswered(c, "refresh", func() history.Answer { return c.refresh(d) })
				r.untilAnswered(c, "verify", func() history.Answer { return c.verify(d) })
			}
			if d.over && u.quiet {
				r.tally.blame(signedOut, "%s, session %d, in the end", u.email, d.session)
			}
		}
		if c.login() == nil {
			r.tally.blame(lockedOut, "%s cannot sign in afterwards", u.email)
		}
	}
}

func (r *round) untilAnswered(c *client, what string, ask func() history.Answer) {
	for tries := range mostTries {
		if !ask().Unknown {
			return
		}
		c.backOff(tries)
	}
	r.tally.blame(unserved, "%s, when all faults were over", what)
}

// judge gives every history to the checker, and keeps what shows a violation.
func (r *round) judge() {
	for _, n := range r.nodes {
		if said := n.crashed(); said != "" {
			r.tally.blame(crashed, "%s", said)
		}
	}
	r.tally.rounds++
	for i, u := range r.users {
		r.tally.histories++
		verdict := u.history.Check(r.window, patience, r.beside)
		switch verdict {
		case history.Explained:
			continue
		case history.Apart:
			r.tally.apart++
			continue
		}
		what := map[history.Verdict]string{history.Violated: violated, history.Undecided: undecided}[verdict]
		r.tally.blame(what, "person %d: %s", i, r.keep(i, u))
	}
	if !r.tally.clean() {
		r.t.Logf("MAYFLY_TORTURE_SEED=%d repeats the order of faults of this round", r.seed)
	}
}

// keep writes what is needed to understand a violation, and says where.
func (r *round) keep(i int, u *user) string {
	base, err := r.logs()
	if err != nil {
		return err.Error()
	}
	page := fmt.Sprintf("%s-person%d.html", base, i)
	if err := u.history.Draw(page, r.window, patience, r.beside); err != nil {
		return err.Error()
	}
	return "look at " + page + ", the logs of the nodes are beside it"
}

// interrogate makes nodes that do not answer say what each of their goroutines waits for. It ends them.
func (r *round) interrogate() string {
	for _, n := range r.nodes {
		n.signal(syscall.SIGCONT)
		n.signal(syscall.SIGQUIT)
		if !eventually(func() bool { return strings.Contains(n.output.String(), "SIGQUIT: quit") }) {
			return "nothing: not even the runtime answers"
		}
	}
	base, err := r.logs()
	if err != nil {
		return err.Error()
	}
	return base + "-node*.log"
}

// logs writes what the nodes have said, and returns how the names of everything about this round begin.
func (r *round) logs() (string, error) {
	folder := os.Getenv("MAYFLY_TORTURE_OUT")
	if folder == "" {
		folder = filepath.Join(os.TempDir(), "mayfly-torture")
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return "", err
	}
	base := filepath.Join(folder, fmt.Sprintf("%s-seed%d", strings.ReplaceAll(r.t.Name(), "/", "-"), r.seed))
	for i, n := range r.nodes {
		if err := os.WriteFile(fmt.Sprintf("%s-node%d.log", base, i), []byte(n.output.String()), 0o600); err != nil {
			return "", err
		}
	}
	return base, nil
}

func (r *round) must(what string, err error) {
	if err != nil {
		r.t.Fatalf("%s: %v", what, err)
	}
}

func tail(text string) string { return text[max(0, len(text)-2000):] }
