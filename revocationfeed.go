package mayfly

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// feedSilence is how long a feed that says nothing is believed to be alive. Mayfly says something every two seconds,
	// for as long as it hears from its own database.
	feedSilence = 6 * time.Second
	// firstWait is how long the first callers wait for what was revoked before them, at most.
	firstWait = 5 * time.Second

	shortestRetry = 500 * time.Millisecond
	longestRetry  = 15 * time.Second
	sweepInterval = time.Minute

	// notHeard is in the place of a moment while the feed is down.
	notHeard = -1
)

// follower keeps the marks of revoked sessions as the feed names them. It counts time by the monotonic clock of this
// process alone: a wall clock that jumps makes it neither forget nor keep, and the server's clock plays no part.
type follower struct {
	config RevocationsConfig
	client *http.Client
	log    *slog.Logger
	epoch  time.Time
	ctx    context.Context // of the following, which belongs to no request
	cancel context.CancelFunc

	marks     *markTable
	heard     atomic.Int64 // when the feed, being up, spoke last: a duration since epoch, or notHeard
	once      sync.Once
	settled   chan struct{} // closed when the first callers need not wait any longer
	settle    func()
	isSettled atomic.Bool

	mu    sync.Mutex // guards state
	state FeedState

	// The rest belongs to the goroutine that follows.
	lastID  string // of the last event that said: everything up to here has been named
	swept   time.Duration
	dropped uint64
}

// startableFollower returns one that has not begun.
func startableFollower(c RevocationsConfig, client *http.Client, log *slog.Logger) *follower {
	f := &follower{
		config: c, client: new(http.Client), log: log, epoch: time.Now(),
		marks: newMarkTable(c.MaxMarks), settled: make(chan struct{}),
	}
	if client != nil {
		*f.client = *client
	}
	f.client.Timeout = 0 // a stream has no end; silence ends it
	f.client.CheckRedirect = func(*http.Request, []*http.Request) error {
		return errors.New("the feed redirects, which is refused: set Revocations.URL to the address where it is")
	}
	f.ctx, f.cancel = context.WithCancel(context.Background())
	f.settle = sync.OnceFunc(func() {
		f.isSettled.Store(true)
		close(f.settled)
	})
	f.heard.Store(notHeard)
	return f
}

func (f *follower) elapsed() time.Duration { return time.Since(f.epoch) }

func (f *follower) begin() { f.once.Do(func() { go f.run() }) }

func (f *follower) close() {
	f.cancel()
	f.once.Do(f.settle) // where nothing has begun, nothing will
}

var errClosed = errors.New("the verifier was closed")

func (f *follower) run() {
	defer f.settle()
	patience := time.AfterFunc(firstWait, f.settle)
	defer patience.Stop()
	for failures := 0; ; failures++ {
		err := f.listen()
		if f.ctx.Err() != nil {
			f.goDown(errClosed)
			return
		}
		if f.goDown(err) {
			failures = 0
		}
		f.settle()
		f.sweep()
		select {
		case <-time.After(retryAfter(failures, err)):
		case <-f.ctx.Done():
			return
		}
	}
}

// retryAfter doubles with each failure, and is spread so that the followers of a server that restarts do not come back
// in one moment. A server that names a time itself is given it, within bounds.
func retryAfter(failures int, err error) time.Duration {
	wait := min(shortestRetry<<min(failures, 10), longestRetry)
	wait = wait/2 + rand.N(wait/2)
	if refused := new(feedStatusError); errors.As(err, &refused) {
		wait = max(wait, min(refused.retryAfter, longestRetry))
	}
	return wait
}

// listen opens the feed and takes what it says until it ends, and returns why it did.
func (f *follower) listen() error {
	ctx, cancel := context.WithCancelCause(f.ctx)
	defer cancel(nil)
	silence := time.AfterFunc(feedSilence, func() { cancel(errSilence) })
	defer silence.Stop()
	err := f.read(ctx, func() { silence.Reset(feedSilence) })
	if cause := context.Cause(ctx); cause != nil {
		err = cause
	}
	return fmt.Errorf("GET %s: %w", f.config.URL, err)
}

func (f *follower) read(ctx context.Context, heard func()) error {
	resp, err := f.open(ctx)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	for events := newEventReader(resp.Body); ; {
		e, err := events.next()
		if err != nil {
			return err
		}
		heard()
		if err := f.take(e); err != nil {
			return err
		}
	}
}

func (f *follower) open(ctx context.Context) (*http.Response, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, f.config.URL, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "text/event-stream")
	req.Header.Set("Accept-Encoding", "identity") // whoever compresses gathers first, and we wait
	req.Header.Set("Cache-Control", "no-store")
	if f.lastID != "" {
		req.Header.Set("Last-Event-ID", f.lastID)
	}
	resp, err := f.client.Do(req)
	if err != nil {
		return nil, bareError(err)
	}
	if err := checkFeed(resp); err != nil {
		_ = resp.Body.Close()
		return nil, err
	}
	return resp, nil
}

// checkFeed tells a feed from what else may answer in its place.
func checkFeed(resp *http.Response) error {
	if resp.StatusCode != http.StatusOK {
		wait, _ := seconds(resp.Header.Get("Retry-After"))
		return &feedStatusError{resp.StatusCode, wait}
	}
	kind := resp.Header.Get("Content-Type")
	if media, _, _ := mime.ParseMediaType(kind); media != "text/event-stream" {
		return fmt.Errorf("the answer is of type %q and not text/event-stream: is this the address of the feed, or does "+
			"something else answer in its place?", kind)
	}
	if coding := resp.Header.Get("Content-Encoding"); coding != "" && coding != "identity" {
		return fmt.Errorf("the answer has the Content-Encoding %q, which was not asked for: let the proxy leave it alone", coding)
	}
	return nil
}

// feedStatusError is an answer that is no feed.
type feedStatusError struct {
	status     int
	retryAfter time.Duration // 0 if the answer does not say
}

func (e *feedStatusError) Error() string {
	text := fmt.Sprintf("status %d", e.status)
	if e.status == http.StatusNotFound {
		text += ": is this the address of Mayfly, and is it new enough to have a revocation feed?"
	}
	return text
}

// take does what an event says. Names that it does not know are of a later Mayfly.
func (f *follower) take(e event) error {
	now := f.elapsed()
	switch e.name {
	case eventRevoked:
		r, err := decodeRevoked(e.data)
		if err != nil {
			return err
		}
		for _, mark := range r.marks {
			f.marks.add(mark, endStampOf(now+r.expires), stampOf(now))
		}
	case eventCurrent:
		// Only here is the id kept: of what lies before it, nothing has been left out.
		f.lastID = ""
		if isEventID(e.id) {
			f.lastID = e.id
		}
		f.goUp(now)
	}
	if f.heard.Load() != notHeard {
		f.heard.Store(int64(now))
	}
	f.sweep()
	f.tellDropped()
	return nil
}

// isEventID keeps out of a header what no server will take back: without an id the whole snapshot comes.
func isEventID(id string) bool {
	for _, c := range []byte(id) {
		if c < '!' || c > '~' {
			return false
		}
	}
	return len(id) <= 64
}

// sweep has what is over leave the memory.
func (f *follower) sweep() {
	if now := f.elapsed(); now-f.swept >= sweepInterval {
		f.swept = now
		f.marks.sweep(stampOf(now))
	}
}

// bareError takes off what net/http puts before an error: the address is said once.
func bareError(err error) error {
	if outer := new(url.Error); errors.As(err, &outer) {
		return outer.Err
	}
	return err
}
