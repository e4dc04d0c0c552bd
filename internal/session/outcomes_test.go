package session_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// A script tells what happens to one session, a move at a time. Holders are named by a word; the first is "jar".
//
//	jar           refreshes and keeps the answer
//	jar loses     refreshes and the answer is lost
//	jar reads     a tab reads the token that it will send
//	jar posts     the tab that read first sends what it read; the answer overwrites the jar
//	thief copies  takes the token that the jar holds
//	+10m          time passes
type script []string

// times repeats a script.
func times(n int, s ...string) script {
	var all script
	for range n {
		all = append(all, s...)
	}
	return all
}

func then(parts ...script) script {
	var all script
	for _, part := range parts {
		all = append(all, part...)
	}
	return all
}

// play runs a script and returns how each holder fares at its end: nil, or the error of a last refresh.
func (h *house) play(s script) map[string]error {
	h.t.Helper()
	tokens := map[string]string{"jar": h.signIn().RefreshToken}
	read := map[string][]string{}
	last := map[string]error{}
	post := func(who, token string, keep bool) {
		g, err := h.Refresh(h.t.Context(), token)
		if last[who] = err; err == nil && keep {
			tokens[who] = g.RefreshToken
		}
	}
	for _, move := range s {
		if d, ok := strings.CutPrefix(move, "+"); ok {
			h.Add(duration(h.t, d))
			continue
		}
		who, what, _ := strings.Cut(move, " ")
		switch what {
		case "":
			post(who, tokens[who], true)
		case "loses":
			post(who, tokens[who], false)
		case "reads":
			read[who] = append(read[who], tokens[who])
		case "posts":
			post(who, read[who][0], true)
			read[who] = read[who][1:]
		case "copies":
			tokens[who] = tokens["jar"]
		default:
			h.t.Fatalf("no such move: %q", move)
		}
		h.t.Logf("%-13s %v", move, last[who])
	}
	return last
}

func duration(t *testing.T, text string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(text)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var (
	// Five tabs read one jar and post one after another, within the window.
	fiveTabs = then(times(5, "jar reads"), times(5, "jar posts", "+2s"))
	inUse    = times(3, "+10m", "jar")
)

func TestOutcomesWithoutAThief(t *testing.T) {
	for name, s := range map[string]script{
		"answer lost, back after 1 s":            then(inUse, script{"+10m", "jar loses", "+1s"}, inUse),
		"answer lost, retry after 1 s":           then(inUse, script{"+10m", "jar loses", "+1s", "jar"}, inUse),
		"answer lost, retry after 20 s":          then(inUse, script{"+10m", "jar loses", "+20s", "jar"}, inUse),
		"answer lost, retry at the window's end": then(inUse, script{"+10m", "jar loses", "+30s", "jar"}, inUse),
		"answer lost, retry after 2 min":         then(inUse, script{"+10m", "jar loses", "+2m", "jar"}, inUse),
		"answer lost, retry after 1 h":           then(inUse, script{"+10m", "jar loses", "+1h", "jar"}, inUse),
		"answer lost, retry after 20 d":          then(inUse, script{"+10m", "jar loses", "+480h", "jar"}, inUse),
		"first answer of all lost":               then(script{"jar loses", "+1h", "jar"}, inUse),
		"ten answers lost in a row":              then(inUse, times(10, "+10m", "jar loses"), inUse),
		"two tabs in step":                       times(10, "+10m", "jar reads", "jar reads", "jar posts", "jar posts"),
		"two tabs a second apart":                times(10, "+10m", "jar reads", "jar reads", "jar posts", "+1s", "jar posts"),
		"two tabs, one reads after the other":    times(10, "+10m", "jar reads", "jar posts", "+2s", "jar reads", "jar posts"),
		"five tabs":                              times(10, then(script{"+10m"}, fiveTabs)...),
		"one tab delayed to the window's end":    times(10, "+10m", "jar reads", "jar reads", "jar posts", "+30s", "jar posts"),
		"two holders of one token in step":       then(script{"second copies"}, times(10, "+10m", "jar", "second")),
		"two holders 30 s apart":                 then(script{"second copies"}, times(10, "+10m", "jar", "+30s", "second")),
		"two holders in turns":                   then(script{"second copies"}, times(10, "+10m", "jar", "second", "+10m", "second", "jar")),
		"two holders, answers lost":              then(script{"second copies"}, times(10, "+10m", "jar loses", "second", "jar")),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			for who, err := range h.play(s) {
				if err != nil {
					t.Errorf("%s was signed out: %v", who, err)
				}
			}
		})
	}
}

