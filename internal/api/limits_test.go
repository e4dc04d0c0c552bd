package api_test

import (
	"strconv"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
)

// wait reads how long the answer tells to wait.
func wait(t *testing.T, a *apitest.Answer) time.Duration {
	t.Helper()
	seconds, err := strconv.Atoi(a.Header.Get("Retry-After"))
	if err != nil || seconds < 1 {
		t.Fatalf("Retry-After %q", a.Header.Get("Retry-After"))
	}
	return time.Duration(seconds) * time.Second
}

func TestTooManyWrongPasswordsMustWaitAsTold(t *testing.T) {
	s := start(t)
	guess := func() *apitest.Answer {
		return s.Client().Post("/v1/login", map[string]string{"identifier": "nobody@example.com", "password": "wrong password"})
	}
	for range 10 {
		guess().WantProblem(401, "credentials_invalid")
	}
	refused := guess().WantProblem(429, "too_many_attempts")
	s.Clock.Advance(wait(t, refused) - 2*time.Second)
	guess().WantProblem(429, "too_many_attempts")
	s.Clock.Advance(2 * time.Second)
	guess().WantProblem(401, "credentials_invalid")
}

func TestTooManyConfirmationsMustWait(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	confirmed := []call{
		{"POST", "/v1/me/password", map[string]string{"current_password": "wrong password", "new_password": "seven looms sing of numbers"}},
		{"DELETE", "/v1/me", map[string]string{"current_password": "wrong password"}},
		{"PATCH", "/v1/me", map[string]string{"email": "new@example.com", "current_password": "wrong password"}},
	}
	for i := range 10 {
		confirmed[i%3].do(person).WantProblem(401, "credentials_invalid")
	}
	for _, one := range confirmed {
		wait(t, one.do(person).WantProblem(429, "too_many_attempts"))
	}
	person.Get("/v1/me").Want(200)
	person.Refresh().Want(200) // refreshes are never limited
}

// A database that does not answer is told as such, everywhere, and ends nothing.
func TestWithoutDatabaseEverythingIsUnavailable(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	s.Break()
	calls := append([]call{{"GET", "/readyz", nil}}, guarded...)
	calls = append(calls, changes[0], changes[1],
		call{"POST", "/v1/refresh", map[string]string{"refresh_token": person.RefreshToken}},
		call{"POST", "/v1/logout", map[string]string{"refresh_token": person.RefreshToken}},
	)
	for _, one := range calls {
		got := one.do(person).WantProblem(503, "unavailable")
		if wait(t, got); got.Ended() {
			t.Errorf("%s: ends the session", one)
		}
	}
	s.Client().Get("/healthz").Want(200) // restarting the process would help nobody
	s.Restart()
	person.Refresh().Want(200)
}
