package session_test

import (
	"math"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/session"
)

func TestRuleAtItsEdges(t *testing.T) {
	const window = 30 * time.Second
	lenient := session.Rule{Window: window, Recovery: true}
	strict := session.Rule{Window: window}
	closed := session.Rule{Recovery: true}

	tests := []struct {
		name      string
		rule      session.Rule
		presented uint32
		age       time.Duration
		verdict   session.Verdict
		next      uint32 // the generation after a rotation
	}{
		{"newest at the end of the window", lenient, 7, window, session.Repeat, 0},
		{"newest a millisecond later", lenient, 7, window + time.Millisecond, session.Rotate, 8},
		{"parent at the end of the window", lenient, 5, window, session.Repeat, 0},
		{"parent a millisecond later", lenient, 5, window + time.Millisecond, session.Rotate, 8},
		{"parent after a year", lenient, 5, 365 * 24 * time.Hour, session.Rotate, 8},
		{"newest before it was made", lenient, 7, -time.Hour, session.Repeat, 0},
		{"the one that the parent displaced", lenient, 6, 0, session.Reuse, 0},
		{"grandparent inside the window", lenient, 4, 0, session.Reuse, 0},
		{"grandparent before the row was made", lenient, 4, -time.Hour, session.Reuse, 0},
		{"first of all", lenient, 1, time.Hour, session.Reuse, 0},
		{"one newer than the row, inside the window", lenient, 8, 0, session.Rotate, 9},
		{"much newer than the row", lenient, 1000, time.Hour, session.Rotate, 1001},
		{"the last number there is", lenient, math.MaxUint32, time.Hour, session.Reuse, 0},
		{"the last but one", lenient, math.MaxUint32 - 1, time.Hour, session.Rotate, math.MaxUint32},
		{"strict: parent at the end of the window", strict, 5, window, session.Repeat, 0},
		{"strict: parent a millisecond later", strict, 5, window + time.Millisecond, session.Reuse, 0},
		{"strict: newest a millisecond later", strict, 7, window + time.Millisecond, session.Rotate, 8},
		{"strict: newer than the row", strict, 8, time.Hour, session.Rotate, 9},
		{"no window: newest at the same moment", closed, 7, 0, session.Repeat, 0},
		{"no window: newest a millisecond later", closed, 7, time.Millisecond, session.Rotate, 8},
	}
	now := time.Date(2026, time.March, 1, 12, 0, 0, 0, time.UTC)
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			before := session.Lineage{Generation: 7, Parent: 5, RotatedAt: now.Add(-test.age)}
			after := before
			if test.verdict == session.Rotate {
				after = session.Lineage{Generation: test.next, Parent: test.presented, RotatedAt: now}
			}
			verdict, next := test.rule.Judge(before, test.presented, now)
			if verdict != test.verdict || next != after {
				t.Errorf("verdict %d with %+v, want %d with %+v", verdict, next, test.verdict, after)
			}
		})
	}
}
