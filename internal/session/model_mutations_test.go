package session_test

import (
	"time"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// answer is one judgement of the real rule, before a mutation spoils it.
type answer struct {
	was     session.Lineage
	p       uint32
	now     time.Time
	verdict session.Verdict
	next    session.Lineage
}

func (a *answer) refuse() { a.verdict, a.next = session.Reuse, a.was }
func (a *answer) repeat() { a.verdict, a.next = session.Repeat, a.was }
func (a *answer) rotate() {
	a.verdict = session.Rotate
	a.next = session.Lineage{Generation: max(a.was.Generation, a.p) + 1, Parent: a.p, RotatedAt: a.now}
}

func (a *answer) age() time.Duration { return a.now.Sub(a.was.RotatedAt) }
func (a *answer) inWindow() bool     { return a.age() <= window*tickLength }
func (a *answer) isNewest() bool     { return a.p == a.was.Generation }
func (a *answer) isParent() bool     { return a.p == a.was.Parent }
func (a *answer) isNewer() bool      { return a.p > a.was.Generation }
func (a *answer) isOld() bool        { return !a.isNewest() && !a.isParent() && !a.isNewer() }

// spoiled is the real rule with a mistake in it.
func spoiled(mistake func(*answer)) judge {
	rule := session.Rule{Window: window * tickLength, Recovery: true}
	return func(l session.Lineage, p uint32, now time.Time) (session.Verdict, session.Lineage) {
		a := answer{was: l, p: p, now: now}
		a.verdict, a.next = rule.Judge(l, p, now)
		mistake(&a)
		return a.verdict, a.next
	}
}

// mutation is a mistake and the properties that notice it, each by itself.
type mutation struct {
	name    string
	mistake func(*answer)
	caught  property
}

// mutations, by what is wrong: who is accepted (6); where the window lies (7); what is written (7); what reuse leads
// to (4).
var mutations = []mutation{
	{"the parent is refused", func(a *answer) {
		if a.isParent() {
			a.refuse()
		}
	}, neverSignedOut | progress},
	{"the parent is refused after the window", func(a *answer) {
		if a.isParent() && !a.inWindow() {
			a.refuse()
		}
	}, neverSignedOut},
	{"a token newer than the row is refused", func(a *answer) {
		if a.isNewer() {
			a.refuse()
		}
	}, neverSignedOut | progress},
	{"a token newer than the row is answered with the row's newest", func(a *answer) {
		if a.isNewer() {
			a.repeat()
		}
	}, progress},
	{"the grandparent is accepted", func(a *answer) {
		if a.p+1 == a.was.Parent || a.isOld() && a.p+2 == a.was.Generation {
			a.rotate()
		}
	}, detected | neverTwoLineages | reuseEnds},
	{"the grandparent is answered inside the window", func(a *answer) {
		if a.isOld() && a.inWindow() {
			a.repeat()
		}
	}, detected | neverTwoLineages | reuseEnds},

	{"the window is ignored", func(a *answer) {
		if a.verdict == session.Repeat {
			a.rotate()
		}
	}, neverSignedOut | progress},
	{"the window never ends", func(a *answer) {
		if a.verdict == session.Rotate && !a.isNewer() {
			a.repeat()
		}
	}, progress},
	{"the window is open at its edge", func(a *answer) {
		if a.verdict == session.Repeat && a.age() == window*tickLength {
			a.rotate()
		}
	}, neverSignedOut | progress},
	{"the window is not there for the parent", func(a *answer) {
		if a.verdict == session.Repeat && a.isParent() {
			a.rotate()
		}
	}, neverSignedOut | progress},
	{"the window is not there for the newest", func(a *answer) {
		if a.verdict == session.Repeat && a.isNewest() {
			a.rotate()
		}
	}, neverSignedOut | progress},
	{"the window ends when the clock steps back", func(a *answer) {
		if a.verdict == session.Repeat && a.age() < 0 {
			a.rotate()
		}
	}, neverSignedOut | progress},
	{"the parent is answered again after the window", func(a *answer) {
		if a.isParent() {
			a.repeat()
		}
	}, progress},

	{"the new parent is the generation, not the one presented", func(a *answer) {
		if a.verdict == session.Rotate {
			a.next.Parent = a.was.Generation
		}
	}, neverSignedOut | neverTwoLineages},
	{"the parent is not replaced", func(a *answer) {
		if a.verdict == session.Rotate {
			a.next.Parent = a.was.Parent
		}
	}, neverSignedOut},
	{"the parent's successor is one more than the parent", func(a *answer) {
		if a.verdict == session.Rotate && a.isParent() {
			a.next.Generation = a.p + 1
		}
	}, detected | progress},
	{"the generation stands still", func(a *answer) {
		if a.verdict == session.Rotate {
			a.next.Generation = max(a.was.Generation, a.p)
		}
	}, detected | progress},
	{"a restored row goes on from its own generation", func(a *answer) {
		if a.isNewer() {
			a.next.Generation = a.was.Generation + 1
		}
	}, neverSignedOut | progress},
	{"the time of the rotation is not moved", func(a *answer) {
		a.next.RotatedAt = a.was.RotatedAt
	}, neverSignedOut | progress},
	{"an answer given again moves the window", func(a *answer) {
		if a.verdict == session.Repeat {
			a.next.RotatedAt = a.now
		}
	}, progress},

	{"reuse is answered with the newest", func(a *answer) {
		if a.isOld() {
			a.repeat()
		}
	}, detected | neverTwoLineages | reuseEnds},
	{"reuse is answered with a new one", func(a *answer) {
		if a.isOld() {
			a.rotate()
		}
	}, detected | neverTwoLineages | reuseEnds},
	{"only what is older than the parent is reuse", func(a *answer) {
		if a.isOld() && a.p > a.was.Parent {
			a.rotate()
		}
	}, neverTwoLineages | reuseEnds},
	{"only what is newer than the parent is reuse", func(a *answer) {
		if a.isOld() && a.p < a.was.Parent {
			a.rotate()
		}
	}, detected | neverTwoLineages | reuseEnds},
}
