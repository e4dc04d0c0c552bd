package session_test

import (
	"cmp"
	"slices"
)

// Time in the model goes by ticks. An exchange takes at most one tick each way, so the window is as long as the longest
// exchange; whatever takes longer is a straggler, which the documentation names as a limit.
const (
	window = 2          // ticks
	past   = window + 1 // any age over the window
	before = -1         // any age below zero: the server's clock stepped back
)

// token is a generation. All tokens of a session are derived from it, so that equal generations are equal bytes.
type token uint8

const noToken token = 0

// row is what the server holds, and all it holds: it has no memory beside it, so a restart is no step of its own. What
// a restart does to clients, the loss of everything under way, is the step lose.
type row struct {
	newest, parent token
	age            int8 // since the last rotation, on the server's clock, within before..past
	stolen         bool // the thief made the newest
	own            bool // and the other of the two has not presented it since
	ended          bool
}

// knows tells the tokens that the refresh rule of DESIGN.md accepts.
func (r row) knows(t token) bool {
	return !r.ended && t != noToken && (t == r.newest || t == r.parent || t > r.newest)
}

// hand is a place on the victim's side that keeps a token: a cookie jar that any number of tabs share, and perhaps a
// second holder with a storage of its own (another process, a server that renders pages).
type hand uint8

const (
	jar hand = iota
	second
)

type leg uint8

const (
	nowhere   leg = iota
	asking        // the request is under way
	answering     // the answer is under way
)

// exchange is a refresh of the victim that is under way.
type exchange struct {
	leg   leg
	from  hand
	token token // that is presented or, on the way back, given
	slow  bool  // has been under way for a tick: must arrive, or be lost, before the next one
	own   bool  // brings a token that the victim made, and that the thief has not presented
	after bool  // made it after the thief's use that rounds counts from
}

// state is one moment of the world. It is comparable, so that a moment reached twice is explored once.
type state struct {
	row    row
	backup row // an earlier copy of the row; newest is noToken while there is none
	hands  [2]token
	trips  [2]exchange
	// The thief's memory: what he got last, and any one token he had before it.
	loot, kept token

	// What the properties need to know of the past.
	victimOwn, thiefOwn bool  // jar and loot hold a token that its holder made and the other has not presented
	rounds              uint8 // 0: no delivered use of the copy yet; 1: one; 2, 3: and one, two victim refreshes since
}

func start() state {
	return state{row: row{newest: 1, age: 0}, hands: [2]token{jar: 1}}
}

// canonical orders what has no order, so that mirror images are one state.
func (s state) canonical() state {
	for i, trip := range s.trips {
		if trip.leg == nowhere {
			s.trips[i] = exchange{}
		}
	}
	if slices.CompareFunc(s.trips[:1], s.trips[1:], compareExchanges) > 0 {
		s.trips[0], s.trips[1] = s.trips[1], s.trips[0]
	}
	return s
}

func compareExchanges(a, b exchange) int {
	return cmp.Or(
		cmp.Compare(a.leg, b.leg),
		cmp.Compare(a.from, b.from),
		cmp.Compare(a.token, b.token),
		compareBools(a.slow, b.slow),
		compareBools(a.own, b.own),
		compareBools(a.after, b.after),
	)
}

func compareBools(a, b bool) int {
	switch {
	case a == b:
		return 0
	case b:
		return -1
	}
	return 1
}

func (s state) busy() bool { return s.trips[0].leg != nowhere || s.trips[1].leg != nowhere }

// inStep reports whether all of the victim's hands hold the same token.
func (s state) inStep() bool { return s.hands[second] == noToken || s.hands[second] == s.hands[jar] }

// divided reports whether the window is over and one part of the victim holds the newest token, or is about to receive
// it, while another part still goes by an older one: a request under way, or the other hand. What comes from the latter
// is a straggler, and to the server a thief.
func (s state) divided() bool {
	if s.row.age <= window {
		return false
	}
	var knows, lags bool
	for _, trip := range s.trips {
		knows = knows || trip.leg == answering && trip.token == s.row.newest
		lags = lags || trip.leg == asking && trip.token != s.row.newest
	}
	for _, t := range s.hands {
		knows = knows || t == s.row.newest
		lags = lags || s.hands[second] != noToken && t != s.row.newest
	}
	return knows && lags
}

// older moves every age by the ticks, on the server's clock.
func (s state) older(ticks int8) state {
	s.row.age = min(max(s.row.age+ticks, before), past)
	s.backup.age = min(max(s.backup.age+ticks, before), past)
	return s
}

// spend notes that somebody presented a token, which is nobody else's own from then on.
func (s state) spend(t token, byThief bool) state {
	if s.row.newest == t && s.row.stolen != byThief {
		s.row.own = false
	}
	if !byThief {
		s.thiefOwn = s.thiefOwn && s.loot != t
		return s
	}
	s.victimOwn = s.victimOwn && s.hands[jar] != t
	for i, trip := range s.trips {
		s.trips[i].own = trip.own && trip.token != t
	}
	return s
}

// disown is what a restored backup does: tokens are made once more, byte for byte.
func (s state) disown() state {
	s.victimOwn, s.thiefOwn = false, false
	for i := range s.trips {
		s.trips[i].own = false
	}
	return s
}

// forget drops the count of the victim's rounds.
func (s state) forget() state {
	s.rounds = 0
	for i := range s.trips {
		s.trips[i].after = false
	}
	return s
}
