//go:build e2e

package torture

import (
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

// TestNothingIsLost is the short form: one round on each store, which ends when every fault has come and gone. With
// MAYFLY_TORTURE it is the long one: a duration is how long each store gets, a number how many rounds.
//
//	MAYFLY_TORTURE=10m go test -tags e2e -timeout 0 -v ./e2e/torture
//
// MAYFLY_TORTURE_SEED repeats the order of faults, MAYFLY_TORTURE_OUT says where to write what is wrong.
func TestNothingIsLost(t *testing.T) {
	seed := rand.Uint64N(1_000_000)
	if text := os.Getenv("MAYFLY_TORTURE_SEED"); text != "" {
		given, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			t.Fatalf("MAYFLY_TORTURE_SEED is %q; fix: write a number", text)
		}
		seed = given
	}
	more := extent(t)
	for _, s := range stores {
		t.Run(s.name, func(t *testing.T) {
			t.Parallel() // a round mostly waits
			db, found := s.start(t), newTally()
			for began, i := time.Now(), 0; more(began, i); i++ {
				s.run(t, db, seed+uint64(i), windows[i%len(windows)], found)
			}
			var table strings.Builder
			found.print(&table, s.name)
			t.Logf("first seed %d%s", seed, table.String())
			if !found.clean() {
				t.Errorf("%s: something happened that must not", s.name)
			}
			if found.unknown == 0 {
				t.Error("no call was under way at any fault: this shows nothing")
			}
		})
	}
}

// extent returns whether another round is due.
func extent(t *testing.T) func(began time.Time, done int) bool {
	t.Helper()
	text := os.Getenv("MAYFLY_TORTURE")
	if text == "" {
		text = "1"
	}
	if rounds, err := strconv.Atoi(text); err == nil {
		return func(_ time.Time, done int) bool { return done < rounds }
	}
	span, err := time.ParseDuration(text)
	if err != nil {
		t.Fatalf("MAYFLY_TORTURE is %q; fix: write a duration like 10m, or a number of rounds", text)
	}
	return func(began time.Time, done int) bool { return done == 0 || time.Since(began) < span }
}
