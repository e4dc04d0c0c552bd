package revocation

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"
)

func TestASnapshotComesFirstThenThatItIsComplete(t *testing.T) {
	inWorld(t, func(w *world) {
		old := w.shelf.revoke(1200)
		time.Sleep(3 * time.Minute)
		events := w.follow("").heard(time.Second)
		if got := names(events); !slices.Equal(got, []string{"revoked", "revoked", "revoked", "current"}) {
			t.Fatalf("events %q", got)
		}
		w.follow("").wantMarks("the snapshot", events, old)
		if want := int((ttl + Leeway - 3*time.Minute) / time.Second); events[0].expires != want {
			t.Errorf("expires in %d s, want %d", events[0].expires, want)
		}
	})
}

func TestANewRevocationIsNamedAtOnceAndOnce(t *testing.T) {
	inWorld(t, func(w *world) {
		ear := w.follow("")
		ear.heard(time.Second)
		for range 5 {
			began := time.Now()
			ids := w.shelf.revoke(3)
			events := ear.heard(5 * time.Minute)
			ear.wantMarks("news", events, ids)
			first := events[slices.IndexFunc(events, func(e event) bool { return e.name == "revoked" })]
			if late := first.at.Sub(began); late > readGap {
				t.Errorf("named after %v", late)
			}
			if want := int((ttl + Leeway) / time.Second); first.expires != want {
				t.Errorf("expires in %d s, want %d", first.expires, want)
			}
		}
	})
}

func TestPromise10_WithoutASignalItIsNamedByReading(t *testing.T) {
	inWorld(t, func(w *world) {
		w.shelf.silent = true
		ear := w.follow("")
		ear.heard(time.Second)
		began := time.Now()
		ids := w.shelf.revoke(1)
		events := ear.heard(readEvery)
		ear.wantMarks("news", events, ids)
		if late := events[0].at.Sub(began); late > readEvery {
			t.Errorf("named after %v", late)
		}
	})
}

func TestWhatBecomesVisibleLateIsNamed(t *testing.T) {
	for _, late := range []time.Duration{time.Second, overlap - time.Second, 3 * time.Minute} {
		inWorld(t, func(w *world) {
			ear := w.follow("")
			ear.heard(2 * time.Minute)
			ids := w.shelf.backdated(1, late)
			within := readEvery
			if late > overlap { // a commit that no store should allow
				within = deepEvery + readEvery
			}
			ear.wantMarks(late.String(), ear.heard(within), ids)
		})
	}
}

func TestThatTheFeedIsUpIsSaidEveryTwoSeconds(t *testing.T) {
	inWorld(t, func(w *world) {
		events := w.follow("").heard(10 * time.Minute)
		if n := len(events); n < 200 || n > 310 {
			t.Errorf("%d events in ten minutes", n)
		}
		for i, e := range events {
			if e.name != "current" {
				t.Fatalf("event %q", e.name)
			}
			if i > 0 && e.at.Sub(events[i-1].at) > 3*time.Second {
				t.Errorf("%v of silence", e.at.Sub(events[i-1].at))
			}
		}
	})
}

func TestPromise10_AFeedThatCannotReadIsSilentUntilItCan(t *testing.T) {
	inWorld(t, func(w *world) {
		ear := w.follow("")
		ear.heard(10 * time.Second)
		w.shelf.set(func(s *shelf) { s.away = true })
		ear.heard(time.Second)
		if events := ear.heard(4 * time.Minute); len(events) > 0 {
			t.Errorf("%q was said without a store", names(events))
		}
		if s := w.Stats(); s.Unread < 4*time.Minute || s.Unread > 5*time.Minute {
			t.Errorf("unread for %v", s.Unread)
		}
		ids := w.shelf.revoke(2)
		if late := w.follow("").heard(time.Minute); len(late) > 0 {
			t.Errorf("one who came meanwhile was told %q", names(late))
		}
		w.shelf.set(func(s *shelf) { s.away = false })
		events := ear.heard(readEvery)
		ear.wantMarks("what was missed", events, ids)
		if last := events[len(events)-1]; last.name != "current" {
			t.Errorf("the last event is %q", last.name)
		}
		if len(w.told) != 2 || !errors.Is(w.told[0], errAway) || w.told[1] != nil {
			t.Errorf("reported %v", w.told)
		}
	})
}

