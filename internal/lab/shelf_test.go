package lab

import (
	"context"
	"errors"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"
)

// closable is a sandbox of which only the end matters.
type closable struct {
	Sandbox
	closed atomic.Int32
	fault  error
}

func (c *closable) Close() error {
	c.closed.Add(1)
	return c.fault
}

func put(t *testing.T, s *shelf, id string, c *closable) {
	t.Helper()
	if err := s.add(t.Context(), id, func(context.Context) (Sandbox, error) { return c, nil }); err != nil {
		t.Fatal(err)
	}
}

func TestASandboxThatNobodyUsesIsClosedAfterAWhile(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newShelf(4, 10*time.Minute)
		used, unused := &closable{}, &closable{}
		put(t, s, "used", used)
		put(t, s, "unused", unused)
		for range 3 {
			time.Sleep(6 * time.Minute)
			if _, ok := s.find("used"); !ok {
				t.Fatal("a sandbox in use was closed")
			}
		}
		synctest.Wait()
		if _, ok := s.find("unused"); ok || unused.closed.Load() != 1 || used.closed.Load() != 0 {
			t.Errorf("after 18 minutes: used closed %d times, unused %d times", used.closed.Load(), unused.closed.Load())
		}
		time.Sleep(11 * time.Minute)
		synctest.Wait()
		if used.closed.Load() != 1 {
			t.Errorf("left alone, it was closed %d times", used.closed.Load())
		}
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
}

func TestAClosedShelfTakesNothingAndTellsWhatWentWrong(t *testing.T) {
	s := newShelf(1, time.Hour)
	broken := errors.New("the disk is gone")
	first, second := &closable{fault: broken}, &closable{}
	put(t, s, "first", first)
	put(t, s, "second", second)
	s.remove("nobody")
	if err := s.close(); !errors.Is(err, broken) || first.closed.Load() != 1 || second.closed.Load() != 1 {
		t.Errorf("closed with %v, the first %d times, the second %d times", err, first.closed.Load(), second.closed.Load())
	}
	err := s.add(t.Context(), "third", func(context.Context) (Sandbox, error) {
		t.Error("a closed shelf opens a sandbox")
		return nil, nil
	})
	if !errors.Is(err, errClosed) {
		t.Errorf("a closed shelf says %v", err)
	}
}
