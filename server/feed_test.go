package server_test

import (
	"bufio"
	"context"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/server"
)

// followFeed opens the revocation feed and returns how to wait for an event, and for its end. It is left when the test ends.
func followFeed(t *testing.T, address string) (hear func(part string), ended func()) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute) // a guard against hanging
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+"/v1/revocations", nil)
	if err != nil {
		t.Fatal(err)
	}
	answer, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { answer.Body.Close() })
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("status %d", answer.StatusCode)
	}
	lines := bufio.NewScanner(answer.Body)
	hear = func(part string) {
		t.Helper()
		for lines.Scan() {
			if strings.Contains(lines.Text(), part) {
				return
			}
		}
		t.Fatalf("the feed ended before %q: %v", part, lines.Err())
	}
	return hear, func() {
		t.Helper()
		for lines.Scan() {
		}
		if err := lines.Err(); err != nil {
			t.Errorf("the feed was cut off, not ended: %v", err)
		}
	}
}

func TestAStopDoesNotWaitForTheFollowersOfTheFeed(t *testing.T) {
	t.Parallel()
	s := open(t, config(t))
	address, stop := serve(t, s)
	hear, ended := followFeed(t, address)
	hear("event: current")
	if err := stop(); err != nil { // it would fail when the time for running requests is over
		t.Errorf("stop: %v", err)
	}
	ended()
}

func TestClosingAnEmbeddedServerEndsItsStreams(t *testing.T) {
	t.Parallel()
	s, err := server.New(t.Context(), config(t))
	if err != nil {
		t.Fatal(err)
	}
	host := &http.Server{Handler: s, ReadHeaderTimeout: time.Minute}
	host.RegisterOnShutdown(s.EndStreams)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- host.Serve(listener) }()
	hear, ended := followFeed(t, listener.Addr().String())
	hear("event: current")
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	if err := host.Shutdown(ctx); err != nil {
		t.Errorf("shutdown: %v", err)
	}
	ended()
	<-served
	if err := s.Close(); err != nil {
		t.Error(err)
	}
}

func TestCloseEndsTheFeedOfAServerThatIsStillAsked(t *testing.T) {
	t.Parallel()
	s, err := server.New(t.Context(), config(t))
	if err != nil {
		t.Fatal(err)
	}
	address, stop := serve(t, s)
	hear, ended := followFeed(t, address)
	hear("event: current")
	if err := s.Close(); err != nil {
		t.Error(err)
	}
	ended()
	if err := stop(); err != nil {
		t.Error(err)
	}
}
