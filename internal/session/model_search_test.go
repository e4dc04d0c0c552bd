package session_test

import (
	"strings"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// property is one of the promises the checker holds the rule to.
type property uint8

const (
	// neverSignedOut: without a thief no schedule ends the session, and every hand always holds a token that buys the
	// next one.
	neverSignedOut property = 1 << iota
	// detected: once a copy was used outside the window, two refreshes of the victim outside the thief's windows
	// leave at most one of the two with a token that buys anything, counting what the thief kept from before.
	detected
	// neverTwoLineages: when victim and thief hold different tokens, and each has made his own since they last held
	// the same one, at most one of the two tokens buys anything, inside the window or outside.
	neverTwoLineages
	// progress: inside the window nothing is written; outside it the newest token, and at any age one of the time
	// after a backup, makes a generation above all before it, now. No answer is older than what was presented.
	progress
	// reuseEnds: a token that is neither newest nor parent nor newer ends the session.
	reuseEnds
)

var propertyNames = []struct {
	property property
	name     string
}{
	{neverSignedOut, "never signed out"},
	{detected, "detected"},
	{neverTwoLineages, "never two lineages"},
	{progress, "progress"},
	{reuseEnds, "reuse ends"},
}

func (p property) String() string {
	var names []string
	for _, one := range propertyNames {
		if p&one.property != 0 {
			names = append(names, one.name)
		}
	}
	return strings.Join(names, ", ")
}

// checker explores a world breadth first, so that the first violation it meets is a shortest one.
type checker struct {
	world
	judge      judge
	properties property

	seen  map[state]int32
	nodes []node
}

type node struct {
	state state
	from  int32 // the index of the node before
	by    step
	depth int32
}

// findings is what a search comes back with.
type findings struct {
	states, depth int
	exercised     map[property]int // states in which a property about the past had something to say
	violated      string           // the property, or ""
	schedule      string           // the shortest way there
}

func (m *checker) assumes(a assumption) bool { return m.assumed&a != 0 }

func (m *checker) run() findings {
	m.seen = make(map[state]int32, 1<<16)
	f := findings{exercised: map[property]int{}}
	m.add(start(), 0, step{}, 0)
	for at := 0; at < len(m.nodes) && f.violated == ""; at++ {
		here := m.nodes[at]
		f.depth = int(here.depth)
		if here.state.row.ended {
			continue
		}
		m.steps(here.state, func(by step, next state, broken string) {
			if f.violated != "" || m.assumes(together) && next.divided() {
				return
			}
			next = next.canonical()
			if broken == "" && m.unseen(next) {
				m.add(next, int32(at), by, here.depth+1)
				broken = m.checkState(next, f.exercised)
			}
			if broken != "" {
				f.violated = broken
				f.schedule = m.tellSchedule(int32(at), by, next)
			}
		})
	}
	f.states = len(m.nodes)
	return f
}

func (m *checker) unseen(s state) bool {
	_, ok := m.seen[s]
	return !ok
}

func (m *checker) add(s state, from int32, by step, depth int32) {
	m.seen[s] = int32(len(m.nodes))
	m.nodes = append(m.nodes, node{s, from, by, depth})
}

// checkAnswer judges one answer of the server by itself.
func (m *checker) checkAnswer(r row, t token, verdict session.Verdict, next session.Lineage) string {
	recoverable := !m.strict || t != r.parent || r.age <= window
	switch {
	case !r.knows(t) || !recoverable:
		if m.properties&reuseEnds != 0 && verdict != session.Reuse {
			return reuseEnds.String()
		}
	case m.properties&progress == 0:
	case t <= r.newest && r.age <= window:
		if verdict != session.Repeat || next != lineage(r) {
			return progress.String()
		}
	case verdict == session.Repeat, verdict == session.Reuse && t >= r.newest:
		return progress.String()
	case verdict == session.Rotate:
		if next.Generation <= uint32(max(r.newest, t)) || !next.RotatedAt.Equal(moment) {
			return progress.String()
		}
	}
	return ""
}

// checkState judges a moment.
func (m *checker) checkState(s state, exercised map[property]int) string {
	if !m.thief {
		if m.properties&neverSignedOut != 0 && !m.heldWell(s) {
			return neverSignedOut.String()
		}
		return ""
	}
	victim := m.accepts(s.row, s.hands[jar])
	loot, kept := m.accepts(s.row, s.loot), m.accepts(s.row, s.kept)
	if s.rounds == 3 {
		exercised[detected]++
		if m.properties&detected != 0 && victim && (loot || kept) {
			return detected.String()
		}
	}
	if s.victimOwn && s.thiefOwn && s.hands[jar] != s.loot {
		exercised[neverTwoLineages]++
		if m.properties&neverTwoLineages != 0 && victim && loot {
			return neverTwoLineages.String()
		}
	}
	return ""
}

// heldWell reports whether whatever the victim holds would be accepted next.
func (m *checker) heldWell(s state) bool {
	for _, t := range s.hands {
		if t != noToken && !m.accepts(s.row, t) {
			return false
		}
	}
	return true
}

// accepts asks the rule under test, not the table it should follow.
func (m *checker) accepts(r row, t token) bool {
	if r.ended || t == noToken {
		return false
	}
	verdict, _ := m.judge(lineage(r), uint32(t), moment)
	return verdict != session.Reuse
}
