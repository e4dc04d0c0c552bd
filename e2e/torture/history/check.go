package history

import (
	"fmt"
	"hash/maphash"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/anishathalye/porcupine"
)

// Verdict says whether a history can be explained.
type Verdict string

// The verdicts. Undecided is no excuse: whoever asks should treat it as a failure.
const (
	Explained Verdict = "explained"
	// Apart says that each session can be explained by itself; whether all of them together can, was too much to search.
	Apart     Verdict = "explained session by session"
	Violated  Verdict = "violated"
	Undecided Verdict = "undecided"
)

// Span is something that happened beside the calls: a fault, with the time it lasted.
type Span struct {
	What       string
	Began, End time.Time
	// Repeats says that a node may have lost an answer of its database meanwhile, and asked again.
	Repeats bool
}

// Check looks for an order of all calls that the rule with this window allows, given what happened beside them. It gives
// up after patience.
func (h *History) Check(window, patience time.Duration, beside []Span) Verdict {
	all := h.calls(beside)
	whole := h.search(window, patience, all)
	if whole != Undecided {
		return whole
	}
	for n := range h.count() {
		if one := h.search(window, patience, ofSession(n, all)); one != Explained {
			return one
		}
	}
	return Apart
}

func (h *History) search(window, patience time.Duration, calls []porcupine.Operation) Verdict {
	verdict := porcupine.CheckOperationsTimeout(h.model(window), calls, patience)
	return map[porcupine.CheckResult]Verdict{
		porcupine.Ok: Explained, porcupine.Illegal: Violated, porcupine.Unknown: Undecided,
	}[verdict]
}

// ofSession keeps what concerns one session: its own calls and those that end others. What explains the whole explains
// each part, so a part that cannot be explained convicts the whole. In the part no other session has begun, so whether one
// that ends the others is signed in is left open.
func ofSession(n int, all []porcupine.Operation) []porcupine.Operation {
	var kept []porcupine.Operation
	for _, o := range all {
		switch s := o.Input.(step); s.Kind {
		case SignOutOthers, SignOutEverywhere, ChangePassword:
			kept = append(kept, o)
		default:
			if s.Session == n && (s.Kind != Login || o.Output.(Answer).Code == "") {
				kept = append(kept, o)
			}
		}
	}
	return kept
}

// Draw writes a page that shows the history, how far it can be explained, and what happened beside it.
func (h *History) Draw(path string, window, patience time.Duration, beside []Span) error {
	_, info := porcupine.CheckOperationsVerbose(h.model(window), h.calls(beside), patience)
	notes := make([]porcupine.Annotation, len(beside))
	for i, s := range beside {
		notes[i] = porcupine.Annotation{
			Tag: "faults", Start: h.since(s.Began), End: h.since(s.End), Description: s.What,
		}
	}
	info.AddAnnotations(notes)
	return porcupine.VisualizePath(h.model(window), info, path)
}

// model is the rule as the checker takes it: a state is the set of everything that may be true.
func (h *History) model(window time.Duration) porcupine.Model {
	seed := maphash.MakeSeed()
	nobody := person{sessions: make([]session, h.count())}
	m := porcupine.NondeterministicModel{
		Init: func() []any { return []any{nobody} },
		Step: func(state, input, output any) []any {
			after := rule{window}.next(state.(person), input.(step), output.(Answer))
			states := make([]any, len(after))
			for i, p := range after {
				states[i] = p
			}
			return states
		},
		Equal:             func(a, b any) bool { return a.(person).equal(b.(person)) },
		Hash:              func(state any) uint64 { return state.(person).hash(seed) },
		DescribeOperation: func(input, output any) string { return input.(step).String() + " → " + output.(Answer).String() },
		DescribeState:     func(state any) string { return state.(person).String() },
	}
	return m.ToModel()
}

func (p person) hash(seed maphash.Seed) uint64 {
	sum := maphash.Comparable(seed, p.password)
	for _, one := range p.sessions {
		sum = sum*31 + uint64(one.generation)<<8 + uint64(one.over)
	}
	return maphash.Comparable(seed, sum)
}

// calls puts the history into the words of the checker. A call without a certain answer never ends there: what it does may
// come true at any later time. Its client goes on as another, because one client makes one call at a time.
func (h *History) calls(beside []Span) []porcupine.Operation {
	seats := map[string]int{}
	used := 0
	seat := func(client string) int {
		n, known := seats[client]
		if !known {
			n = used
			used++
			seats[client] = n
		}
		return n
	}
	kept := h.steps()
	var all []porcupine.Operation
	for _, o := range kept {
		s := o.step()
		s.crowded = crowded(o, kept)
		call := porcupine.Operation{
			ClientId: seat(o.Client), Input: s, Call: h.since(o.made), Output: o.Answer, Return: math.MaxInt64,
		}
		if o.Answer.Unknown {
			delete(seats, o.Client)
			all = append(all, call)
			continue
		}
		call.Return = h.since(o.ended)
		all = append(all, call)
		if o.repeatedIn(beside) {
			first := call
			first.ClientId, first.Output = seat(o.Client+", first try"), Answer{Unknown: true}
			all = append(all, first)
		}
	}
	return all
}

// repeatedIn reports whether a node may have presented the token twice: it lost the answer of the database, and asked
// again within the same call. That is the same as a client who asks again, and others may come between the two tries
// when the window is shorter than they are apart. So such a call is two: one whose answer is unknown, and one whose
// answer was given; both within the time of the call.
func (o *Operation) repeatedIn(beside []Span) bool {
	return o.Call.Kind == Refresh && slices.ContainsFunc(beside, func(s Span) bool {
		return s.Repeats && s.Began.Before(o.ended) && o.made.Before(s.End)
	})
}

func (h *History) since(t time.Time) int64 { return t.Sub(h.began).Nanoseconds() }

// crowded reports whether a login met more changes of its user than it repeats itself for. A sign-in that finds the user
// changed under it looks again, once; if the user has changed again it says that the credentials are wrong, although they
// may be right. That is no answer about a session, so it is let pass here, and only then.
func crowded(login *Operation, among []*Operation) bool {
	if login.Call.Kind != Login {
		return false
	}
	met := 0
	for _, o := range among {
		switch o.Call.Kind {
		case SignOutOthers, SignOutEverywhere, ChangePassword:
			ended := o.Answer.Unknown || o.ended.After(login.made)
			if ended && o.made.Before(login.ended) {
				met++
			}
		}
	}
	return met > 1
}

func (s step) String() string {
	switch s.Kind {
	case Refresh:
		return fmt.Sprintf("refresh s%d g%d", s.Session, s.Generation)
	case Login:
		return fmt.Sprintf("login p%d", s.Password)
	case ChangePassword:
		return fmt.Sprintf("s%d: password p%d to p%d", s.Session, s.Password, s.Next)
	}
	return fmt.Sprintf("s%d: %s", s.Session, s.Kind)
}

func (a Answer) String() string {
	switch {
	case a.Unknown:
		return "unknown"
	case a.Reason != "":
		return a.Code + " (" + a.Reason + ")"
	case a.Code != "":
		return a.Code
	case a.Generation > 0:
		return fmt.Sprintf("g%d", a.Generation)
	}
	return "done"
}

func (p person) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "p%d", p.password)
	for i, s := range p.sessions {
		switch {
		case s.generation == 0:
		case s.over != none:
			fmt.Fprintf(&b, " s%d:%v", i, s.over)
		default:
			fmt.Fprintf(&b, " s%d:g%d(of g%d)", i, s.generation, s.parent)
		}
	}
	return b.String()
}
