package revocation

import (
	"context"
	"math"
	"strconv"
	"time"
)

const (
	// resumeOverlap is how far a follower that resumes is sent back, for what became visible late. It may hear of a session
	// twice.
	resumeOverlap = 30 * time.Second

	snapshotPatience = time.Minute     // for one who takes in what was revoked before it came
	newsPatience     = 5 * time.Second // for one who was up to date
)

// Follower is one who is told of revocations. One goroutine uses it.
type Follower struct {
	feed    *Feed
	from    string // the place it comes from
	since   int64  // what was revoked before this, by the database's clock, is known already
	placed  bool   // since was compared with that clock
	joined  uint64 // how many readings had begun before it came
	next    uint64 // the entry to send next
	beat    uint64 // the last one seen
	current bool   // it was told that it knows everything
	behind  time.Time
	left    bool
}

// Next waits for the next event and returns its text, which is shared: it must not be changed. It fails with ErrClosed,
// with ErrSlow, or with the error of ctx.
func (w *Follower) Next(ctx context.Context) ([]byte, error) {
	for {
		rung := w.feed.bell.Next()
		text, err := w.take()
		if text != nil || err != nil {
			return text, err
		}
		select {
		case <-rung:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Leave makes room for another one.
func (w *Follower) Leave() {
	f := w.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if !w.left {
		w.left = true
		f.followers--
		if f.places[w.from]--; f.places[w.from] == 0 {
			delete(f.places, w.from)
		}
		f.left = time.Now()
	}
}

// take returns what there is to send now, nil for nothing.
func (w *Follower) take() ([]byte, error) {
	f := w.feed
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.closed {
		return nil, ErrClosed
	}
	entries, number := w.pending()
	if len(entries) > 0 {
		if w.tooSlow() {
			f.dropped++
			return nil, ErrSlow
		}
		w.next = number + uint64(len(entries))
		return f.revoked(entries, number), nil
	}
	w.next, w.behind = number, time.Time{}
	if r := &f.readings; r.beat > w.beat && r.beatOf > w.joined {
		w.beat, w.current = r.beat, true
		return current(r.clock), nil
	}
	return nil, nil
}

// pending returns what is to be sent. One that resumes is not told what it knows; once it is up to date it is told
// everything that turns up, whatever moment it carries.
func (w *Follower) pending() ([]entry, uint64) {
	f := w.feed
	w.place()
	for !w.current && w.since > 0 {
		entries, number := f.memory.since(w.next, 1)
		if len(entries) == 0 || entries[0].at > w.since {
			break
		}
		w.next = number + 1
	}
	return f.memory.since(w.next, eventMarks)
}

// place makes nothing of an id that is older than all that is remembered, or of a time to come: the database may have
// been replaced by one whose clock is behind.
func (w *Follower) place() {
	now := w.feed.readings.databaseClock()
	if w.placed || now.IsZero() {
		return
	}
	w.placed = true
	ahead := time.UnixMilli(w.since).Sub(now)
	if w.since <= 0 || ahead > overlap || ahead < -w.feed.life {
		w.since = 0
		return
	}
	w.since -= resumeOverlap.Milliseconds()
}

// tooSlow is asked when there is something to send.
func (w *Follower) tooSlow() bool {
	if w.behind.IsZero() {
		w.behind = time.Now()
	}
	patience := snapshotPatience
	if w.current {
		patience = newsPatience
	}
	return time.Since(w.behind) > patience
}

// parseID returns 0 for what is no id.
func parseID(text string) int64 {
	ms, err := strconv.ParseInt(text, 10, 64)
	if err != nil || ms < 0 || ms > math.MaxInt64/2/int64(time.Millisecond) { // so that no sum of times overflows
		return 0
	}
	return ms
}
