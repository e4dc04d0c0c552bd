package mayfly

import (
	"errors"
	"log/slog"
	"time"
)

// snapshot may be taken by anybody at any time.
func (f *follower) snapshot() FeedState {
	f.mu.Lock()
	state := f.state
	f.mu.Unlock()
	state.Marks = int(f.marks.live.Load())
	state.Dropped = f.marks.dropped.Load()
	return state
}

// goUp is called with every sign that all is well, and acts on the first.
func (f *follower) goUp(now time.Duration) {
	if f.heard.Load() != notHeard {
		return
	}
	f.heard.Store(int64(now))
	f.mu.Lock()
	wasDown := f.state.LastError != nil
	f.state.Up, f.state.Since = true, time.Now()
	f.mu.Unlock()
	f.settle()
	if wasDown {
		f.logger().Info("mayfly: the revocation feed is up again", "url", f.config.URL)
	}
	f.tell()
}

// goDown is called whenever a connection has ended, and reports whether the feed was up until then. Attempts that go on
// failing change the reason and tell nobody.
func (f *follower) goDown(err error) (wasUp bool) {
	f.heard.Store(notHeard)
	f.mu.Lock()
	wasUp = f.state.Up
	first := wasUp || f.state.Since.IsZero()
	if first {
		f.state.Up, f.state.Since = false, time.Now()
	}
	f.state.LastError = err
	f.mu.Unlock()
	if !first {
		return wasUp
	}
	if !errors.Is(err, errClosed) {
		f.logger().Warn("mayfly: the revocation feed is down; "+f.consequence(), "url", f.config.URL, "error", err)
	}
	f.tell()
	return wasUp
}

func (f *follower) consequence() string {
	if f.config.RefuseWhenDown {
		return "every access token is refused until it is back"
	}
	return "access tokens of revoked sessions are good until they expire"
}

// tellDropped says that marks were forgotten early: once for each time that room was made, not for each mark.
func (f *follower) tellDropped() {
	dropped := f.marks.dropped.Load()
	if dropped == f.dropped {
		return
	}
	f.dropped = dropped
	f.logger().Warn("mayfly: more sessions were revoked than can be remembered, the oldest were forgotten; raise "+
		"Revocations.MaxMarks", "most", f.config.MaxMarks, "forgotten", dropped)
	f.tell()
}

func (f *follower) tell() {
	if f.config.OnChange != nil {
		f.config.OnChange(f.snapshot())
	}
}

func (f *follower) logger() *slog.Logger {
	if f.log != nil {
		return f.log
	}
	return slog.Default()
}
