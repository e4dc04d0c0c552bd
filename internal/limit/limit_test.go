package limit_test

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
)

var (
	here      = netip.MustParseAddr("192.0.2.1")
	elsewhere = netip.MustParseAddr("198.51.100.7")
)

type clock struct{ nanos atomic.Int64 }

func (c *clock) now() time.Time           { return time.Unix(0, c.nanos.Load()) }
func (c *clock) advance(by time.Duration) { c.nanos.Add(int64(by)) }

type bench struct {
	*limit.Limiter
	clock *clock
}

func newLimiter(t *testing.T) bench {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "mayfly.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	c := &clock{}
	c.nanos.Store(time.Date(2026, 11, 24, 8, 0, 0, 0, time.UTC).UnixNano())
	return bench{limit.New(limit.Config{
		Store: db.Limits(), Key: []byte("key"), Now: c.now,
		Buckets: limit.Buckets{Registration: limit.Bucket{Burst: 100, Interval: 36 * time.Second}}, // a full one takes too long to fill
	}), c}
}

func never(context.Context) (bool, error)  { return false, nil }
func always(context.Context) (bool, error) { return true, nil }

// fail makes one wrong attempt and returns how long it was told to wait, 0 if it was let through.
func (b bench) fail(t *testing.T, account string, from netip.Addr, known func(context.Context) (bool, error)) time.Duration {
	t.Helper()
	ticket, err := b.SignIn(t.Context(), account, from, known)
	if wait, refused := refusal(t, err); refused {
		return wait
	}
	ticket.Failed()
	return 0
}

func refusal(t *testing.T, err error) (time.Duration, bool) {
	t.Helper()
	var full *limit.TooManyError
	if errors.As(err, &full) {
		if full.RetryAfter <= 0 || full.RetryAfter > limit.MaxWait {
			t.Errorf("told to wait %v", full.RetryAfter)
		}
		return full.RetryAfter, true
	}
	if err != nil {
		t.Fatal(err)
	}
	return 0, false
}

// stranger is the nth IPv4 address of a botnet.
func stranger(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{203, byte(n >> 16), byte(n >> 8), byte(n)})
}

func TestParallelGuessesFindNoMoreRoomThanGuessesInARow(t *testing.T) {
	for name, from := range map[string]func(int) netip.Addr{
		"10 from one place":      func(int) netip.Addr { return here },
		"45 from all the places": stranger,
	} {
		t.Run(name, func(t *testing.T) {
			var want, let int64
			fmt.Sscan(name, &want)
			b := newLimiter(t)
			var group sync.WaitGroup
			for n := range 200 {
				group.Go(func() {
					if b.fail(t, "alice", from(n), never) == 0 {
						atomic.AddInt64(&let, 1)
					}
				})
			}
			group.Wait()
			if let != want {
				t.Errorf("%d of 200 parallel guesses were let through, %d are the limit", let, want)
			}
		})
	}
}

func TestAnOutsiderNeverLocksThePersonOutWhereTheyHaveSignedInBefore(t *testing.T) {
	b := newLimiter(t)
	for n := range 200 {
		b.fail(t, "alice", stranger(n), never)
	}
	if wait := b.fail(t, "alice", elsewhere, never); wait == 0 {
		t.Fatal("the account is not under attack: a stranger was let through")
	}
	for n := range 5 {
		if wait := b.fail(t, "alice", here, always); wait != 0 {
			t.Errorf("try %d at home: wait %v", n, wait)
		}
	}
}

func TestAKnownPlaceIsNoFreePassForItsNeighbours(t *testing.T) {
	b := newLimiter(t)
	let := 0
	for range 100 {
		if b.fail(t, "alice", here, always) == 0 {
			let++
		}
	}
	if let != 20 { // the stranger's ten and the home's ten
		t.Errorf("%d guesses from a known network were let through", let)
	}
}

// Somebody with one server (or one IPv6 line, with its 65,536 networks) tries for hours, as fast as they are let. The
// owner comes from a new place every hour and finds room.
func TestOneAttackerCannotKeepANewPlaceShut(t *testing.T) {
	for name, attacker := range map[string]func(int) netip.Addr{
		"one address": func(int) netip.Addr { return elsewhere },
		"a whole /48": func(n int) netip.Addr {
			return netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 0, 1, byte(n >> 8), byte(n), 15: 1})
		},
	} {
		t.Run(name, func(t *testing.T) {
			b := newLimiter(t)
			for n := range 60 {
				b.fail(t, "alice", attacker(n), never)
			}
			for minute := range 6 * 60 {
				b.clock.advance(time.Minute)
				b.fail(t, "alice", attacker(minute), never)
				if minute%60 != 59 {
					continue
				}
				if wait := b.fail(t, "alice", stranger(minute), never); wait != 0 {
					t.Fatalf("after %d minutes the owner at a new place waits %v", minute, wait)
				}
			}
		})
	}
}

