package mayfly

import (
	"math/rand/v2"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
)

func markOf(n int) accesstoken.Mark { return accesstoken.MarkOf(strconv.Itoa(n)) }

func (t *markTable) has(m accesstoken.Mark, now uint32) bool { return t.until(m) >= max(now, 1) }

// TestMarksAreKeptAsLongAsASimpleMapKeepsThem compares the table with a map through a life of chance: adding, adding
// again, time going on, sweeping.
func TestMarksAreKeptAsLongAsASimpleMapKeepsThem(t *testing.T) {
	random := rand.New(rand.NewPCG(10, 10))
	table, model := newMarkTable(DefaultMaxMarks), map[int]uint32{}
	now := uint32(1)
	for step := range 40_000 {
		switch random.IntN(20) {
		case 0:
			now += uint32(random.IntN(5))
		case 1:
			table.sweep(now)
		default:
			n, until := random.IntN(20_000), now+uint32(random.IntN(600))
			table.add(markOf(n), until, now)
			model[n] = max(model[n], until)
		}
		for range 3 {
			n := random.IntN(20_000)
			if got, want := table.has(markOf(n), now), model[n] >= now; got != want {
				t.Fatalf("step %d: mark %d is there: %v, want %v", step, n, got, want)
			}
		}
	}
	live := 0
	for n, until := range model {
		if got, want := table.has(markOf(n), now), until >= now; got != want {
			t.Fatalf("at the end mark %d is there: %v, want %v", n, got, want)
		}
		if until >= now {
			live++
		}
	}
	table.sweep(now)
	if got := int(table.live.Load()); got != live || table.dropped.Load() != 0 {
		t.Errorf("%d marks are counted, %d dropped; there are %d", got, table.dropped.Load(), live)
	}
	table.sweep(now + 1000)
	if got := table.live.Load(); got != 0 || len(*table.slots.Load()) != fewestSlots {
		t.Errorf("when all is over, %d marks and %d slots are left", got, len(*table.slots.Load()))
	}
}

// TestTheOldestMarksMakeRoom: the bound holds whatever comes, and what ends last stays.
func TestTheOldestMarksMakeRoom(t *testing.T) {
	for _, most := range []int{1, 2, 15, 16, 100, 1000, 5000} {
		for name, until := range map[string]func(n int) uint32{
			"each ends later": func(n int) uint32 { return uint32(n + 10) },
			"all end at once": func(int) uint32 { return 10 },
		} {
			table := newMarkTable(most)
			for n := range 3*most + 7 {
				table.add(markOf(n), until(n), 1)
				if live := table.live.Load(); live > int64(most) || !table.has(markOf(n), 1) {
					t.Fatalf("most %d, %s: after %d there are %d, the newest: %v", most, name, n+1, live, table.has(markOf(n), 1))
				}
			}
			kept := 0
			for n := range 3*most + 7 {
				if table.has(markOf(n), 1) {
					kept++
				} else if name == "each ends later" && n > 3*most+7-most+(most+15)/16 {
					t.Errorf("most %d: %d of %d is gone, and older ones are not", most, n, 3*most+7)
				}
			}
			if want := 3*most + 7 - int(table.dropped.Load()); kept != want || int64(kept) != table.live.Load() {
				t.Errorf("most %d, %s: %d are there, %d counted, %d by what was dropped", most, name, kept, table.live.Load(), want)
			}
			if bound := 5*most + 2*fewestSlots; len(*table.slots.Load()) > bound {
				t.Errorf("most %d: %d slots", most, len(*table.slots.Load()))
			}
		}
	}
}

// TestPromise10_AHundredThousandRevocationsFitIntoTheirMemory: 32 to 80 bytes each.
func TestPromise10_AHundredThousandRevocationsFitIntoTheirMemory(t *testing.T) {
	const many, bytesEach = 100_000, 80
	before := heap()
	table := newMarkTable(DefaultMaxMarks)
	for n := range many {
		table.add(markOf(n), 630, 1)
	}
	taken := heap() - before
	t.Logf("%d marks take %d bytes each", many, taken/many)
	if taken > many*bytesEach*3/2 { // what else the process does meanwhile is in it
		t.Errorf("%d bytes", taken)
	}
	if live := table.live.Load(); live != many {
		t.Errorf("%d marks", live)
	}
}

func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapAlloc)
}

// Readers look while the writer adds, sweeps and copies: what was there is never missed.
func TestAMarkThatIsThereIsNeverMissed(t *testing.T) {
	const many, stays = 30_000, 100
	table := newMarkTable(DefaultMaxMarks)
	for n := range stays {
		table.add(markOf(-1-n), 1_000_000, 1)
	}
	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 4 {
		readers.Go(func() {
			for {
				for n := range stays {
					if !table.has(markOf(-1-n), 1) {
						t.Errorf("mark %d was missed", -1-n)
						return
					}
				}
				select {
				case <-done:
					return
				default:
				}
			}
		})
	}
	for n := range many {
		table.add(markOf(n), uint32(n/100)+1, uint32(n/100)+1)
		if n%5000 == 0 {
			table.sweep(uint32(n/100) + 1)
		}
	}
	close(done)
	readers.Wait()
}

// A process that was stopped for longer than the feed may be silent must not vouch for anything when it wakes up, even
// before a timer has told it so.
func TestAProcessThatWasFrozenKnowsNothing(t *testing.T) {
	f := startableFollower(RevocationsConfig{MaxMarks: 1, RefuseWhenDown: true}, nil, nil)
	defer f.close()
	f.settle()
	f.heard.Store(int64(f.elapsed()))
	if err := f.check(t.Context(), accesstoken.Mark{}); err != nil {
		t.Errorf("just heard of: %v", err)
	}
	f.epoch = f.epoch.Add(-feedSilence)
	if err := f.check(t.Context(), accesstoken.Mark{}); err == nil {
		t.Error("six seconds later the feed is still believed to be up")
	}
}

func TestRetriesDoubleAndAreSpread(t *testing.T) {
	for failures, most := range []time.Duration{500, 1000, 2000, 4000, 8000, 15000, 15000, 15000} {
		most *= time.Millisecond
		seen := map[time.Duration]bool{}
		for range 50 {
			wait := retryAfter(failures, errSilence)
			seen[wait] = true
			if wait < most/2 || wait > most {
				t.Errorf("failure %d: %v", failures, wait)
			}
		}
		if len(seen) < 2 {
			t.Errorf("failure %d: always %v", failures, seen)
		}
	}
	if wait := retryAfter(1_000_000, errSilence); wait > longestRetry {
		t.Errorf("after a million failures: %v", wait)
	}
	for asked, want := range map[time.Duration]time.Duration{5 * time.Second: 5 * time.Second, time.Hour: longestRetry} {
		if wait := retryAfter(0, &feedStatusError{503, asked}); wait != want {
			t.Errorf("Retry-After %v: %v", asked, wait)
		}
	}
}
