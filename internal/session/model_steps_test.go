package session_test

import (
	"time"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// judge is the rule as a value, so that the same checker runs the real one and wrong ones.
type judge func(l session.Lineage, presented uint32, now time.Time) (session.Verdict, session.Lineage)

// assumption is what a schedule has to respect for the promises to hold. Each can be lifted, and each is then shown to
// be needed: see TestModelKnownLimitsAreReal.
type assumption uint8

const (
	prompt    assumption = 1 << iota // an exchange takes a tick each way at most
	together                         // the victim is never divided, see state.divided
	calmClock                        // the server's clock steps forward only while nothing is under way
	calmDB                           // a backup is restored only while nothing is under way and the hands agree

	allAssumptions = prompt | together | calmClock | calmDB
)

// world is what can happen, besides the victim who refreshes from a cookie jar over a network that loses things.
type world struct {
	thief   bool  // copies the jar's token and uses it, any number of times
	second  bool  // the victim has a second holder of the token
	backups bool  // an earlier row may come back
	single  bool  // one exchange at a time
	strict  bool  // refresh_recovery = false: the client comes back within the window, or never
	last    token // no token beyond this one is made: the bound of the search
	assumed assumption
}

// step is one thing that happens. Which exchange or token it concerns is part of it, so that a schedule can be told.
type step struct {
	kind  stepKind
	which uint8 // an index of trips, a hand, or the thief's choice
}

type stepKind uint8

const (
	begin stepKind = iota
	send           // a hand sends its token
	handle
	deliver
	lose
	tick
	pause
	clockBack
	clockForward
	adopt // the second holder copies the jar
	leave // the second holder is gone
	backUp
	restore
	copyToken // the thief copies the jar
	use       // the thief presents a token
)

// The thief's choices when he presents a token.
const (
	useKept  = 1 << iota // not what he got last but what he kept
	loseIt               // and the answer is lost
	keepLast             // and he forgets what he kept for what he got last
)

// moment is the time at which the model's judge looks at a row; only ages matter.
var moment = time.Date(2026, time.November, 24, 12, 0, 0, 0, time.UTC)

const tickLength = time.Second

func lineage(r row) session.Lineage {
	return session.Lineage{
		Generation: uint32(r.newest),
		Parent:     uint32(r.parent),
		RotatedAt:  moment.Add(-time.Duration(r.age) * tickLength),
	}
}

// present lets the server judge a token. Broken is the property of a single answer that the rule violates, or "".
func (m *checker) present(r row, t token, byThief bool) (verdict session.Verdict, next row, broken string) {
	verdict, l := m.judge(lineage(r), uint32(t), moment)
	next = r
	switch verdict {
	case session.Reuse:
		next.ended = true
	case session.Rotate:
		next = row{newest: token(l.Generation), parent: token(l.Parent), stolen: byThief, own: m.thief}
		next.age = int8(min(max(moment.Sub(l.RotatedAt)/tickLength, before), past))
	}
	return verdict, next, m.checkAnswer(r, t, verdict, l)
}

// steps calls visit for everything that can happen next.
func (m *checker) steps(s state, visit func(step, state, string)) {
	m.clientSteps(s, visit)
	m.clockSteps(s, visit)
	if m.backups {
		next := s
		next.backup = s.row
		next.backup.own = false
		if next.backup != s.backup {
			visit(step{kind: backUp}, next, "")
		}
		if s.backup.newest != noToken && (!m.assumes(calmDB) || !s.busy() && s.inStep()) {
			next := s.disown().forget() // what was issued since the backup was made is accepted again
			next.row = s.backup
			visit(step{kind: restore}, next, "")
		}
	}
	if m.thief {
		m.thiefSteps(s, visit)
	}
}

func (m *checker) clientSteps(s state, visit func(step, state, string)) {
	for from, t := range s.hands {
		if t != noToken && s.trips[0].leg == nowhere && !(m.single && s.busy()) { // canonical: free ones come first
			next := s
			next.trips[0] = exchange{leg: asking, from: hand(from), token: t}
			visit(step{send, uint8(from)}, next, "")
		}
	}
	for i, trip := range s.trips {
		switch trip.leg {
		case asking:
			m.handleStep(s, i, visit)
		case answering:
			visit(step{deliver, uint8(i)}, m.delivered(s, i), "")
		}
		if trip.leg != nowhere {
			next := s
			next.trips[i] = exchange{}
			visit(step{lose, uint8(i)}, next, "")
		}
	}
	if m.second && s.hands[second] == noToken {
		next := s
		next.hands[second] = s.hands[jar]
		visit(step{kind: adopt}, next, "")
	}
	if s.hands[second] != noToken {
		next := s
		next.hands[second] = noToken
		for i, trip := range s.trips {
			if trip.from == second {
				next.trips[i] = exchange{}
			}
		}
		visit(step{kind: leave}, next, "")
	}
}

func (m *checker) handleStep(s state, i int, visit func(step, state, string)) {
	next := s.spend(s.trips[i].token, false)
	verdict, r, broken := m.present(next.row, s.trips[i].token, false)
	if r.newest > m.last {
		return
	}
	next.row = r
	next.trips[i] = exchange{}
	if verdict != session.Reuse {
		rotated := verdict == session.Rotate
		next.trips[i] = exchange{
			leg: answering, from: s.trips[i].from, token: r.newest,
			own:   r.own && !r.stolen,
			after: s.rounds > 0 && rotated,
		}
		if !rotated && r.stolen { // the victim came within the window of the thief
			next = next.forget()
		}
	}
	visit(step{handle, uint8(i)}, next, broken)
}

// delivered puts an answer where it belongs. A late one overwrites whatever is there.
func (m *checker) delivered(s state, i int) state {
	trip := s.trips[i]
	s.trips[i] = exchange{}
	s.hands[trip.from] = trip.token
	if trip.from == jar {
		s.victimOwn = trip.own
	}
	if trip.after && s.rounds < 3 {
		s.rounds++
	}
	return s
}

func (m *checker) clockSteps(s state, visit func(step, state, string)) {
	ready := !m.assumes(prompt) || !s.trips[0].slow && !s.trips[1].slow
	if ready && m.mayAge(s, 1) {
		next := s.older(1)
		for i := range next.trips {
			next.trips[i].slow = m.assumes(prompt) && next.trips[i].leg != nowhere
		}
		visit(step{kind: tick}, next, "")
	}
	if (!s.busy() || !m.assumes(calmClock)) && m.mayAge(s, 1) {
		visit(step{kind: clockForward}, s.older(1), "")
	}
	if !s.busy() && m.mayAge(s, past-before) {
		visit(step{kind: pause}, s.older(past-before), "")
	}
	visit(step{kind: clockBack}, s.older(-1), "")
}

// mayAge keeps a client under the strict rule to what that rule asks of it: to have its answer within the window.
func (m *checker) mayAge(s state, ticks int8) bool {
	return !m.strict || m.thief || s.row.age+ticks <= window || s.hands[jar] == s.row.newest
}

func (m *checker) thiefSteps(s state, visit func(step, state, string)) {
	if s.loot != s.hands[jar] {
		for _, keep := range []uint8{0, keepLast} {
			next := s.forget()
			if keep == keepLast {
				next.kept = s.loot
			}
			next.loot, next.thiefOwn = s.hands[jar], false
			visit(step{copyToken, keep}, next, "")
		}
	}
	for choice := range uint8(8) {
		t := s.loot
		if choice&useKept != 0 {
			t = s.kept
		}
		idle := choice&loseIt != 0 && choice&keepLast != 0 || choice&useKept != 0 && s.kept == s.loot
		if t == noToken || idle {
			continue
		}
		next := s.spend(t, true)
		verdict, r, broken := m.present(next.row, t, true)
		if r.newest > m.last {
			continue
		}
		next.row = r
		if verdict != session.Reuse && choice&loseIt == 0 {
			next = took(next, verdict, choice&keepLast != 0)
		}
		visit(step{use, choice}, next, broken)
	}
}

// took is what a delivered answer makes of the thief.
func took(s state, verdict session.Verdict, keepLast bool) state {
	if keepLast {
		s.kept = s.loot
	}
	s.loot, s.thiefOwn = s.row.newest, s.row.own && s.row.stolen
	switch {
	case verdict == session.Rotate:
		// A token of the time after the backup is as good as a new copy; the count waits until it is spent.
		if s.rounds == 0 && s.kept <= s.row.newest {
			s.rounds = 1
		}
	case !s.row.stolen: // he came within the window of the victim
		s = s.forget()
	}
	return s
}