func TestWhoWaitsAsLongAsToldIsLetThrough(t *testing.T) {
	for name, from := range map[string]func(int) netip.Addr{
		"place":   func(int) netip.Addr { return here },
		"account": stranger,
	} {
		t.Run(name, func(t *testing.T) {
			b := newLimiter(t)
			for n := range 120 {
				wait := b.fail(t, "alice", from(n), never)
				if wait == 0 {
					continue
				}
				b.clock.advance(wait - time.Millisecond)
				if early := b.fail(t, "alice", from(n), never); early == 0 {
					t.Fatal("let through before the time was up")
				}
				b.clock.advance(time.Millisecond)
				if again := b.fail(t, "alice", from(n), never); again != 0 {
					t.Fatalf("waited %v as told, and is told to wait %v more", wait, again)
				}
			}
		})
	}
}

// Promise 20: one office behind one address is never locked out.
func TestPromise20_AnOfficeBehindOneAddressSignsIn(t *testing.T) {
	b := newLimiter(t)
	var tickets []*limit.Ticket
	for n := range 500 { // everybody at nine o'clock, all still waiting for their turn
		ticket, err := b.SignIn(t.Context(), fmt.Sprint("person", n), here, never)
		if err != nil {
			t.Fatalf("person %d: %v", n, err)
		}
		tickets = append(tickets, ticket)
	}
	for n, ticket := range tickets { // one in five mistypes first
		if n%5 == 0 {
			ticket.Failed()
		} else if err := ticket.Succeeded(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 200 {
		ticket, err := b.SignIn(t.Context(), fmt.Sprint("person", n), here, never)
		if err != nil {
			t.Fatalf("person %d: %v", n, err)
		}
		if err := ticket.Succeeded(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestSprayingOnePasswordOverManyAccountsIsBounded(t *testing.T) {
	b := newLimiter(t)
	let := 0
	for n := range 620 {
		if b.fail(t, fmt.Sprint("person", n), elsewhere, always) == 0 {
			let++
		}
	}
	if let != 600 {
		t.Errorf("%d accounts were tried from one address", let)
	}
}

func TestASprayerWithAnAccountOfTheirOwnGetsNoMoreRoom(t *testing.T) {
	b := newLimiter(t)
	for n := range 600 {
		if n%50 == 0 {
			ticket, err := b.SignIn(t.Context(), "the sprayer", elsewhere, never)
			if err != nil {
				t.Fatal(err)
			}
			if err := ticket.Succeeded(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		b.fail(t, fmt.Sprint("person", n), elsewhere, never)
	}
	if wait := b.fail(t, "one more", elsewhere, never); wait == 0 {
		t.Error("successes of their own made room for more guesses")
	}
}

func TestSuccessForgivesTheFailuresBeforeItAtThatPlaceOnly(t *testing.T) {
	b := newLimiter(t)
	for range 9 {
		b.fail(t, "alice", here, never)
	}
	for range 10 {
		b.fail(t, "alice", elsewhere, never)
	}
	ticket, err := b.SignIn(t.Context(), "alice", here, never)
	if err != nil {
		t.Fatal(err)
	}
	if err := ticket.Succeeded(t.Context()); err != nil {
		t.Fatal(err)
	}
	for n := range 10 {
		if wait := b.fail(t, "alice", here, never); wait != 0 {
			t.Errorf("try %d after the success: wait %v", n, wait)
		}
	}
	if wait := b.fail(t, "alice", elsewhere, never); wait == 0 {
		t.Error("somebody else's success forgave an attacker's failures")
	}
}

func TestWhatWasNotJudgedCostsNothing(t *testing.T) {
	b := newLimiter(t)
	ctx, hangUp := context.WithCancel(t.Context())
	hangUp()
	for n := range 50 {
		ticket, err := b.SignIn(t.Context(), "alice", here, never)
		if err != nil {
			t.Fatalf("attempt %d: %v", n, err)
		}
		if err := ticket.Withdraw(ctx); err != nil { // the visitor has gone away
			t.Fatal(err)
		}
	}
}

func TestARefusedAttemptChargesNothing(t *testing.T) {
	b := newLimiter(t)
	for range 650 { // ten are let through; the others must not use up the room of the office
		b.fail(t, "alice", here, never)
	}
	for n := range 50 {
		if wait := b.fail(t, fmt.Sprint("colleague", n), here, never); wait != 0 {
			t.Fatalf("colleague %d: wait %v", n, wait)
		}
	}
}

func TestAFaultWhileAskingForKnownPlacesChargesNothing(t *testing.T) {
	b := newLimiter(t)
	for range 10 {
		b.fail(t, "alice", here, never)
	}
	broken := errors.New("the database is gone")
	for range 650 {
		_, err := b.SignIn(t.Context(), "alice", here, func(context.Context) (bool, error) { return false, broken })
		if !errors.Is(err, broken) {
			t.Fatalf("SignIn = %v", err)
		}
	}
	if wait := b.fail(t, "bob", here, never); wait != 0 {
		t.Errorf("bob waits %v", wait)
	}
}

func TestKnownPlacesAreAskedForOnlyUnderAttack(t *testing.T) {
	b := newLimiter(t)
	asked := 0
	count := func(context.Context) (bool, error) { asked++; return false, nil }
	for range 10 {
		b.fail(t, "alice", here, count)
	}
	if asked != 0 {
		t.Errorf("asked %d times in peace", asked)
	}
	b.fail(t, "alice", here, count)
	if asked != 1 {
		t.Errorf("asked %d times under attack", asked)
	}
}

func TestOneAddressInTwoSpellingsIsOnePlace(t *testing.T) {
	for _, pair := range [][2]string{
		{"192.0.2.1", "::ffff:192.0.2.1"},
		{"fe80::1%eth0", "fe80::1%wlan0"},
		{"2001:db8:1:2::1", "2001:db8:1:2:ffff::9"}, // one household
	} {
		a, z := netip.MustParseAddr(pair[0]), netip.MustParseAddr(pair[1])
		if !limit.SameNetwork(a, z) {
			t.Errorf("%v and %v are two networks", a, z)
		}
		b := newLimiter(t)
		for range 10 {
			b.fail(t, "alice", a, never)
		}
		if wait := b.fail(t, "alice", z, never); wait == 0 {
			t.Errorf("%v has used its attempts up, %v has not", a, z)
		}
	}
	for _, pair := range [][2]netip.Addr{
		{here, elsewhere},
		{here, {}},
		{{}, {}},
		{netip.MustParseAddr("2001:db8:1:2::1"), netip.MustParseAddr("2001:db8:1:3::1")},
	} {
		if limit.SameNetwork(pair[0], pair[1]) {
			t.Errorf("%v and %v are one network", pair[0], pair[1])
		}
	}
}

func TestWithoutAnAddressTheAccountIsStillGuarded(t *testing.T) {
	b := newLimiter(t)
	let := 0
	for range 100 {
		if b.fail(t, "alice", netip.Addr{}, never) == 0 {
			let++
		}
	}
	if let != 10 {
		t.Errorf("%d guesses were let through", let)
	}
	for n := range 620 {
		if wait := b.fail(t, fmt.Sprint("person", n), netip.Addr{}, never); wait != 0 {
			t.Fatalf("person %d waits %v because of others who cannot be told from them", n, wait)
		}
	}
}

func TestConfirmationsAreCountedForEachSession(t *testing.T) {
	b := newLimiter(t)
	for n := range 10 {
		ticket, err := b.Confirm(t.Context(), "stolen")
		if err != nil {
			t.Fatalf("try %d: %v", n, err)
		}
		ticket.Failed()
	}
	_, err := b.Confirm(t.Context(), "stolen")
	if _, refused := refusal(t, err); !refused {
		t.Error("an eleventh guess was let through")
	}
	ticket, err := b.Confirm(t.Context(), "the owner's new one")
	if err != nil {
		t.Fatal(err)
	}
	ticket.Failed()
}

func TestRegistrationsAreCountedForEachNetwork(t *testing.T) {
	b := newLimiter(t)
	let := 0
	for range 150 {
		if _, refused := refusal(t, b.Register(t.Context(), here)); !refused {
			let++
		}
	}
	if let != 100 {
		t.Errorf("%d registrations were let through", let)
	}
	if err := b.Register(t.Context(), elsewhere); err != nil {
		t.Errorf("another network: %v", err)
	}
	if err := b.Register(t.Context(), netip.Addr{}); err != nil {
		t.Errorf("no address: %v", err)
	}
}

func TestCleanRemovesWhatNoLongerSaysAnything(t *testing.T) {
	b := newLimiter(t)
	for range 3 {
		b.fail(t, "alice", here, never) // three buckets: network, place, account
	}
	if n, err := b.Clean(t.Context(), 100); n != 0 || err != nil {
		t.Errorf("Clean = %d, %v while all is fresh", n, err)
	}
	b.clock.advance(3*10*time.Minute + time.Second)
	if n, err := b.Clean(t.Context(), 100); n != 3 || err != nil {
		t.Errorf("Clean = %d, %v when all is over", n, err)
	}
}
