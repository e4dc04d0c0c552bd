//go:build e2e

package torture

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"text/tabwriter"

	"github.com/mayfly-auth/mayfly/e2e/torture/history"
)

// tally counts what happened on one store.
type tally struct {
	answered atomic.Int64 // calls with a certain answer

	mu         sync.Mutex
	operations map[history.Kind]int
	unknown    int
	faults     map[string]int
	rounds     int
	histories  int
	apart      int            // of them session by session only
	wrong      map[string]int // what must never happen
	messages   []string       // of the first of them
}

// What must never happen, in the order of the table.
const (
	lost       = "refreshes lost"
	signedOut  = "signed out"
	internal   = "500s"
	unclear    = "other wrong answers"
	hung       = "hung"
	lockedOut  = "locked out"
	unserved   = "not served after a fault"
	crashed    = "crashes"
	violated   = "histories against the rule"
	undecided  = "histories undecided"
	mostToTell = 3 // of each
)

var never = []string{lost, signedOut, internal, unclear, hung, lockedOut, unserved, crashed, violated, undecided}

func newTally() *tally {
	return &tally{operations: map[history.Kind]int{}, faults: map[string]int{}, wrong: map[string]int{}}
}

func (t *tally) called(kind history.Kind, certain bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.operations[kind]++
	if certain {
		t.answered.Add(1)
	} else {
		t.unknown++
	}
}

func (t *tally) struck(fault string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.faults[fault]++
}

// blame counts something that must never happen.
func (t *tally) blame(what, format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.wrong[what]++
	if t.wrong[what] <= mostToTell {
		t.messages = append(t.messages, what+": "+fmt.Sprintf(format, args...))
	}
}

// clean reports that nothing happened that must not.
func (t *tally) clean() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.wrong) == 0
}

func (t *tally) operationsMade() (n int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, one := range t.operations {
		n += one
	}
	return n
}

func (t *tally) print(w io.Writer, name string) {
	made := t.operationsMade()
	t.mu.Lock()
	defer t.mu.Unlock()
	out := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "\n%s\t\n", name)
	fmt.Fprintf(out, "  rounds\t%d\n", t.rounds)
	fmt.Fprintf(out, "  operations\t%d\n", made)
	for _, kind := range history.Kinds {
		fmt.Fprintf(out, "    %s\t%d\n", kind, t.operations[kind])
	}
	fmt.Fprintf(out, "  without a certain answer\t%d\n", t.unknown)
	fmt.Fprintf(out, "  faults\t%d\n", sum(t.faults))
	for _, kind := range sorted(t.faults) {
		fmt.Fprintf(out, "    %s\t%d\n", kind, t.faults[kind])
	}
	fmt.Fprintf(out, "  histories checked\t%d\n", t.histories)
	fmt.Fprintf(out, "    session by session only\t%d\n", t.apart)
	for _, what := range never {
		fmt.Fprintf(out, "  %s\t%d\t(must be 0)\n", what, t.wrong[what])
	}
	_ = out.Flush()
	if len(t.messages) > 0 {
		fmt.Fprintln(w, "  "+strings.Join(t.messages, "\n  "))
	}
}

func sum(of map[string]int) (n int) {
	for _, one := range of {
		n += one
	}
	return n
}

func sorted(of map[string]int) []string {
	var names []string
	for name := range of {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
