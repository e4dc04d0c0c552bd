package server

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"
)

// clock is the time that all servers over one database agree on: this machine's, or, where it differs by more than a
// moment from that of a database which is a server, the database's.
//
// Two servers an hour apart would not agree on whether a refresh window is open: one repeats the newest token while the
// other makes a newer one, and whoever holds the repeated one is taken for a thief.
type clock struct {
	machine func() time.Time
	set     atomic.Pointer[reading] // nil while the machine's is the clock
}

// reading is what the database's clock showed at a moment of the machine's. What has passed since is told by the
// machine's monotonic clock, so a machine's clock that is put right changes nothing.
type reading struct{ machine, database time.Time }

const (
	clockEvery = 5 * time.Second
	// clockSlack is how far a machine's clock may be off before the database's counts instead. Two machines that follow a
	// time server are closer than a reading over a slow connection can tell, so they are left alone.
	clockSlack = time.Second
	// clockDoubt is how far a machine may be off before an operator should hear of it.
	clockDoubt = 10 * time.Second
)

func (c *clock) now() time.Time {
	machine := c.machine()
	if r := c.set.Load(); r != nil {
		return r.database.Add(machine.Sub(r.machine))
	}
	return machine
}

// read sets the clock by the database's, and returns how far the machine's is ahead of it.
func (c *clock) read(ctx context.Context, database func(context.Context) (time.Time, error)) (ahead time.Duration, err error) {
	before := c.machine()
	shown, err := database(ctx)
	if err != nil {
		return 0, fmt.Errorf("read the database's clock: %w", err)
	}
	took := c.machine().Sub(before)
	middle := before.Add(took / 2)
	ahead = middle.Round(0).Sub(shown) // without the monotonic part, which the database's time has not
	slow := took > clockSlack          // it is off by half of that at most
	switch {
	case ahead.Abs() > max(clockSlack, took) && (!slow || c.set.Load() == nil):
		c.set.Store(&reading{machine: middle, database: shown})
	case ahead.Abs() <= clockSlack && !slow:
		c.set.Store(nil)
	}
	return ahead, nil
}

// clockOf returns how to read the clock of a database, nil if it has none of its own.
func clockOf(db store) func(context.Context) (time.Time, error) {
	if its, ok := db.(interface {
		Clock(context.Context) (time.Time, error)
	}); ok {
		return its.Clock
	}
	return nil
}

// setClock goes by the database's clock unless the configuration brought one.
func (s settings) setClock(ctx context.Context, db store) error {
	read := clockOf(db)
	if s.clock == nil || read == nil {
		return nil
	}
	ahead, err := s.clock.read(ctx, read)
	if err == nil && ahead.Abs() > clockDoubt {
		s.Log.WarnContext(ctx, "this machine's clock differs from the database's, which counts; fix: let both follow a time server",
			"ahead", ahead.Round(time.Second))
	}
	return err
}

// followClock keeps to the database's clock. While that cannot be read, time goes on from the last reading.
func (s *Server) followClock(ctx context.Context) time.Duration {
	read := clockOf(s.rooms.store)
	if s.settings.clock == nil || read == nil {
		return cleanRest
	}
	_, _ = s.settings.clock.read(ctx, read) // that the database is away is said by everything else
	return clockEvery
}
