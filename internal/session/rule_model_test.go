package session_test

import (
	"testing"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// A model check of the refresh rule: every schedule of a small world is walked, and the promises are asked of every
// moment of it.
//
// The world. A victim refreshes from a cookie jar, with up to two exchanges under way, whose requests and answers may
// be lost at any point, arrive in any order, and find any age of the row. There may be a second holder of the token with
// a storage of its own, and a thief who copies the jar whenever he likes, uses what he has at any moment, loses answers
// too, and remembers. The server's clock steps both ways; backups are made and restored. The server keeps nothing but
// the row, so that a restart changes nothing but what is under way. See world, stepKind, assumption.
//
// The bound. No schedule is cut at a depth: a search ends when nothing new can be reached with the generations of its
// world (world.last). Ages beyond the window and below zero are one each, so a pause has any length.
//
// What a token is. All tokens of a session are derived from its row, so generation 5 is the same bytes whenever and to
// whomever it is given. Thief and victim inside one window therefore hold one token, not two: the known limit.

// realRule is the code that ships.
func realRule(w world) judge {
	return session.Rule{Window: window * tickLength, Recovery: !w.strict}.Judge
}

const (
	answersAlone = progress | reuseEnds
	withoutThief = neverSignedOut | answersAlone
	withThief    = detected | neverTwoLineages | answersAlone
)

// searches is every world that is walked, and what holds in it.
var searches = []struct {
	name       string
	world      world
	properties property
}{
	{"no thief", world{second: true, backups: true, last: 6, assumed: allAssumptions}, withoutThief},
	{"no thief, strict rule", world{second: true, strict: true, last: 6, assumed: allAssumptions}, withoutThief},
	{"thief", world{thief: true, last: 5, assumed: allAssumptions}, withThief},
	{"thief, strict rule", world{thief: true, strict: true, last: 5, assumed: allAssumptions}, neverTwoLineages | answersAlone},
	{"thief and backups", world{thief: true, backups: true, single: true, last: 4, assumed: allAssumptions}, withThief},
	// There are never two live lineages, however late things arrive and whatever the clock does.
	{"thief, nothing assumed", world{thief: true, last: 4}, neverTwoLineages | answersAlone},
	{"thief and backups, nothing assumed", world{thief: true, backups: true, single: true, last: 4}, neverTwoLineages | answersAlone},
}

func TestPromise9_ModelCheckOfTheRefreshRule(t *testing.T) {
	for _, search := range searches {
		t.Run(search.name, func(t *testing.T) {
			m := checker{world: search.world, judge: realRule(search.world), properties: search.properties}
			found := m.run()
			t.Logf("%d states to depth %d, %d generations", found.states, found.depth, search.world.last)
			if found.violated != "" {
				t.Fatalf("violated: %s\n%s", found.violated, found.schedule)
			}
			// A property that is never put to the question proves nothing.
			for _, p := range []property{detected, neverTwoLineages} {
				if search.properties&p != 0 && found.exercised[p] == 0 {
					t.Errorf("%q was never put to the question", p)
				}
			}
		})
	}
}

func TestModelCheckCatchesEveryMutation(t *testing.T) {
	honest := world{second: true, backups: true, last: 4, assumed: allAssumptions}
	stolen := world{thief: true, single: true, last: 4, assumed: allAssumptions}
	for _, mutation := range mutations {
		t.Run(mutation.name, func(t *testing.T) {
			for p, w := range map[property]world{
				neverSignedOut: honest, progress: honest, reuseEnds: stolen, detected: stolen, neverTwoLineages: stolen,
			} {
				if mutation.caught&p == 0 {
					continue
				}
				m := checker{world: w, judge: spoiled(mutation.mistake), properties: p}
				found := m.run()
				if found.violated == "" {
					t.Fatalf("%q did not notice in %d states", p, found.states)
				}
				t.Logf("%q noticed:\n%s", p, found.schedule)
			}
		})
	}
}

// TestModelKnownLimitsAreReal lifts each assumption in turn. A schedule that then ends a session without a thief shows
// that the assumption is needed, and what the limit that the documentation names looks like.
func TestModelKnownLimitsAreReal(t *testing.T) {
	for name, lifted := range map[string]assumption{
		"an exchange takes longer than the window":               prompt,
		"a part of the victim is behind when the window ends":    together,
		"the clock steps forward while an exchange is under way": calmClock,
		"a backup is restored while an exchange is under way":    calmDB,
	} {
		t.Run(name, func(t *testing.T) {
			w := world{backups: lifted == calmDB, last: 5, assumed: allAssumptions &^ lifted}
			m := checker{world: w, judge: realRule(w), properties: neverSignedOut}
			found := m.run()
			if found.violated == "" {
				t.Fatalf("%d states and no schedule ends the session: the assumption is not needed", found.states)
			}
			t.Logf("the shortest schedule:\n%s", found.schedule)
		})
	}
}
