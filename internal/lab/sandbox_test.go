package lab_test

import (
	"net/http"
	"strings"
	"testing"
	"time"
)

func TestASandboxIsAWholeMayfly(t *testing.T) {
	b := open(t, local).sandbox()
	b.registers()
	b.me().wants(t, http.StatusOK, "ada@example.com")
	b.story(http.MethodGet, "/.well-known/jwks.json", "").wants(t, http.StatusOK, b.look().Keys[0].ID)
	b.story(http.MethodPost, "/v1/logout", `{"refresh_token": "`+b.Refresh+`"}`).wants(t, http.StatusNoContent)
	b.refreshes().wants(t, http.StatusUnauthorized, `"reason":"signed_out"`)
	if row := b.look().Sessions[0]; row.EndReason != "signed_out" {
		t.Errorf("the row does not say why it ended: %+v", row)
	}
}

func TestASandboxAndTheServerAroundItAreStrangers(t *testing.T) {
	s := open(t, local)
	b, other := s.sandbox(), s.sandbox()
	b.registers()
	s.do(http.MethodGet, "/v1/me", "", "Authorization", "Bearer "+b.Access).wants(t, http.StatusUnauthorized, "token_invalid")
	s.do(http.MethodPost, "/v1/refresh", `{"refresh_token": "`+b.Refresh+`"}`).wants(t, http.StatusUnauthorized, "refresh_invalid")
	s.do(http.MethodPost, "/v1/login", `{"identifier": "ada@example.com", "password": "plums orbit slowly tonight"}`).wants(t, http.StatusUnauthorized, "credentials_invalid")
	other.story(http.MethodGet, "/v1/me", "", "Authorization", "Bearer "+b.Access).wants(t, http.StatusUnauthorized, "token_invalid")

	// The real pair lies in cookies of the same origin: signing out of a sandbox must leave them.
	out := b.story(http.MethodPost, "/v1/logout?scope=all", `{"refresh_token": "`+b.Refresh+`"}`)
	if cookies := out.header.Values("Set-Cookie"); len(cookies) != 3 {
		t.Errorf("signing out sets %v", cookies)
	}
	for _, cookie := range out.header.Values("Set-Cookie") {
		if !strings.HasPrefix(cookie, "mayfly_lab_") {
			t.Errorf("a sandbox touches the cookie %s", cookie)
		}
	}
}

func TestTheClockOfASandboxIsTurnedAndNoOther(t *testing.T) {
	s := open(t, local)
	b, other := s.sandbox(), s.sandbox()
	b.registers()
	other.registers()
	b.control(http.MethodPost, "/advance", `{"seconds": 61}`).wants(t, http.StatusNoContent)
	b.me().wants(t, http.StatusUnauthorized, "token_expired")
	other.me().wants(t, http.StatusOK)
	b.refreshes().wants(t, http.StatusOK)
	b.me().wants(t, http.StatusOK)
	got := b.look()
	if row := got.Sessions[0]; row.Generation != 2 || row.Parent != 1 {
		t.Errorf("after one refresh the row is %+v", row)
	}
	if ahead := time.Until(got.Now); ahead < 50*time.Second {
		t.Errorf("the clock is %s ahead", ahead)
	}
	b.control(http.MethodPost, "/advance", `{"seconds": 2592001}`).wants(t, http.StatusNoContent)
	b.refreshes().wants(t, http.StatusUnauthorized, "session_expired", `"reason":"idle_expired"`)
}

func TestARestartKeepsEverybodySignedInAndTakesNewLifetimes(t *testing.T) {
	b := open(t, local).sandbox()
	b.registers()
	b.control(http.MethodPost, "/restart", `{"access_ttl": 3600, "refresh_window": 1, "idle_timeout": 3600, "session_ttl": 86400}`).wants(t, http.StatusNoContent)
	b.me().wants(t, http.StatusOK)
	b.control(http.MethodPost, "/advance", `{"seconds": 2}`).wants(t, http.StatusNoContent)
	b.refreshes().wants(t, http.StatusOK)
	if row := b.look().Sessions[0]; row.Generation != 2 || time.Until(row.IdleExpiresAt) > 2*time.Hour {
		t.Errorf("the new lifetimes do not count: %+v", row)
	}
	b.control(http.MethodPost, "/advance", `{"seconds": 61}`).wants(t, http.StatusNoContent)
	b.me().wants(t, http.StatusOK) // a minute was the old life
}

