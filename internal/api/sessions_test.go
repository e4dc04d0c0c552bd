package api_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
)

// row is one session in a person's list.
type row struct {
	ID        string    `json:"id"`
	Device    string    `json:"device"`
	Address   string    `json:"address"`
	Current   bool      `json:"current"`
	LastUsed  time.Time `json:"last_used_at"`
	EndedAt   time.Time `json:"ended_at"`
	EndReason string    `json:"end_reason"`
}

// sessions reads a list of sessions, by id.
func sessions(a *apitest.Answer) map[string]row {
	var body struct {
		Sessions []row `json:"sessions"`
	}
	a.Into(&body)
	rows := map[string]row{}
	for _, one := range body.Sessions {
		rows[one.ID] = one
	}
	return rows
}

func TestPromise23_ThreeDevicesAreThreeRowsAfterAHundredRotations(t *testing.T) {
	s := start(t)
	first := s.SignUp("body")
	first.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	devices := []*apitest.Client{first, first.Login("cookie"), first.Login("hybrid")}
	before := slices.Sorted(maps.Keys(sessions(first.Get("/v1/sessions"))))
	if len(before) != 3 {
		t.Fatalf("%d rows, want 3", len(before))
	}
	for range 100 {
		s.Clock.Advance(afterWindow)
		for _, device := range devices {
			device.Refresh().Want(200)
		}
	}
	for i, device := range devices {
		rows := sessions(device.Get("/v1/sessions").Want(200))
		if after := slices.Sorted(maps.Keys(rows)); !slices.Equal(after, before) {
			t.Fatalf("after 100 rotations the ids are %v, want %v", after, before)
		}
		current := 0
		for _, one := range rows {
			if one.Current {
				current++
			}
			if want := s.Clock.Now().UTC().Truncate(time.Millisecond); !one.LastUsed.Equal(want) {
				t.Errorf("last used at %v, want %v", one.LastUsed, want)
			}
		}
		if current != 1 {
			t.Errorf("device %d sees %d current sessions", i, current)
		}
	}
}

func TestPromise23_LimitsFireToTheSecond(t *testing.T) {
	for name, test := range map[string]struct {
		edit   func(*apitest.Options)
		reason string
	}{
		"idle":         {func(o *apitest.Options) { o.IdleTimeout = time.Hour }, "idle_expired"},
		"greatest age": {func(o *apitest.Options) { o.SessionTTL = time.Hour }, "expired"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, test.edit)
			early, late := s.SignUp("body"), s.SignUp("body")
			s.Clock.Advance(time.Hour - time.Second)
			early.Refresh().Want(200)
			s.Clock.Advance(2 * time.Second)
			got := late.Refresh().WantProblem(401, "session_expired")
			if got.Text("reason") != test.reason {
				t.Errorf("reason %q, want %q", got.Text("reason"), test.reason)
			}
		})
	}
}

func TestDeviceAndAddressAreThoseOfTheSignIn(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	browser := s.Client()
	browser.Email, browser.Password = person.Email, person.Password
	browser.Header.Set("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0")
	id := browser.LoginHere("body").Want(200).Text("session.id")
	got := sessions(browser.Get("/v1/sessions"))[id]
	if got.Device != "Firefox on Linux" || got.Address != "127.0.0.1" || !got.Current {
		t.Errorf("the row says %+v", got)
	}
}

func TestForwardedAddressIsBelievedByConfigurationOnly(t *testing.T) {
	trusting := func(o *apitest.Options) { o.TrustedProxies = []string{"127.0.0.1", "10.0.0.0/8"} }
	for _, test := range []struct {
		name    string
		edit    func(*apitest.Options)
		forward string
		want    string
	}{
		{"no proxy is trusted", func(*apitest.Options) {}, "203.0.113.9", "127.0.0.1"},
		{"one proxy", trusting, "203.0.113.9", "203.0.113.9"},
		{"a client that lies to the proxy", trusting, "198.51.100.1, 203.0.113.9", "203.0.113.9"},
		{"two proxies", trusting, "198.51.100.1, 203.0.113.9, 10.1.2.3", "203.0.113.9"},
		{"IPv6", trusting, "2001:db8::7", "2001:db8::7"},
		{"garbage", trusting, "unknown", "127.0.0.1"},
		{"garbage at the far end", trusting, "x, 203.0.113.9", "203.0.113.9"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, test.edit)
			person := s.SignUp("body")
			device := s.Client()
			device.Email, device.Password = person.Email, person.Password
			device.Header.Set("X-Forwarded-For", test.forward)
			id := device.LoginHere("body").Want(200).Text("session.id")
			if got := sessions(device.Get("/v1/sessions"))[id].Address; got != test.want {
				t.Errorf("address %q, want %q", got, test.want)
			}
		})
	}
}

func TestEndOneSession(t *testing.T) {
	s := start(t)
	here := s.SignUp("cookie")
	there := here.Login("body")
	id := func(c *apitest.Client) string { return c.Refresh().Want(200).Text("session.id") }
	if got := here.Delete("/v1/sessions/"+id(there), nil).Want(204); len(got.Cookies) > 0 {
		t.Error("ending another session clears the cookies of this one")
	}
	there.Get("/v1/me").WantProblem(401, "token_revoked")
	here.Delete("/v1/sessions/"+sessionOf(there), nil).WantProblem(404, "not_found")
	if got := here.Delete("/v1/sessions/"+id(here), nil).Want(204); !clearsAll(got) {
		t.Error("ending this very session keeps its cookies")
	}
}

// sessionOf is the id that the access token of a device names.
func sessionOf(c *apitest.Client) string { return claims(c.Bearer)["sid"].(string) }

func TestSomebodyElsesSessionIsAsUnknownAsNone(t *testing.T) {
	s := start(t)
	mallory, victim := s.SignUp("body"), s.SignUp("body")
	var bodies []string
	for _, id := range []string{sessionOf(victim), "019ab31c-2e60-7c41-9a53-0e6a1f7d9b42", "no-uuid"} {
		got := mallory.Delete("/v1/sessions/"+id, nil).WantProblem(404, "not_found")
		bodies = append(bodies, got.Text("detail")+got.Text("fix"))
	}
	if bodies[0] != bodies[1] || bodies[1] != bodies[2] {
		t.Errorf("the answers differ: %q", bodies)
	}
	victim.Get("/v1/me").Want(200)
	if len(sessions(mallory.Get("/v1/sessions?ended=true"))) != 1 {
		t.Error("the list holds somebody else's sessions")
	}
}

func TestEndOtherSessions(t *testing.T) {
	s := start(t)
	here := s.SignUp("cookie")
	there := here.Login("body")
	for _, query := range []string{"", "?keep=", "?keep=none", "?keep=current&keep=current"} {
		here.Delete("/v1/sessions"+query, nil).WantProblem(400, "request_invalid")
	}
	there.Get("/v1/me").Want(200)
	here.Delete("/v1/sessions?keep=current", nil).Want(204)
	there.Get("/v1/me").WantProblem(401, "token_revoked")
	there.Refresh().WantProblem(401, "session_revoked")
	here.Get("/v1/me").Want(200)
	s.Clock.Advance(afterWindow)
	here.Refresh().Want(200)
}

func TestQueryParametersAreReadStrictly(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	for _, query := range []string{"?ended=yes", "?ended=", "?ended=true&ended=true", "?ended=%zz", "?a;b"} {
		person.Get("/v1/sessions"+query).WantProblem(400, "request_invalid")
	}
	person.Get("/v1/sessions?ended=false").Want(200)
}
