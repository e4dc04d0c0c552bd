package api_test

import (
	"net/http"
	"regexp"
	"slices"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
)

func TestEachDeliveryPutsTokensWhereItSays(t *testing.T) {
	s := start(t)
	for _, test := range []struct {
		delivery string
		cookies  []string
		members  []string
	}{
		{"cookie", []string{"mayfly_access", "mayfly_refresh", "mayfly_signed_in"}, nil},
		{"hybrid", []string{"mayfly_refresh", "mayfly_signed_in"}, []string{"access_token", "token_type", "expires_in"}},
		{"body", nil, []string{"access_token", "token_type", "expires_in", "refresh_token"}},
	} {
		t.Run(test.delivery, func(t *testing.T) {
			person := s.SignUp(test.delivery).In(t)
			for name, answer := range map[string]*apitest.Answer{
				"login":   person.LoginHere(test.delivery).Want(200),
				"refresh": person.Refresh().Want(200),
			} {
				var names []string
				for _, c := range answer.Cookies {
					names = append(names, c.Name)
				}
				if !slices.Equal(names, test.cookies) {
					t.Errorf("%s sets %v, want %v", name, names, test.cookies)
				}
				for _, member := range []string{"access_token", "token_type", "expires_in", "refresh_token"} {
					if has, want := answer.Value(member) != nil, slices.Contains(test.members, member); has != want {
						t.Errorf("%s: has %s: %v, want %v", name, member, has, want)
					}
				}
			}
			person.Get("/v1/me").Want(200)
		})
	}
}

func TestCookieIsTheDefaultDelivery(t *testing.T) {
	s := start(t)
	c := s.Client()
	c.Post("/v1/register", map[string]string{"email": "ada@example.com", "password": apitest.Password}).Want(201)
	if c.Cookie("access") == "" || c.Cookie("refresh") == "" {
		t.Error("the pair is not in cookies")
	}
	c.Get("/v1/me").Want(200)
}

// What browsers need to see, to the letter.
func TestPromise25_CookiesHaveExactlyTheseAttributes(t *testing.T) {
	for _, test := range []struct {
		name   string
		edit   func(*apitest.Options)
		prefix string
		secure string
	}{
		{"http on loopback", func(*apitest.Options) {}, "", ""},
		{"https", func(o *apitest.Options) { o.TLS = true }, "__Host-", " Secure;"},
		{"https with a path", func(o *apitest.Options) { o.TLS, o.Path = true, "/auth" }, "__Host-", " Secure;"},
	} {
		t.Run(test.name, func(t *testing.T) {
			s := start(t, test.edit)
			person := s.SignUp("cookie")
			const life = "(2591999|2592000)" // 30 days in seconds, less what was cut off the clock
			want := []string{
				`^` + test.prefix + `mayfly_access=[A-Za-z0-9_.-]+; Path=/; Max-Age=` + life + `; HttpOnly;` + test.secure + ` SameSite=Lax$`,
				`^` + test.prefix + `mayfly_refresh=mfr_[A-Za-z0-9_-]+; Path=/; Max-Age=` + life + `; HttpOnly;` + test.secure + ` SameSite=Lax$`,
				`^mayfly_signed_in=1; Path=/; Max-Age=` + life + `;` + test.secure + ` SameSite=Lax$`,
			}
			matches(t, person.LoginHere("cookie").Want(200), want)
			matches(t, person.Refresh().Want(200), want)
			gone := []string{
				`^` + test.prefix + `mayfly_access=; Path=/; Max-Age=0; HttpOnly;` + test.secure + ` SameSite=Lax$`,
				`^` + test.prefix + `mayfly_refresh=; Path=/; Max-Age=0; HttpOnly;` + test.secure + ` SameSite=Lax$`,
				`^mayfly_signed_in=; Path=/; Max-Age=0;` + test.secure + ` SameSite=Lax$`,
			}
			matches(t, person.Logout("").Want(204), gone)
			person.Get("/v1/me").WantProblem(401, "token_missing")
		})
	}
}

func matches(t *testing.T, a *apitest.Answer, patterns []string) {
	t.Helper()
	lines := a.Header.Values("Set-Cookie")
	if len(lines) != len(patterns) {
		t.Fatalf("%d cookies, want %d", len(lines), len(patterns))
	}
	for i, pattern := range patterns {
		if !regexp.MustCompile(pattern).MatchString(lines[i]) {
			t.Errorf("the cookie %q… does not match %s", lines[i][:min(len(lines[i]), 24)], pattern)
		}
	}
}

func TestAnswerSaysHowLongItHolds(t *testing.T) {
	s := start(t, func(o *apitest.Options) { o.IdleTimeout, o.SessionTTL = time.Hour, 90*time.Minute })
	person := s.SignUp("body")
	s.Clock.Advance(45 * time.Minute)
	got := person.Refresh().Want(200)
	now := s.Clock.Now().UTC().Truncate(time.Millisecond)
	for member, want := range map[string]time.Time{
		"server_time":             now,
		"session.created_at":      now.Add(-45 * time.Minute),
		"session.idle_expires_at": now.Add(45 * time.Minute), // the greatest age comes before the idle timeout
		"session.expires_at":      now.Add(45 * time.Minute),
	} {
		if text := got.Text(member); text != want.Format(time.RFC3339Nano) {
			t.Errorf("%s is %s, want %s", member, text, want.Format(time.RFC3339Nano))
		}
	}
	if left := got.Value("access_expires_in").(float64); left < 9*60-1 || left > 10*60 {
		t.Errorf("access_expires_in is %v, want ten minutes less at most a tenth", left)
	}
}

