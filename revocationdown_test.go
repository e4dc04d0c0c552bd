package mayfly_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mayfly-auth/mayfly"
)

// What answers in the place of the feed is never taken for a feed that has nothing to say.
func TestAnswersThatAreNoFeed(t *testing.T) {
	stream := func(text string) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			say(w, text)
			<-r.Context().Done()
		}
	}
	for name, test := range map[string]struct {
		answer http.HandlerFunc
		want   string
	}{
		"not found":       {http.NotFound, "new enough"},
		"unavailable":     {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(503) }, "status 503"},
		"no content":      {func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(204) }, "status 204"},
		"a redirect":      {func(w http.ResponseWriter, r *http.Request) { http.Redirect(w, r, "/elsewhere", http.StatusFound) }, "Revocations.URL"},
		"a page with 200": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<!doctype html>") }, "text/html"},
		"no type":         {func(w http.ResponseWriter, _ *http.Request) { w.Header()["Content-Type"] = nil }, `type ""`},
		"compressed":      {compressed, "gzip"},
		"an endless line": {stream(strings.Repeat("a", 70_000)), "longer than"},
		"an event unread": {stream("event: revoked\ndata: {\"sessions\":[\"short\"],\"expires_in\":1}\n\n"), "can not be read"},
		"an early end":    {func(w http.ResponseWriter, _ *http.Request) { w.Header().Set("Content-Type", "text/event-stream") }, "EOF"},
		"a broken line":   {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "EOF"},
		"a long silence":  {stream("retry: 1000\n\n"), "silent"},
		"a named redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, feedIssuer+"/v1/revocations", http.StatusTemporaryRedirect)
		}, "Revocations.URL"},
		"an unfinished end": {stream("event: current\ndata: {}\n"), "silent"},
	} {
		for _, strict := range []bool{false, true} {
			t.Run(fmt.Sprint(name, ", strict: ", strict), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) { answeredBy(t, test.answer, test.want, strict) })
			})
		}
	}
}

func answeredBy(t *testing.T, answer http.HandlerFunc, want string, strict bool) {
	f := newFeed(t)
	f.answerWith(answer)
	told := 0
	v := f.verifier(t, mayfly.RevocationsConfig{
		RefuseWhenDown: strict, OnChange: func(mayfly.FeedState) { told++ },
	})
	begun := time.Now()
	expected := map[bool]string{false: "good", true: "unknown"}[strict]
	for i := range 2 {
		if got := verdict(t, v, tokenOf(t, "ada")); got != expected {
			t.Errorf("a token is %s", got)
		}
		if waited := time.Since(begun); i == 0 && want != "silent" && waited != 0 {
			t.Errorf("it waited for %v, although it was clear at once that nothing comes", waited)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
	}
	state := v.Feed()
	if state.Up || state.LastError == nil || !strings.Contains(state.LastError.Error(), want) || told != 1 {
		t.Errorf("%+v, told %d times; want an error with %q", state, told, want)
	}
	f.answerWith(nil)
	s := f.accept(t)
	s.current("1")
	if got := verdict(t, v, tokenOf(t, "ada")); got != "good" || !v.Feed().Up || told != 2 {
		t.Errorf("when the feed is there after all, a token is %s, and that was told %d times", got, told)
	}
}

func compressed(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Accept-Encoding") != "identity" {
		panic("a compressed feed was asked for")
	}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Content-Encoding", "gzip")
}

// A server that is down must not be overrun when it comes back.
func TestAFeedThatIsDownIsAskedForLessAndLessOften(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t)
		_, s := f.up(t, mayfly.RevocationsConfig{})
		f.answerWith(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) })
		begun := time.Now()
		close(s.end)
		time.Sleep(10 * time.Minute)
		asked := f.requests()[1:]
		if first := asked[0].at.Sub(begun); first > 500*time.Millisecond {
			t.Errorf("the first attempt comes after %v", first)
		}
		for i := range asked[1:] {
			if pause := asked[i+1].at.Sub(asked[i].at); pause > 15*time.Second || (i > 8 && pause < 7*time.Second) {
				t.Errorf("pause %d is %v", i, pause)
			}
		}
		f.answerWith(nil)
		s = f.accept(t)
		s.current("9")
		begun = time.Now()
		close(s.end) // what was up is tried again at once
		f.accept(t)
		if pause := time.Since(begun); pause > 500*time.Millisecond {
			t.Errorf("after it was up again, the first attempt comes after %v", pause)
		}
	})
}

// What came before the last complete word may have had gaps, so that word is where the follower goes on.
func TestTheFollowerResumesWhereEverythingWasNamed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t)
		_, s := f.up(t, mayfly.RevocationsConfig{}) // its current has id 7
		if s.lastID != "" {
			t.Errorf("the first connection resumes at %q", s.lastID)
		}
		s.revoke(time.Minute, "ada") // id 8
		close(s.end)
		s = f.accept(t)
		if s.lastID != "7" {
			t.Errorf("it resumes at %q", s.lastID)
		}
		for id, want := range map[string]string{"12": "12", "": "", "a b": "", "é": "", "\x00": "", strings.Repeat("9", 65): ""} {
			s.current(id)
			close(s.end)
			if s = f.accept(t); s.lastID != want {
				t.Errorf("after id %q it resumes at %q", id, s.lastID)
			}
		}
		s.say("event: news\ndata: of a later Mayfly\n\ndata: without a name\n\n")
		s.current("13")
	})
}

// A client's time-out is for answers that end.
func TestTheTimeoutOfTheClientDoesNotEndTheFeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFeed(t)
		v, s := f.up(t, mayfly.RevocationsConfig{}, func(c *mayfly.VerifierConfig) {
			c.HTTPClient = &http.Client{Transport: f.network, Timeout: time.Second}
		})
		s.keepAlive(time.Minute)
		if n := len(f.requests()); n != 1 || !v.Feed().Up {
			t.Errorf("after a minute there were %d connections, and the feed is %+v", n, v.Feed())
		}
	})
}
