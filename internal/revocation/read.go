package revocation

import (
	"context"
	"sync"
	"time"
)

const (
	// readEvery is how often the store is read while somebody follows. It carries the feed: 2 s from a revocation to its
	// name leave room for this, a slow read and a slow line.
	readEvery = 500 * time.Millisecond
	// readGap is between two readings, however often somebody wakes the reader: a thousand sign-outs a second are ten
	// readings.
	readGap     = 100 * time.Millisecond
	readTimeout = 5 * time.Second

	// overlap is how far a reading looks back beyond the one before. A revocation carries the moment at which it was
	// written and is seen when its step is committed; a store lets no step take longer than this.
	overlap = 10 * time.Second
	// deepEvery is how often a reading looks back over the whole lifetime instead: for the commit that took longer all the
	// same, as one can that waits for a standby. At 1,000 revocations a second it costs what the short ones do.
	deepEvery = time.Minute

	beatEvery = 2 * time.Second  // while nothing is revoked, that the feed is up
	linger    = 10 * time.Second // how long the reader goes on when the last follower has left
)

// readings is what is known of the readings of the store.
type readings struct {
	begun     uint64    // how many
	good      time.Time // when the last good one began
	deep      time.Time // and the last good one over the whole lifetime
	clock     time.Time // the database's, as the last good one saw it
	failing   bool
	newcomers bool // somebody came since the last one began

	// A beat says that everything up to a reading was named. Followers send each once, and none that is of a reading which
	// began before they came.
	beat   uint64
	beatOf uint64    // the number of its reading
	beatAt time.Time // when it began
}

// Run reads the store while somebody follows, until ctx ends.
func (f *Feed) Run(ctx context.Context) {
	for ctx.Err() == nil {
		if f.followed() {
			f.watch(ctx)
			continue
		}
		select {
		case <-f.kick:
		case <-ctx.Done():
		}
	}
}

// watch reads as long as somebody follows, every readEvery or when the store says so.
func (f *Feed) watch(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	var awaiting sync.WaitGroup
	defer awaiting.Wait()
	defer cancel()
	awaiting.Go(func() {
		for ctx.Err() == nil {
			f.Store.Await(ctx)
			f.wake()
		}
	})
	for f.followed() && ctx.Err() == nil {
		f.read(ctx)
		pause(ctx, readGap, nil)
		pause(ctx, readEvery-readGap, f.kick)
	}
}

func pause(ctx context.Context, d time.Duration, kick <-chan struct{}) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-kick:
	case <-ctx.Done():
	}
}

// followed reports whether somebody follows or did a moment ago.
func (f *Feed) followed() bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.followers > 0 || !f.left.IsZero() && time.Since(f.left) < linger
}

func (f *Feed) read(ctx context.Context) {
	began, within, newcomers := f.beginReading()
	own, cancel := context.WithTimeout(ctx, readTimeout)
	defer cancel()
	seen, err := f.Store.Recent(own, within, f.MaxMarks)
	if ctx.Err() != nil {
		return // that is no failure of the store
	}
	changed := f.endReading(began, within, newcomers, seen, err)
	if changed && f.Report != nil {
		f.Report(err)
	}
}

func (f *Feed) beginReading() (began time.Time, within time.Duration, newcomers bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := &f.readings
	r.begun++
	newcomers, r.newcomers = r.newcomers, false
	began, within = time.Now(), f.life
	if !r.deep.IsZero() && began.Sub(r.deep) < deepEvery {
		within = min(f.life, began.Sub(r.good)+overlap)
	}
	return began, within, newcomers
}

// endReading takes in what was seen, tells the followers, and says whether reading has begun to fail or to work again.
func (f *Feed) endReading(began time.Time, within time.Duration, newcomers bool, seen Reading, err error) (changed bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	r := &f.readings
	if err != nil {
		r.newcomers = r.newcomers || newcomers
		changed, r.failing = !r.failing, true
		return changed
	}
	changed, r.failing = r.failing, false
	r.good, r.clock = began, seen.Now
	if within == f.life {
		r.deep = began
		if len(seen.Revocations) >= f.MaxMarks {
			f.memory.forgotten++ // one at least was left out
		}
	}
	news := f.remember(seen)
	// A reading that took long says what was true long ago.
	due := (newcomers || began.Sub(r.beatAt) >= beatEvery) && time.Since(began) < beatEvery
	if due {
		r.beat, r.beatOf, r.beatAt = r.beat+1, r.begun, began
	} else {
		r.newcomers = r.newcomers || newcomers
	}
	if news || due {
		f.bell.Ring()
	}
	return changed
}

// databaseClock is what the database's clock shows now, as far as can be told; the zero time before the first reading.
func (r *readings) databaseClock() time.Time {
	if r.clock.IsZero() {
		return time.Time{}
	}
	return r.clock.Add(time.Since(r.good))
}