func TestLoginTakesEmailAndUsernameInAnyCase(t *testing.T) {
	s := start(t)
	s.Client().Post("/v1/register", map[string]string{"email": "Ada@Example.com", "username": "Ada.L", "password": apitest.Password}).Want(201)
	for _, identifier := range []string{"Ada@Example.com", "ada@example.COM", "ada.l", "ADA.L"} {
		s.Client().Post("/v1/login", map[string]string{"identifier": identifier, "password": apitest.Password}).Want(200)
	}
}

func TestUnknownUserAndWrongPasswordGetTheSameAnswer(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	unknown := s.Client().Post("/v1/login", map[string]string{"identifier": "nobody@example.com", "password": "not the password"})
	wrong := s.Client().Post("/v1/login", map[string]string{"identifier": person.Email, "password": "not the password"})
	for _, a := range []*apitest.Answer{unknown, wrong} {
		a.WantProblem(401, "credentials_invalid")
	}
	if unknown.Text("detail") != wrong.Text("detail") || unknown.Text("fix") != wrong.Text("fix") || len(unknown.Header) != len(wrong.Header) {
		t.Errorf("the answers differ: %s and %s", unknown.Body, wrong.Body)
	}
}

func TestDisabledUserCannotSignInAndNobodyElseIsSignedOut(t *testing.T) {
	s := start(t)
	disabled, other := s.SignUp("body"), s.SignUp("cookie")
	disable(t, s, disabled)
	other.Post("/v1/login", map[string]string{"identifier": disabled.Email, "password": "not the password"}).WantProblem(401, "credentials_invalid")
	got := other.Post("/v1/login", map[string]string{"identifier": disabled.Email, "password": disabled.Password}).WantProblem(401, "user_disabled")
	if got.Ended() || len(got.Cookies) > 0 {
		t.Errorf("a refused sign-in ends the session of somebody else: %s", got.Body)
	}
	other.Get("/v1/me").Want(200)
}

func disable(t *testing.T, s *apitest.Server, person *apitest.Client) {
	t.Helper()
	rooms := s.Rooms()
	u, err := rooms.FindUser(t.Context(), person.Email)
	if err == nil {
		err = rooms.Users.Disable(t.Context(), u.ID, true, s.Clock.Now())
	}
	if err != nil {
		t.Fatal(err)
	}
}

func TestRegistrationNamesEverythingThatIsWrong(t *testing.T) {
	s := start(t)
	c := s.Client()
	for _, test := range []struct {
		name   string
		body   any
		fields []string
	}{
		{"all values", map[string]string{"email": "no address", "username": "!", "name": "a\nb", "password": "short"}, []string{"email", "name", "username", "password"}},
		{"missing", map[string]string{}, []string{"email", "password"}},
		{"types", map[string]any{"email": 1, "username": nil, "name": []int{}, "password": true, "delivery": 3}, []string{"email", "username", "name", "password", "delivery"}},
		{"unknown", map[string]string{"emial": "", "email": "ada@example.com", "password": apitest.Password, "admin": "true"}, []string{"admin", "emial"}},
		{"delivery", map[string]string{"email": "ada@example.com", "password": apitest.Password, "delivery": "pigeon"}, []string{"delivery"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := c.In(t).Post("/v1/register", test.body).WantProblem(422, "request_invalid").Fields()
			if !slices.Equal(got, test.fields) {
				t.Errorf("fields %q, want %q", got, test.fields)
			}
		})
	}
	got := c.Post("/v1/register", map[string]string{"email": "ada@example.com", "password": "password1"}).WantProblem(422, "password_weak")
	if got.Text("fix") == "" {
		t.Error("a weak password comes without a fix")
	}
}

func TestTakenIdentifierIsNamed(t *testing.T) {
	s := start(t)
	s.Client().Post("/v1/register", map[string]string{"email": "ada@example.com", "username": "ada", "password": apitest.Password}).Want(201)
	for field, body := range map[string]map[string]string{
		"email":    {"email": "ADA@example.com", "password": apitest.Password},
		"username": {"email": "other@example.com", "username": "Ada", "password": apitest.Password},
	} {
		got := s.Client().Post("/v1/register", body).WantProblem(409, "identifier_taken").Fields()
		if !slices.Equal(got, []string{field}) {
			t.Errorf("fields %q, want %q", got, field)
		}
	}
}

// A new sign-in in the same browser overwrites the cookies of the old session: nobody could use it any more.
func TestSignInReplacesTheSessionOfItsCookie(t *testing.T) {
	s := start(t)
	person := s.SignUp("cookie")
	old := person.Cookie("refresh")
	person.LoginHere("cookie").Want(200)
	got := s.Client().Post("/v1/refresh", nil, With("Cookie", "mayfly_refresh="+old)).WantProblem(401, "session_revoked")
	if got.Text("reason") != "replaced" {
		t.Errorf("reason %q, want replaced", got.Text("reason"))
	}
	if len(got.Cookies) > 0 {
		t.Error("a late refresh of the replaced session takes the new cookies away")
	}
	// A program that signs in beside a browser overwrites nothing.
	before := person.Cookie("refresh")
	person.LoginHere("body").Want(200)
	person.RefreshToken, person.Bearer = "", ""
	if person.Cookie("refresh") != before {
		t.Fatal("a sign-in by body changed the cookies")
	}
	person.Refresh().Want(200)
}

// With is apitest.With.
func With(name, value string) func(*http.Request) { return apitest.With(name, value) }
