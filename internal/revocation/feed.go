package revocation

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/fault"
)

// Leeway is how long after its expiry a verifier may still accept an access token.
const Leeway = time.Minute

const (
	defaultFollowers = 1024
	placeShare       = 8 // of all followers, the part that may come from one place,
	placeLeast       = 4 // and where that is few
	defaultMarks     = 1_000_000

	// CleanLimit is how many rows one step of the cleaner deletes at most.
	CleanLimit = 500
)

// Config is what a feed needs.
type Config struct {
	Store Store
	// AccessTTL is how long an access token lives.
	AccessTTL time.Duration
	// MaxFollowers is how many may follow at once; 0 means 1,024.
	MaxFollowers int
	// MaxMarks is how many revocations are remembered; 0 means 1,000,000. With more of them within one access lifetime the
	// oldest are forgotten, and counted in Stats.
	MaxMarks int
	// Report is told when the store can no longer be read, and with nil when it can again. It may be nil.
	Report func(error)
}

// Feed names the sessions that were ended early to everybody who follows. It remembers them as long as an access token of
// theirs can be valid, so that one who comes later hears of them too.
//
// The store is read only while somebody follows: the first to come waits for one reading, and a server whose feed nobody
// wants pays nothing for it.
type Feed struct {
	Config
	life time.Duration // of a revocation
	kick chan struct{} // wakes the reader before its time; holds one
	bell Bell          // rings when followers may have something to send

	mu        sync.Mutex
	closed    bool
	followers int
	places    map[string]int // followers by where they come from
	left      time.Time      // when the last one did
	memory    memory
	readings  readings
	cached    cached
	named     uint64
	dropped   uint64
}

// Refusals of Follow, and ends of a follower.
var (
	// ErrFull refuses a follower too many.
	ErrFull = &fault.Unavailable{
		Cause: errors.New("revocation: as many follow the feed as may"),
		Fix:   "let each server follow once, and keep the feed from strangers",
	}
	// ErrClosed says that the server stops.
	ErrClosed = &fault.Unavailable{Cause: errors.New("revocation: the feed is closed")}
	// ErrSlow drops a follower who does not keep up: late news would look like news in time.
	ErrSlow = errors.New("revocation: the follower does not keep up")
)

// NewFeed returns a feed. It does nothing until it runs.
func NewFeed(c Config) *Feed {
	if c.MaxFollowers <= 0 {
		c.MaxFollowers = defaultFollowers
	}
	if c.MaxMarks <= 0 {
		c.MaxMarks = defaultMarks
	}
	f := &Feed{Config: c, life: c.AccessTTL + Leeway, kick: make(chan struct{}, 1), places: map[string]int{}}
	f.memory = newMemory(c.MaxMarks)
	return f
}

// Follow begins to follow after the event with this id: the database's clock in milliseconds, as any node has sent it.
// With "", or what cannot be an id of now, it begins with everything. It fails with ErrFull or ErrClosed.
//
// The place is where the follower comes from, "" where nobody knows: the feed is open to everybody, and one machine must
// not be able to take all the room.
func (f *Feed) Follow(place, lastEventID string) (*Follower, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	switch {
	case f.closed:
		return nil, ErrClosed
	case f.followers >= f.MaxFollowers, place != "" && f.places[place] >= max(placeLeast, f.MaxFollowers/placeShare):
		return nil, ErrFull
	}
	f.followers++
	f.places[place]++
	f.readings.newcomers = true
	f.wake()
	return &Follower{feed: f, from: place, since: parseID(lastEventID), joined: f.readings.begun, beat: f.readings.beat}, nil
}

// Close ends all followers and lets nobody follow any more. Run goes on until its context ends.
func (f *Feed) Close() {
	f.mu.Lock()
	f.closed = true
	f.mu.Unlock()
	f.bell.Ring()
}

// Clean forgets what no access token can be valid of any more, a small lot at a time, and says whether that was all.
func (f *Feed) Clean(ctx context.Context) (done bool, err error) {
	n, err := f.Store.Clean(ctx, f.life+deepEvery, CleanLimit) // later than anybody reads back
	if err != nil {
		return false, fmt.Errorf("clean revocations: %w", err)
	}
	return n < CleanLimit, nil
}

// Stats is what a feed counts.
type Stats struct {
	Followers int           // now
	Marks     int           // remembered now
	Unread    time.Duration // how long the last good reading is past; 0 while nobody follows
	Named     uint64        // revocations found since the start
	Dropped   uint64        // followers who did not keep up
	Forgotten uint64        // revocations that were forgotten too early, for there were more than MaxMarks
}

// Stats returns what the feed has counted.
func (f *Feed) Stats() Stats {
	f.mu.Lock()
	defer f.mu.Unlock()
	s := Stats{
		Followers: f.followers, Marks: f.memory.len(), Named: f.named, Dropped: f.dropped, Forgotten: f.memory.forgotten,
	}
	if f.followers > 0 {
		s.Unread = time.Since(f.readings.good)
	}
	return s
}

// Drop counts a follower who did not take what was sent. The one who sends knows of it first.
func (f *Feed) Drop() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.dropped++
}

// wake makes the next reading come at once.
func (f *Feed) wake() {
	select {
	case f.kick <- struct{}{}:
	default:
	}
}

// remember takes what a reading saw into memory and says whether there was something new.
func (f *Feed) remember(seen Reading) (news bool) {
	now := time.Now()
	f.memory.forget(now)
	for _, r := range seen.Revocations {
		// A clock of the database that was turned back makes ages negative: then the revocation is as fresh as can be.
		rest := f.life - max(0, seen.Now.Sub(r.At))
		if rest > 0 && f.memory.add(accesstoken.MarkOf(r.Session.String()), r.At.UnixMilli(), now.Add(rest)) {
			f.named++
			news = true
		}
	}
	return news
}