func TestAReadingThatTakesTooLongSaysNothingAboutNow(t *testing.T) {
	inWorld(t, func(w *world) {
		w.shelf.delay = 3 * time.Second
		ids := w.shelf.revoke(1)
		ear := w.follow("")
		events := ear.heard(time.Minute)
		if slices.Contains(names(events), "current") {
			t.Error("a reading of three seconds ago is said to be of now")
		}
		ear.wantMarks("what was seen all the same", events, ids)
		w.shelf.set(func(s *shelf) { s.delay = 0 })
		if !slices.Contains(names(ear.heard(5*time.Second)), "current") {
			t.Error("the feed is quick again and does not say so")
		}
	})
}

// TestNobodyIsToldThatAllWasNamedByAReadingFromBeforeTheyCame lets one come at every moment of slow readings, right after
// a revocation.
func TestNobodyIsToldThatAllWasNamedByAReadingFromBeforeTheyCame(t *testing.T) {
	inWorld(t, func(w *world) {
		w.shelf.delay, w.shelf.silent = time.Second, true
		w.follow("")
		for range 60 {
			time.Sleep(1230 * time.Millisecond)
			ids := w.shelf.revoke(1)
			ear := w.follow(id(time.Now()))
			for _, e := range ear.heard(5 * time.Second) {
				if e.name == "current" {
					t.Fatal("it is told that it knows all, and does not know the last")
				}
				if slices.Contains(e.sessions, markOf(ids[0])) {
					break
				}
			}
			ear.stop()
		}
	})
}

func TestOneWhoComesWhileTheStoreIsAwayIsServedByTheFirstReading(t *testing.T) {
	inWorld(t, func(w *world) {
		other := w.follow("")
		for {
			if events := other.heard(time.Millisecond); len(events) > 0 {
				break // it has just been said that the feed is up, and need not be again for a while
			}
		}
		w.shelf.set(func(s *shelf) { s.away = true })
		ear := w.follow("")
		ear.heard(readEvery)
		w.shelf.set(func(s *shelf) { s.away = false })
		if got := names(ear.heard(readEvery)); !slices.Equal(got, []string{"current"}) {
			t.Errorf("after the first reading it hears %q", got)
		}
	})
}

func TestOneThatResumesIsToldWhatCameAfter(t *testing.T) {
	inWorld(t, func(w *world) {
		long := w.shelf.revoke(3)
		time.Sleep(time.Minute)
		overlapping := w.shelf.revoke(3)
		time.Sleep(20 * time.Second)
		ear := w.follow("")
		events := ear.heard(time.Second)
		last := events[len(events)-1].id
		ear.stop()
		fresh := w.shelf.revoke(3)

		again := w.follow(last)
		again.wantMarks("with an id", again.heard(time.Second), slices.Concat(overlapping, fresh))
		everything := slices.Concat(long, overlapping, fresh)
		// A node that has just been started knows the same.
		for _, other := range []string{
			"", "garbage", "-5", "0", "99999999999999999999", "9223372036854775807", "1e3", id(time.Now().Add(-time.Hour)),
			id(time.Now().Add(time.Hour)),
		} {
			ear := w.follow(other)
			ear.wantMarks(strconv.Quote(other), ear.heard(time.Second), everything)
		}
	})
}

func TestANodeThatHasJustStartedResumesToo(t *testing.T) {
	inWorld(t, func(w *world) {
		w.shelf.revoke(3)
		time.Sleep(5 * time.Minute)
		before := id(time.Now())
		fresh := w.shelf.revoke(2)
		ear := w.follow(before)
		ear.wantMarks("the first reading of this node", ear.heard(time.Second), fresh)
		late := w.shelf.backdated(1, 2*time.Minute) // before the id it came with
		ear.wantMarks("what turns up afterwards", ear.heard(deepEvery+time.Second), late)
	})
}

func TestEachEventCanBeResumedFrom(t *testing.T) {
	inWorld(t, func(w *world) {
		var all []uuid.UUID
		for range 4 {
			all = append(all, w.shelf.revoke(400)...)
			time.Sleep(time.Minute)
		}
		events := w.follow("").heard(time.Second)
		for i := range events {
			if ms, err := strconv.ParseInt(events[i].id, 10, 64); err != nil || ms > time.Now().UnixMilli() {
				t.Fatalf("the id %q is no moment that has been", events[i].id)
			}
			rest := w.follow(events[i].id).heard(time.Second)
			known := append(marks(events[:i+1]), marks(rest)...)
			for _, one := range all {
				if !slices.Contains(known, markOf(one)) {
					t.Fatalf("who breaks off after event %d of %d never hears of some session", i+1, len(events))
				}
			}
		}
	})
}

