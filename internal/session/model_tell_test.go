package session_test

import (
	"fmt"
	"strings"
	"time"
)

// tellSchedule writes down how the search came to a step.
func (m *checker) tellSchedule(at int32, last step, end state) string {
	var path []node
	for i := at; ; i = m.nodes[i].from {
		path = append(path, m.nodes[i])
		if i == 0 {
			break
		}
	}
	var b strings.Builder
	for n := len(path) - 1; n > 0; n-- {
		fmt.Fprintf(&b, "%3d. %s\n", len(path)-n, path[n-1].by.tell(path[n].state, path[n-1].state))
	}
	fmt.Fprintf(&b, "%3d. %s\n", len(path), last.tell(path[0].state, end))
	fmt.Fprintf(&b, "     jar holds %d, second holder %d, thief %d and %d; server: newest %d, parent %d, age %d of %s, ended %t",
		end.hands[jar], end.hands[second], end.loot, end.kept, end.row.newest, end.row.parent, end.row.age, window*time.Second, end.row.ended)
	return b.String()
}

// tell puts a step into words.
func (s step) tell(from, to state) string {
	trip := func() string {
		return fmt.Sprintf("%s's exchange", [...]string{"jar", "second holder"}[from.trips[s.which].from])
	}
	switch s.kind {
	case send:
		return fmt.Sprintf("%s sends token %d", [...]string{"jar", "second holder"}[s.which], from.hands[s.which])
	case handle:
		return fmt.Sprintf("server is presented token %d: %s", from.trips[s.which].token, outcome(from.row, to.row))
	case deliver:
		return fmt.Sprintf("answer with token %d arrives in %s", from.trips[s.which].token, trip())
	case lose:
		return fmt.Sprintf("%s about token %d is lost", trip(), from.trips[s.which].token)
	case copyToken:
		return fmt.Sprintf("thief copies token %d", to.loot)
	case use:
		t := from.loot
		if s.which&useKept != 0 {
			t = from.kept
		}
		lost := ""
		if s.which&loseIt != 0 {
			lost = ", answer lost"
		}
		return fmt.Sprintf("thief presents token %d: %s%s", t, outcome(from.row, to.row), lost)
	}
	return [...]string{
		begin: "session starts", tick: "a tick passes", pause: "a long time passes",
		clockBack: "server's clock steps back", clockForward: "server's clock steps forward",
		adopt: "second holder copies the jar", leave: "second holder is gone",
		backUp: "backup is made", restore: "backup is restored",
	}[s.kind]
}

func outcome(from, to row) string {
	switch {
	case to.ended:
		return "session ends"
	case from == to:
		return fmt.Sprintf("token %d again", to.newest)
	}
	return fmt.Sprintf("token %d, parent %d", to.newest, to.parent)
}