func TestARotatedKeySignsOnceItWasShownForLongEnough(t *testing.T) {
	b := open(t, local).sandbox()
	b.registers()
	b.control(http.MethodPost, "/rotate-keys", "{}").wants(t, http.StatusNoContent)
	keys := b.look().Keys
	if len(keys) != 2 || keys[0].State != "signing" || keys[1].State != "published" {
		t.Fatalf("after a rotation the keys are %+v", keys)
	}
	b.me().wants(t, http.StatusOK)
	b.control(http.MethodPost, "/advance", `{"seconds": 601}`).wants(t, http.StatusNoContent)
	if keys := b.look().Keys; keys[0].State != "retiring" || keys[1].State != "signing" {
		t.Fatalf("ten minutes later the keys are %+v", keys)
	}
	b.refreshes().wants(t, http.StatusOK)
	b.me().wants(t, http.StatusOK)
}

func TestNoSandboxHasALabOfItsOwn(t *testing.T) {
	b := open(t, local).sandbox()
	b.story(http.MethodGet, "/lab", "").wants(t, http.StatusNotFound)
	b.story(http.MethodPost, "/lab/sandboxes", usual).wants(t, http.StatusNotFound)
	if got := b.story(http.MethodGet, "/login", ""); strings.Contains(got.body, "Development mode") {
		t.Error("a sandbox offers a Lab")
	}
}

func TestWhatThePageCannotHaveSentIsRefusedWithAllThatIsWrong(t *testing.T) {
	s := open(t, local)
	b := s.sandbox()
	b.registers()
	for _, wrong := range []struct {
		path, body string
		status     int
		says       []string
	}{
		{"/lab/sandboxes", `{"access_ttl": 1, "refresh_window": 0, "idle_timeout": 1e99, "session_ttl": -5}`, 422, []string{"access_ttl", "refresh_window", "idle_timeout", "session_ttl"}},
		{"/lab/sandboxes", `{}`, 422, []string{"access_ttl"}},
		{"/lab/sandboxes", `{"access_ttl": "1"}`, 400, []string{"request_invalid"}},
		{"/lab/sandboxes", `{"data": "/etc"}`, 400, []string{"request_invalid"}},
		{"/lab/sandboxes", `{`, 400, []string{"request_invalid"}},
		{"/lab/sandboxes", strings.Repeat(" ", 5000) + usual, 400, []string{"request_invalid"}},
		{b.Control + "/restart", `{"access_ttl": 1}`, 422, []string{"access_ttl", "session_ttl"}},
		{b.Control + "/advance", `{"seconds": -1}`, 422, []string{"seconds"}},
		{b.Control + "/advance", `{"seconds": 1e12}`, 422, []string{"seconds"}},
		{"/lab/sandboxes/nobody/advance", `{"seconds": 1}`, 404, []string{"not_found"}},
		{"/lab/s/nobody/v1/refresh", `{}`, 404, []string{"not_found"}},
	} {
		s.do(http.MethodPost, wrong.path, wrong.body).wants(t, wrong.status, wrong.says...)
	}
	b.control(http.MethodGet, "?user=ada", "").wants(t, http.StatusUnprocessableEntity, "user")
	b.me().wants(t, http.StatusOK)
	for range 40 { // forty years and more
		got := b.control(http.MethodPost, "/advance", `{"seconds": 34560000}`)
		if got.status == http.StatusUnprocessableEntity {
			got.wants(t, 422, "new sandbox")
			return
		}
	}
	t.Error("the clock can be turned without end")
}