func TestClocksOfNodesAndDatabaseHaveNoPartInIt(t *testing.T) {
	for _, ahead := range []time.Duration{-24 * time.Hour, time.Hour} {
		inWorld(t, func(w *world) {
			w.shelf.ahead = ahead
			old := w.shelf.revoke(1)
			time.Sleep(time.Minute)
			ear := w.follow("")
			events := ear.heard(time.Second)
			ear.wantMarks("the snapshot", events, old)
			if want := int((ttl + Leeway - time.Minute) / time.Second); events[0].expires != want {
				t.Errorf("expires in %d s, want %d", events[0].expires, want)
			}
		})
	}
}

func TestADatabaseWhoseClockIsTurnedBackHidesNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		w.shelf.revoke(1)
		ear := w.follow("")
		last := ear.heard(3 * time.Second)
		w.shelf.set(func(s *shelf) { s.ahead = -time.Hour })
		ids := w.shelf.revoke(2)
		ear.wantMarks("news", ear.heard(time.Second), ids)
		again := w.follow(last[len(last)-1].id)
		if got := marks(again.heard(time.Second)); len(got) != 3 {
			t.Errorf("one who resumes from before was told of %d sessions, want all 3", len(got))
		}
	})
}

func TestNobodyFollowsNobodyReads(t *testing.T) {
	inWorld(t, func(w *world) {
		count := func() (reads, waits int) {
			synctest.Wait()
			w.shelf.set(func(s *shelf) { reads, waits = len(s.reads), s.waits })
			return reads, waits
		}
		time.Sleep(time.Hour)
		if reads, waits := count(); reads != 0 || waits != 0 {
			t.Fatalf("%d readings, %d who await", reads, waits)
		}
		ear := w.follow("")
		ear.heard(time.Minute)
		ear.stop()
		time.Sleep(linger + time.Second)
		before, waits := count()
		if waits != 0 || before < 110 || before > 150 {
			t.Errorf("%d readings in a minute, %d who await after it", before, waits)
		}
		ids := w.shelf.revoke(1)
		time.Sleep(5 * time.Minute)
		if after, _ := count(); after != before {
			t.Errorf("%d readings for nobody", after-before)
		}
		ear = w.follow("")
		ear.wantMarks("what came meanwhile", ear.heard(time.Second), ids)
	})
}

func TestAStormOfRevocationsIsTenReadingsASecond(t *testing.T) {
	inWorld(t, func(w *world) {
		ear := w.follow("")
		ear.heard(time.Second)
		before := len(w.shelf.reads)
		var ids []uuid.UUID
		for range 2000 {
			ids = append(ids, w.shelf.revoke(1)...)
			time.Sleep(5 * time.Millisecond)
		}
		ear.wantMarks("the storm", ear.heard(time.Second), ids)
		if n := len(w.shelf.reads) - before; n > 130 {
			t.Errorf("%d readings in eleven seconds", n)
		}
	})
}

func TestMostReadingsLookBackALittle(t *testing.T) {
	inWorld(t, func(w *world) {
		w.follow("").heard(10 * time.Minute)
		deep := 0
		for _, within := range w.shelf.reads {
			if within == ttl+Leeway {
				deep++
			} else if within > overlap+2*readEvery {
				t.Errorf("a reading looked back %v", within)
			}
		}
		if deep < 10 || deep > 11 {
			t.Errorf("%d deep readings in ten minutes", deep)
		}
	})
}

func TestASlowFollowerIsDroppedAndHoldsNobodyUp(t *testing.T) {
	inWorld(t, func(w *world) {
		slow, err := w.Follow("", "")
		if err != nil {
			t.Fatal(err)
		}
		defer slow.Leave()
		quick := w.follow("")
		if text, err := slow.Next(w.Context()); err != nil || parse(t, text).name != "current" {
			t.Fatalf("%s, %v", text, err)
		}
		quick.heard(0)
		var ids []uuid.UUID
		taken, ended := 0, false
		for range 100 {
			ids = append(ids, w.shelf.revoke(2000)...)
			time.Sleep(time.Second)
			if ended {
				continue
			}
			_, err := slow.Next(w.Context()) // 500 a second, and 2,000 come
			taken++
			if ended = errors.Is(err, ErrSlow); !ended && err != nil {
				t.Fatal(err)
			}
		}
		if !ended || taken > 10 {
			t.Errorf("after %d events it was dropped: %v", taken, ended)
		}
		quick.wantMarks("another one", quick.heard(time.Second), ids)
		if n := w.Stats().Dropped; n != 1 {
			t.Errorf("dropped %d", n)
		}
	})
}

