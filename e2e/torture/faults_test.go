//go:build e2e

package torture

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"
	"time"

	"github.com/mayfly-auth/mayfly/e2e/torture/history"
	"github.com/mayfly-auth/mayfly/e2e/torture/link"
)

// fault is something that comes over a part of the whole, and goes again.
type fault struct {
	what  string
	on    string // two faults of one place do not come together
	begin func()
	end   func()
	bites func() bool // what must have come true before it ends; nil for nothing
	loses bool        // answers of the database to a node
}

// faultsOf returns one of each kind, each on a random node.
func (r *round) faultsOf(rng *rand.Rand) []fault {
	var all []fault
	for _, kind := range r.kinds() {
		all = append(all, kind(rng.IntN(len(r.nodes))))
	}
	rng.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all
}

func (r *round) kinds() []func(int) fault {
	kinds := []func(int) fault{r.killed, r.killed, r.stopped, r.paused, r.unheard}
	if r.database.isServer() {
		kinds = append(kinds, r.cut)
		for _, h := range r.database.halts {
			kinds = append(kinds, r.databaseDown(h))
		}
		for _, mode := range []link.Mode{link.Slow, link.Still, link.Mute, link.HalfOpen, link.Closed} {
			kinds = append(kinds, r.linkIs(mode))
		}
	}
	return kinds
}

func (r *round) killed(i int) fault {
	return fault{what: "node killed (−9)", on: fmt.Sprint("node ", i), begin: r.nodes[i].kill, end: r.nodes[i].start}
}

func (r *round) stopped(i int) fault {
	return fault{what: "node stopped and started", on: fmt.Sprint("node ", i), begin: r.nodes[i].stop, end: r.nodes[i].start}
}

func (r *round) paused(i int) fault {
	return fault{
		what: "node paused", on: fmt.Sprint("node ", i),
		begin: func() { r.nodes[i].signal(syscall.SIGSTOP) }, end: func() { r.nodes[i].signal(syscall.SIGCONT) },
	}
}

// unheard lasts until answers have been lost: calls that came true and that nobody knows of.
func (r *round) unheard(i int) fault {
	l := r.lines[i]
	var before int64
	return fault{
		what: "answers to clients lost", on: fmt.Sprint("line ", i),
		begin: func() { before = l.lost.Load(); l.deaf.Store(true) },
		end:   func() { l.deaf.Store(false) },
		bites: func() bool { return l.lost.Load() >= before+3 },
	}
}

func (r *round) databaseDown(h halt) func(int) fault {
	return func(int) fault {
		return fault{
			what: "database stopped (" + h.how + ")", on: "database", loses: true,
			begin: func() { r.must("stop the database", h.do()) },
			end:   func() { r.must("start the database", r.database.resume()) },
		}
	}
}

func (r *round) cut(i int) fault {
	return fault{
		what: "connections to the database cut", on: fmt.Sprint("link ", i), loses: true,
		begin: r.links[i].Cut, end: r.links[i].Cut,
	}
}

func (r *round) linkIs(mode link.Mode) func(int) fault {
	return func(i int) fault {
		return fault{
			what: "connections to the database " + string(mode), on: fmt.Sprint("link ", i), loses: true,
			begin: func() { r.links[i].Set(mode) }, end: func() { r.links[i].Set(link.Open) },
		}
	}
}

// disturb brings the faults, mostly one by one, sometimes two at a time, each at a random moment of the work. After each
// all of it must go on by itself.
func (r *round) disturb(rng *rand.Rand, faults []fault) {
	for len(faults) > 0 {
		together := faults[:1]
		if len(faults) > 1 && rng.IntN(4) == 0 && faults[0].on != faults[1].on {
			together = faults[:2]
		}
		faults = faults[len(together):]
		r.work(int64(5 + rng.IntN(40)))
		for _, f := range together {
			r.strike(f)
		}
		time.Sleep(time.Duration(50+rng.IntN(400)) * time.Millisecond) // the fault itself: nothing waits for it
		// One that waits for answers to lose ends last: the other may let none through.
		if together[0].bites != nil {
			slices.Reverse(together)
		}
		for _, f := range together {
			r.relent(f)
		}
		if !r.work(int64(2 * r.clients)) {
			r.tally.blame(unserved, "after %s: what the nodes were doing is in %s", r.beside[len(r.beside)-1].What, r.interrogate())
			return
		}
	}
}

// work waits until so many further calls were answered.
func (r *round) work(calls int64) bool {
	until := r.tally.answered.Load() + calls
	return eventually(func() bool { return r.tally.answered.Load() >= until })
}

func (r *round) strike(f fault) {
	r.tally.struck(f.what)
	r.began[f.what+f.on] = time.Now()
	f.begin()
}

func (r *round) relent(f fault) {
	if f.bites != nil && !eventually(f.bites) {
		r.tally.blame(unserved, "%s does not do what it is for", f.what)
	}
	f.end()
	r.beside = append(r.beside, history.Span{
		What: f.what + ", " + f.on, Began: r.began[f.what+f.on], End: time.Now(), Repeats: f.loses,
	})
}
