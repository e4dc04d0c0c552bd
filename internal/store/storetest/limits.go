package storetest

import (
	"fmt"
	"time"

	"github.com/mayfly-auth/mayfly/internal/limit"
)

var limitCases = []testCase{
	{"ABurstPassesThenOneEachInterval", aBurstPasses},
	{"ARefusalMovesNothing", aRefusalMovesNothing},
	{"WaitsAreExact", waitsAreExact},
	{"ExactlyABurstOfAHundredPasses", exactlyABurst},
	{"KeysDoNotMeet", limitKeysDoNotMeet},
	{"GivingBackMakesRoomForOne", givingBack},
	{"GivingBackMoreThanWasTakenGainsNothing", givingBackTooMuch},
	{"ForgettingEmptiesTheBucket", forgetting},
	{"ABucketOfNoPlacesRefuses", noPlaces},
	{"CleaningRemovesEmptyBucketsOnly", cleaningLimits},
}

// five attempts at once, then one in ten seconds.
var five = limit.Bucket{Burst: 5, Interval: 10 * time.Second}

func (w *world) take(key string, b limit.Bucket, now, want time.Duration) {
	w.Helper()
	wait, err := w.Limits.Take(w.Context(), key, b, start.Add(now))
	w.must(err)
	if wait != want {
		w.Fatalf("at %v: wait %v, want %v", now, wait, want)
	}
}

func aBurstPasses(w *world) {
	for range 5 {
		w.take("k", five, 0, 0)
	}
	w.take("k", five, 0, 10*time.Second)
	w.take("k", five, 10*time.Second, 0)
	w.take("k", five, 10*time.Second, 10*time.Second)
	w.take("k", five, 30*time.Second, 0)
	w.take("k", five, 30*time.Second, 0)
	w.take("k", five, 30*time.Second, 10*time.Second)
	for range 5 { // empty again long since; what was not used is not saved up
		w.take("k", five, time.Hour, 0)
	}
	w.take("k", five, time.Hour, 10*time.Second)
}

func aRefusalMovesNothing(w *world) {
	for range 5 {
		w.take("k", five, 0, 0)
	}
	for range 20 {
		w.take("k", five, 0, 10*time.Second)
	}
	w.take("k", five, 10*time.Second, 0)
}

func waitsAreExact(w *world) {
	b := limit.Bucket{Burst: 2, Interval: 1500 * ms}
	w.take("k", b, 0, 0)
	w.take("k", b, 0, 0)
	w.take("k", b, 0, 1500*ms)
	w.take("k", b, 1*ms, 1499*ms)
	w.take("k", b, 1499*ms, 1*ms)
	w.take("k", b, 1500*ms, 0)
	w.take("k", b, 1500*ms, 1500*ms)
	w.take("k", b, 0, 3000*ms) // a clock that stepped back
	w.take("k", b, 3000*ms, 0)
}

func exactlyABurst(w *world) {
	b := limit.Bucket{Burst: 30, Interval: time.Minute}
	for round := range 3 {
		passed := together(100, func(int) bool {
			wait, err := w.Limits.Take(w.Context(), fmt.Sprint("k", round), b, start)
			if err != nil {
				w.Error(err)
			}
			return err == nil && wait == 0
		})
		if passed != b.Burst {
			w.Fatalf("%d of a hundred passed, want %d", passed, b.Burst)
		}
	}
}

func limitKeysDoNotMeet(w *world) {
	one := limit.Bucket{Burst: 1, Interval: time.Minute}
	long := fmt.Sprintf("%0500d", 7)
	for _, key := range []string{"a", "A", "a ", "ab", "%", "\u00e4", "a\u0308", "login|ada@example.org|192.0.2.1", long, long + "x"} {
		w.take(key, one, 0, 0)
		w.take(key, one, 0, time.Minute)
	}
}

func givingBack(w *world) {
	for range 5 {
		w.take("k", five, 0, 0)
	}
	w.must(w.Limits.GiveBack(w.Context(), "k", five))
	w.take("k", five, 0, 0)
	w.take("k", five, 0, 10*time.Second)
	w.must(w.Limits.GiveBack(w.Context(), "another", five))
	w.take("k", five, 0, 10*time.Second)
}

func givingBackTooMuch(w *world) {
	w.take("k", five, 0, 0)
	for range 10 {
		w.must(w.Limits.GiveBack(w.Context(), "k", five))
		w.must(w.Limits.GiveBack(w.Context(), "never taken", five))
	}
	for _, key := range []string{"k", "never taken"} {
		for range 5 {
			w.take(key, five, 0, 0)
		}
		w.take(key, five, 0, 10*time.Second)
	}
}

func forgetting(w *world) {
	for _, key := range []string{"k", "other"} {
		for range 5 {
			w.take(key, five, 0, 0)
		}
	}
	w.must(w.Limits.Forget(w.Context(), "k"))
	w.must(w.Limits.Forget(w.Context(), "unknown"))
	for range 5 {
		w.take("k", five, 0, 0)
	}
	w.take("k", five, 0, 10*time.Second)
	w.take("other", five, 0, 10*time.Second)
}

func noPlaces(w *world) {
	none := limit.Bucket{Burst: 0, Interval: time.Minute}
	w.take("k", none, 0, time.Minute)
	w.take("k", none, time.Hour, time.Minute)
}

func cleaningLimits(w *world) {
	clean := func(at time.Duration, limit, want int) {
		w.Helper()
		n, err := w.Limits.Clean(w.Context(), start.Add(at), limit)
		w.must(err)
		if n != want {
			w.Fatalf("at %v: removed %d, want %d", at, n, want)
		}
	}
	clean(0, 10, 0)
	for i := range 7 {
		w.take(fmt.Sprint("short", i), five, 0, 0) // empty after 10 s
	}
	for range 5 {
		w.take("long", five, 0, 0) // empty after 50 s
	}
	clean(10*time.Second-ms, 10, 0)
	clean(10*time.Second, 0, 0)
	clean(10*time.Second, 3, 3)
	clean(10*time.Second, 10, 4)
	clean(10*time.Second, 10, 0)
	w.take("long", five, 0, 10*time.Second) // nothing was lost
	clean(50*time.Second, 10, 1)
	w.take("long", five, 50*time.Second, 0)
}