func TestOneWhoNeverAsksAgainCostsNothing(t *testing.T) {
	inWorld(t, func(w *world) {
		stuck, err := w.Follow("", "")
		if err != nil {
			t.Fatal(err)
		}
		for range 30 {
			w.shelf.revoke(100)
			time.Sleep(time.Minute)
			if _, err := w.shelf.Clean(w.Context(), ttl+Leeway, 10_000); err != nil {
				t.Fatal(err)
			}
		}
		if s := w.Stats(); s.Marks > 1200 || s.Named != 3000 {
			t.Errorf("%+v", s)
		}
		stuck.Leave()
		stuck.Leave()
		if n := w.Stats().Followers; n != 0 {
			t.Errorf("%d followers", n)
		}
	})
}

func TestOnlySoManyFollow(t *testing.T) {
	inWorld(t, func(w *world) {
		one, two := w.follow(""), w.follow("")
		if _, err := w.Follow("", ""); !errors.Is(err, ErrFull) {
			t.Fatalf("error %v", err)
		}
		one.stop()
		three := w.follow("")
		if got := names(three.heard(time.Second)); !slices.Contains(got, "current") {
			t.Errorf("one who came in its place hears %q", got)
		}
		two.heard(0)
	}, func(c *Config) { c.MaxFollowers = 2 })
}

func TestOnePlaceCannotTakeAllTheRoom(t *testing.T) {
	inWorld(t, func(w *world) {
		var here []*Follower
		for range 8 {
			follower, err := w.Follow("192.0.2.1/32", "")
			if err != nil {
				t.Fatal(err)
			}
			here = append(here, follower)
		}
		if _, err := w.Follow("192.0.2.1/32", ""); !errors.Is(err, ErrFull) {
			t.Errorf("the ninth from one place: %v", err)
		}
		for _, place := range []string{"192.0.2.2/32", ""} {
			if _, err := w.Follow(place, ""); err != nil {
				t.Errorf("from %q: %v", place, err)
			}
		}
		here[0].Leave()
		here[0].Leave()
		if _, err := w.Follow("192.0.2.1/32", ""); err != nil {
			t.Errorf("in the place of one who left: %v", err)
		}
		if _, err := w.Follow("192.0.2.1/32", ""); !errors.Is(err, ErrFull) {
			t.Errorf("leaving twice made room for two: %v", err)
		}
	}, func(c *Config) { c.MaxFollowers = 64 })
}

func TestClosingEndsEverybody(t *testing.T) {
	inWorld(t, func(w *world) {
		ears := []*ear{w.follow(""), w.follow("")}
		ears[0].heard(time.Second)
		w.Close()
		synctest.Wait()
		for _, e := range ears {
			e.done.Wait()
			if !errors.Is(e.err, ErrClosed) {
				t.Errorf("ended by %v", e.err)
			}
		}
		if _, err := w.Follow("", ""); !errors.Is(err, ErrClosed) {
			t.Errorf("error %v", err)
		}
	})
}

func TestStoppingIsNoFailureOfTheStore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := NewFeed(Config{Store: &shelf{delay: time.Second}, AccessTTL: ttl, Report: func(err error) { t.Errorf("reported %v", err) }})
		ctx, cancel := context.WithCancel(t.Context())
		go f.Run(ctx)
		if _, err := f.Follow("", ""); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Millisecond)
		cancel()
		synctest.Wait()
	})
}

func TestCleaningLeavesWhatIsStillRead(t *testing.T) {
	inWorld(t, func(w *world) {
		w.shelf.revoke(CleanLimit + 1)
		time.Sleep(ttl + Leeway)
		for _, want := range []bool{true, false, true, true} {
			done, err := w.Clean(w.Context())
			if err != nil || done != want {
				t.Fatalf("done %v, error %v", done, err)
			}
			if want {
				time.Sleep(deepEvery + time.Second)
			}
		}
		if n := len(w.shelf.rows); n != 0 {
			t.Errorf("%d rows are left", n)
		}
	})
}