// TestOutcomesOfACopiedToken: a round is one refresh of each side. By the third the session is over for both.
func TestOutcomesOfACopiedToken(t *testing.T) {
	apart := func(rounds int, first, second string) script {
		return times(rounds, "+10m", first, "+10m", second)
	}
	for name, s := range map[string]script{
		"used 2 s after the victim's refresh": then(inUse,
			script{"thief copies", "+10m", "jar", "+2s", "thief"}, apart(2, "thief", "jar")),
		"used 2 s before the victim's refresh": then(inUse,
			script{"thief copies", "+10m", "thief", "+2s", "jar"}, apart(2, "jar", "thief")),
		"used 30 min after the victim's refresh": then(inUse,
			script{"thief copies", "+10m", "jar", "+30m", "thief"}, apart(2, "jar", "thief")),
		"used 30 min before the victim's refresh": then(inUse,
			script{"thief copies", "+10m", "thief", "+30m", "jar"}, apart(2, "thief", "jar")),
		"used a week later": then(inUse,
			script{"thief copies"}, inUse, script{"+168h", "thief"}, apart(1, "jar", "thief")),
		"used over and over while the victim sleeps": then(inUse,
			script{"thief copies"}, times(20, "+10m", "thief"), apart(2, "jar", "thief")),
		"used, the answer lost, used again": then(inUse,
			script{"thief copies", "+10m", "thief loses", "+10m", "thief"}, apart(2, "jar", "thief")),
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			for who, err := range h.play(s) {
				var ended *session.EndedError
				if !errors.As(err, &ended) || ended.Reason != session.RefreshReused {
					t.Errorf("%s goes on: %v", who, err)
				}
			}
		})
	}
}

func TestOutcomesWithoutRecovery(t *testing.T) {
	for name, test := range map[string]struct {
		script script
		ended  bool
	}{
		"answer lost, retry after 20 s":       {then(inUse, script{"+10m", "jar loses", "+20s", "jar"}, inUse), false},
		"answer lost, retry at the window":    {then(inUse, script{"+10m", "jar loses", "+30s", "jar"}, inUse), false},
		"answer lost, retry after 31 s":       {then(inUse, script{"+10m", "jar loses", "+31s", "jar"}), true},
		"answer lost, retry after 20 d":       {then(inUse, script{"+10m", "jar loses", "+480h", "jar"}), true},
		"five tabs":                           {times(10, then(script{"+10m"}, fiveTabs)...), false},
		"copy used 30 min after the victim":   {then(inUse, script{"thief copies", "+10m", "jar", "+30m", "thief", "jar"}), true},
		"copy used 30 min before the victim":  {then(inUse, script{"thief copies", "+10m", "thief", "+30m", "jar", "thief"}), true},
		"one holder, back after 20 d of rest": {then(inUse, script{"+480h", "jar"}, inUse), false},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t, strict)
			for who, err := range h.play(test.script) {
				var ended *session.EndedError
				if errors.As(err, &ended) != test.ended || !test.ended && err != nil {
					t.Errorf("%s: %v, want ended: %t", who, err, test.ended)
				}
			}
		})
	}
}

func TestPromise2_ALostAnswerNeverSignsOutHoweverLateTheClientReturns(t *testing.T) {
	for _, away := range []time.Duration{5 * time.Minute, 12 * time.Hour, 20 * day} {
		t.Run(away.String(), func(t *testing.T) {
			h := newHouse(t)
			token := h.signIn().RefreshToken
			for range 3 {
				h.Add(accessLife)
				token = h.refresh(token).RefreshToken
			}
			h.Add(accessLife)
			lost := h.refresh(token) // executed; the answer never arrives and the client dies
			h.Add(away)
			back := h.refresh(token)
			if back.ID != lost.ID || back.Generation <= lost.Generation {
				t.Errorf("generation %d after %d, session %s after %s", back.Generation, lost.Generation, back.ID, lost.ID)
			}
			for range 3 {
				h.Add(accessLife)
				back = h.refresh(back.RefreshToken)
			}
			// What was lost on the way is worth nothing to whoever finds it.
			h.refused(lost.RefreshToken, session.RefreshReused)
		})
	}
}
