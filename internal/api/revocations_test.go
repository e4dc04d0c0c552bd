package api_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// markOf is how the feed names the session of a device, made by hand as its documentation says.
func markOf(c *apitest.Client) string {
	sum := sha256.Sum256([]byte(claims(c.Bearer)["sid"].(string)))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}

func idOf(t *testing.T, c *apitest.Client, claim string) uuid.UUID {
	t.Helper()
	id, err := uuid.Parse(claims(c.Bearer)[claim].(string))
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func TestPromise10_EveryWayToEndASessionIsInTheFeed(t *testing.T) {
	s := start(t)
	rooms := s.Rooms() // as the command line has them beside the server
	feed := follow(t, s.URL, "")
	feed.current()
	for _, way := range []struct {
		name string
		end  func(c *apitest.Client)
	}{
		{"sign out", func(c *apitest.Client) { c.Logout("").Want(204) }},
		{"delete the own account", func(c *apitest.Client) {
			c.Delete("/v1/me", map[string]string{"current_password": apitest.Password}).Want(204)
		}},
		{"change the password elsewhere", func(c *apitest.Client) {
			c.Login("body").Post("/v1/me/password", map[string]string{
				"current_password": apitest.Password, "new_password": "seven looms sing of numbers",
			}).Want(204)
		}},
		{"end the others", func(c *apitest.Client) { c.Login("body").Delete("/v1/sessions?keep=current", nil).Want(204) }},
		{"end one", func(c *apitest.Client) {
			c.Login("body").Delete("/v1/sessions/"+claims(c.Bearer)["sid"].(string), nil).Want(204)
		}},
		{"reuse a copied token", func(c *apitest.Client) {
			copied := c.RefreshToken
			for range 2 {
				s.Clock.Advance(afterWindow)
				c.Refresh().Want(200)
			}
			c.RefreshToken = copied
			s.Clock.Advance(afterWindow)
			c.Refresh().WantProblem(401, "refresh_reused")
		}},
		{"an administrator disables the user", func(c *apitest.Client) {
			if err := rooms.Users.Disable(t.Context(), idOf(t, c, "sub"), true, s.Clock.Now()); err != nil {
				t.Fatal(err)
			}
		}},
		{"an administrator ends the session", func(c *apitest.Client) {
			ended, err := rooms.Sessions.End(t.Context(), idOf(t, c, "sub"), idOf(t, c, "sid"), session.EndedByAdmin)
			if err != nil || !ended {
				t.Fatalf("ended %v, error %v", ended, err)
			}
		}},
	} {
		c := s.SignUp("body")
		mark := markOf(c)
		way.end(c)
		got := feed.hears(way.name, mark)
		// Rounded up, and perhaps once more.
		if most := int((10*time.Minute + time.Minute) / time.Second); got.Expires > most+1 || got.Expires < most-30 {
			t.Errorf("%s: expires in %d s, want %d", way.name, got.Expires, most)
		}
	}
}

func TestPromise10_VerifyHonoursARevocationOfAnotherProcessAtOnce(t *testing.T) {
	s := start(t)
	c := s.SignUp("body")
	rooms := s.Rooms()
	c.Get("/v1/verify").Want(204)
	if _, err := rooms.Sessions.End(t.Context(), idOf(t, c, "sub"), idOf(t, c, "sid"), session.EndedByAdmin); err != nil {
		t.Fatal(err)
	}
	c.Get("/v1/verify").WantProblem(401, "token_revoked")
}

func TestOneWhoComesLaterHearsWhatWasRevokedBefore(t *testing.T) {
	s := start(t)
	var marks []string
	for range 3 {
		c := s.SignUp("body")
		marks = append(marks, markOf(c))
		c.Logout("").Want(204)
	}
	first := follow(t, s.URL, "")
	last, got := first.current()
	slices.Sort(got)
	slices.Sort(marks)
	if !slices.Equal(got, marks) {
		t.Fatalf("named are %q, want %q", got, marks)
	}
	first.leave()
	c := s.SignUp("body")
	c.Logout("").Want(204)
	_, got = follow(t, s.URL, last.ID).current()
	if !slices.Contains(got, markOf(c)) {
		t.Errorf("with the last id: %q, want %q among them", got, markOf(c))
	}
	if _, got = follow(t, s.URL, "garbage").current(); len(got) != 4 {
		t.Errorf("with garbage for an id: %q", got)
	}
}

func TestTheFeedSaysHowItIsToBeRead(t *testing.T) {
	s := start(t, func(o *apitest.Options) { o.AllowedOrigins = []string{"https://app.example"} })
	h := follow(t, s.URL, "").response.Header
	for name, want := range map[string]string{
		"Content-Type": "text/event-stream", "Cache-Control": "private, no-store", "X-Accel-Buffering": "no",
		"X-Content-Type-Options": "nosniff", "Access-Control-Allow-Origin": "",
	} {
		if got := h.Get(name); got != want {
			t.Errorf("%s is %q, want %q", name, got, want)
		}
	}
	head := s.Client().Do("HEAD", "/v1/revocations", nil).Want(200)
	if got := head.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Errorf("HEAD: Content-Type %q", got)
	}
	s.Client().Post("/v1/revocations", nil).WantProblem(405, "request_invalid")
}

// TestTheFeedOutlivesTheTimeoutsOfItsServer, which are for answers that end.
func TestTheFeedOutlivesTheTimeoutsOfItsServer(t *testing.T) {
	s := start(t)
	short := httptest.NewUnstartedServer(s)
	short.Config.ReadTimeout, short.Config.WriteTimeout = 500*time.Millisecond, 500*time.Millisecond
	short.Start()
	t.Cleanup(short.Close)
	feed := follow(t, short.URL, "")
	for range 3 { // of two seconds each
		feed.current()
	}
	c := s.SignUp("body")
	c.Logout("").Want(204)
	feed.hears("after the time-outs", markOf(c))
}

func TestOneWhoLeavesIsNoFailure(t *testing.T) {
	s := start(t)
	feed := follow(t, s.URL, "")
	feed.current()
	feed.leave()
	until(t, "the request ends", func() bool { return strings.Contains(s.Log.String(), `"route":"GET /v1/revocations"`) })
	for _, level := range []string{`"level":"ERROR"`, `"level":"WARN"`} {
		if log := s.Log.String(); strings.Contains(log, level) {
			t.Errorf("the log complains:\n%s", log)
		}
	}
}

func TestAStoppedServerSendsFollowersAway(t *testing.T) {
	s := start(t)
	s.Break()
	got := s.Client().Get("/v1/revocations").WantProblem(503, "unavailable")
	if got.Header.Get("Retry-After") == "" {
		t.Error("it does not say when to come back")
	}
}
