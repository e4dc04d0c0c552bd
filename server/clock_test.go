package server

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestTheClockGoesByTheDatabases(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		skew := 90 * time.Minute
		c := &clock{machine: func() time.Time { return time.Now().Add(skew) }}
		trip := 200 * time.Millisecond
		database := func(context.Context) (time.Time, error) {
			time.Sleep(trip / 2)
			shown := time.Now().UTC().Round(0)
			time.Sleep(trip / 2)
			return shown, nil
		}
		want := func(when string, off time.Duration) {
			t.Helper()
			if got := time.Until(c.now()).Round(time.Millisecond); got != off {
				t.Errorf("%s: off by %s, want %s", when, got, off)
			}
		}
		want("before any reading", skew)
		ahead, err := c.read(t.Context(), database)
		if err != nil || ahead.Round(time.Millisecond) != skew {
			t.Fatalf("ahead %s, %v", ahead, err)
		}
		want("after a reading", 0)
		time.Sleep(time.Hour)
		want("an hour later", 0)

		trip = 3 * time.Second
		before := c.set.Load()
		if _, err := c.read(t.Context(), database); err != nil || c.set.Load() != before {
			t.Errorf("a reading that took 3 s is believed (%v)", err)
		}
		lost := errors.New("the database is away")
		if _, err := c.read(t.Context(), func(context.Context) (time.Time, error) { return time.Time{}, lost }); !errors.Is(err, lost) {
			t.Errorf("error %v", err)
		}
		want("while the database is away", 0)

		trip, skew = 200*time.Millisecond, 300*time.Millisecond // somebody has put it right
		if _, err := c.read(t.Context(), database); err != nil {
			t.Fatal(err)
		}
		want("a clock that is right but for a moment", skew)
		trip = 3 * time.Second
		if _, err := c.read(t.Context(), database); err != nil {
			t.Fatal(err)
		}
		want("after a reading that could not tell", skew)
		skew = time.Hour
		if _, err := c.read(t.Context(), database); err != nil {
			t.Fatal(err)
		}
		want("after a slow reading that was sure all the same", 0)
	})
}
