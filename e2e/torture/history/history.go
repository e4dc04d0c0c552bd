// Package history holds what the clients of one person saw, and decides whether the refresh rule explains it.
//
// A [History] records every call of one user's clients: when it was made, when it was answered, and with what. A call
// without a certain answer is unknown: it may have come true at once, later, or never. [History.Check] looks for an order
// of all calls that respects their times and in which every answer is what the rule says (linearizability; Herlihy and
// Wing, 1990). The rule in this package is written from its description and from what is visible outside, not from the
// server's code: two independent readings of the same text.
//
// It leaves to its callers how calls are made and what disturbs them.
package history

import (
	"math"
	"sync"
	"time"
)

// Kind says what a call asks for.
type Kind string

// The calls that a history knows.
const (
	Login             Kind = "login"
	Refresh           Kind = "refresh"
	Verify            Kind = "verify"
	SignOut           Kind = "sign out"
	SignOutOthers     Kind = "sign out others"
	SignOutEverywhere Kind = "sign out everywhere"
	ChangePassword    Kind = "change password"
)

// Kinds are all of them.
var Kinds = []Kind{Login, Refresh, Verify, SignOut, SignOutOthers, SignOutEverywhere, ChangePassword}

// Call is what was asked for.
type Call struct {
	Kind       Kind
	Session    int    // by number within the history; a Login's is the one it opened
	Generation uint32 // of the refresh token presented
	Password   int    // by number; the one typed
	Next       int    // of a ChangePassword: the new one
}

// Answer is what came back.
type Answer struct {
	// Code is "" for success, otherwise that of the problem.
	Code string
	// Reason says why a session ended, where the problem tells.
	Reason string
	// Generation is that of the refresh token in the answer.
	Generation uint32
	// Unknown says that there was no answer, or one that leaves open whether the call came true.
	Unknown bool
}

// History is what happened to one user. It is safe for use by many clients.
type History struct {
	began time.Time

	mu         sync.Mutex
	operations []*Operation
	sessions   int
}

// New returns an empty history of a user whose password has number 0 and who has no session.
func New(began time.Time) *History { return &History{began: began} }

// Operation is a call and its answer.
type Operation struct {
	Call    Call
	Answer  Answer
	Client  string
	made    time.Time
	ended   time.Time // zero while there is no answer
	dropped bool      // certainly never came true, or changed nothing and was not answered
}

// Begin records that a call is about to be made.
func (h *History) Begin(client string, c Call) *Operation {
	h.mu.Lock()
	defer h.mu.Unlock()
	o := &Operation{Call: c, Client: client, Answer: Answer{Unknown: true}, made: time.Now()}
	h.operations = append(h.operations, o)
	return o
}

// End records the answer.
func (h *History) End(o *Operation, a Answer) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o.Answer, o.ended = a, time.Now()
}

// Opened records that a login was answered with a session, and returns its number.
func (h *History) Opened(o *Operation) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	o.Call.Session = h.sessions
	h.sessions++
	return o.Call.Session
}

// count is how many sessions were opened.
func (h *History) count() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.sessions
}

// Drop takes a call out: it did not reach the server.
func (h *History) Drop(o *Operation) {
	h.mu.Lock()
	defer h.mu.Unlock()
	o.dropped = true
}

// step is a call as the checker sees it: with the moments between which the server looked at its clock, in milliseconds
// because that is what the server keeps.
type step struct {
	Call
	from, to int64
	// crowded says that the answer "credentials_invalid" may be due to others: see [crowd].
	crowded bool
}

// steps returns what the checker is to look at.
//
// An unknown call that only reads is left out. So is an unknown login: the session that it may have opened is held by
// nobody, so nothing can show it.
func (h *History) steps() []*Operation {
	h.mu.Lock()
	defer h.mu.Unlock()
	var kept []*Operation
	for _, o := range h.operations {
		mute := o.Answer.Unknown && (o.Call.Kind == Verify || o.Call.Kind == Login)
		if !o.dropped && !mute {
			kept = append(kept, o)
		}
	}
	return kept
}

func (o *Operation) step() step {
	s := step{Call: o.Call, from: o.made.UnixMilli(), to: math.MaxInt64}
	if !o.Answer.Unknown {
		s.to = o.ended.UnixMilli()
	}
	return s
}
