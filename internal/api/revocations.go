package api

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/limit"
)

// slowReader is how long one event may take to leave. Whoever needs longer is dropped: the feed waits for nobody.
const slowReader = 5 * time.Second

// firstLine tells browsers how long to wait, in milliseconds, before they come back (WHATWG HTML, server-sent events).
const firstLine = "retry: 1000\n\n"

// noBuffer says "no" to nginx, which would keep events back until they fill a page.
const noBuffer = "X-Accel-Buffering"

// revocations answers until the client leaves, cannot keep up, or the server stops.
func (a *API) revocations(w http.ResponseWriter, r *http.Request) error {
	if r.Method == http.MethodHead {
		streaming(w)
		return nil
	}
	follower, err := a.Feed.Follow(limit.Place(a.Door.Address(r)), r.Header.Get("Last-Event-ID"))
	if err != nil {
		return err
	}
	defer follower.Leave()
	s := stream{w, http.NewResponseController(w)}
	if err := s.open(); err != nil {
		return err
	}
	for text := []byte(firstLine); err == nil; text, err = follower.Next(r.Context()) {
		if err := s.send(text); err != nil {
			if errors.Is(err, os.ErrDeadlineExceeded) {
				a.Feed.Drop()
			}
			return nil
		}
	}
	return nil // that it ends is all that can be told, and the follower comes back
}

// stream is an answer without an end.
type stream struct {
	http.ResponseWriter
	control *http.ResponseController
}

func streaming(w http.ResponseWriter) {
	door.NoStore(w)
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set(noBuffer, "no")
}

// open takes away the server's time-outs, which are for answers that end.
func (s stream) open() error {
	for _, set := range []func(time.Time) error{s.control.SetReadDeadline, s.control.SetWriteDeadline} {
		if err := set(time.Time{}); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return nil // the client has gone
		}
	}
	streaming(s)
	if err := s.control.Flush(); errors.Is(err, http.ErrNotSupported) {
		s.Header().Del(noBuffer)
		return fmt.Errorf("revocation feed: a handler around the server hides http.Flusher: %w", err)
	}
	return nil
}

// send gives one event a time of its own to leave in. None is left standing: over HTTP/2 it would end the stream while
// nothing is sent.
func (s stream) send(text []byte) error {
	limited := s.control.SetWriteDeadline(time.Now().Add(slowReader)) == nil
	if _, err := s.Write(text); err != nil {
		return err
	}
	if err := s.control.Flush(); err != nil {
		return err
	}
	if limited {
		return s.control.SetWriteDeadline(time.Time{})
	}
	return nil
}
