package api_test

import (
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/api/apitest"
	"github.com/mayfly-auth/mayfly/internal/user"
)

func change(roles []string) user.Change { return user.Change{Roles: &roles} }

func TestProfileChangesWhatIsNamedAndNothingElse(t *testing.T) {
	s := start(t)
	c := s.Client()
	c.Post("/v1/register", map[string]string{"email": "ada@example.com", "username": "ada", "name": "Ada", "password": apitest.Password}).Want(201)
	for _, step := range []struct {
		body                  any
		email, username, name string
	}{
		{"{}", "ada@example.com", "ada", "Ada"},
		{map[string]string{"name": "Ada King"}, "ada@example.com", "ada", "Ada King"},
		{map[string]string{"username": "countess"}, "ada@example.com", "countess", "Ada King"},
		{map[string]string{"username": ""}, "ada@example.com", "", "Ada King"},
		{map[string]string{"email": "ada@example.com"}, "ada@example.com", "", "Ada King"},
		{map[string]string{"email": "king@example.com", "current_password": apitest.Password}, "king@example.com", "", "Ada King"},
		{map[string]string{"name": ""}, "king@example.com", "", ""},
	} {
		for _, got := range []*apitest.Answer{c.Patch("/v1/me", step.body).Want(200), c.Get("/v1/me").Want(200)} {
			if got.Text("email") != step.email || got.Text("username") != step.username || got.Text("name") != step.name {
				t.Errorf("after %v: %s", step.body, got.Body)
			}
		}
	}
}

func TestAnotherEmailNeedsThePassword(t *testing.T) {
	s := start(t)
	person, other := s.SignUp("body"), s.SignUp("body")
	got := person.Patch("/v1/me", map[string]string{"email": "new@example.com"}).WantProblem(422, "request_invalid")
	if !slices.Equal(got.Fields(), []string{"current_password"}) {
		t.Errorf("fields %q", got.Fields())
	}
	person.Patch("/v1/me", map[string]string{"email": "new@example.com", "current_password": "wrong password"}).WantProblem(401, "credentials_invalid")
	got = person.Patch("/v1/me", map[string]string{"email": other.Email, "current_password": person.Password}).WantProblem(409, "identifier_taken")
	if !slices.Equal(got.Fields(), []string{"email"}) {
		t.Errorf("fields %q", got.Fields())
	}
	got = person.Patch("/v1/me", map[string]any{"email": "x", "username": "!", "roles": []string{"admin"}}).WantProblem(422, "request_invalid")
	if !slices.Equal(got.Fields(), []string{"roles"}) { // nobody gives themselves a role
		t.Errorf("fields %q", got.Fields())
	}
}

func TestDeletedAccountIsGone(t *testing.T) {
	s := start(t)
	here := s.SignUp("cookie")
	there := here.Login("body")
	here.Delete("/v1/me", map[string]string{"current_password": "wrong password"}).WantProblem(401, "credentials_invalid")
	here.Get("/v1/me").Want(200)
	if got := here.Delete("/v1/me", map[string]string{"current_password": here.Password}).Want(204); !clearsAll(got) {
		t.Error("the cookies stay")
	}
	there.Get("/v1/me").WantProblem(401, "token_revoked")
	there.Refresh().WantProblem(401, "refresh_invalid")
	there.LoginHere("body").WantProblem(401, "credentials_invalid")
	again := s.Client().Post("/v1/register", map[string]string{"email": here.Email, "password": here.Password}).Want(201)
	if again.Text("user.id") == claims(there.Bearer)["sub"] {
		t.Error("the id was given to another user")
	}
}

func TestPasswordChangeEndsTheOtherSessions(t *testing.T) {
	const fresh = "seven looms sing of numbers"
	s := start(t)
	here := s.SignUp("body")
	there := here.Login("cookie")
	bodyOf := func(current, fresh string) map[string]string {
		return map[string]string{"current_password": current, "new_password": fresh}
	}
	here.Post("/v1/me/password", bodyOf("wrong password", fresh)).WantProblem(401, "credentials_invalid")
	here.Post("/v1/me/password", bodyOf(here.Password, "password1")).WantProblem(422, "password_weak")
	here.Post("/v1/me/password", bodyOf(here.Password, here.Password)).WantProblem(422, "password_weak")
	there.Get("/v1/me").Want(200)

	here.Post("/v1/me/password", bodyOf(here.Password, fresh)).Want(204)
	here.Get("/v1/me").Want(200)
	s.Clock.Advance(afterWindow)
	here.Refresh().Want(200)
	there.Get("/v1/me").WantProblem(401, "token_revoked")
	if got := there.Refresh().WantProblem(401, "session_revoked"); got.Text("reason") != "password_changed" {
		t.Errorf("reason %q", got.Text("reason"))
	}
	there.LoginHere("body").WantProblem(401, "credentials_invalid")
	there.Password = fresh
	there.LoginHere("body").Want(200)
}

func TestPromise24_AChangeReachesTheNextToken(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	give(t, s, person, "admin")
	person.Patch("/v1/me", map[string]string{"name": "Ada King"}).Want(200)
	if got := claims(person.Bearer); got["name"] != nil {
		t.Fatalf("the token of before says %v", got["name"])
	}
	person.Refresh().Want(200) // also within the window
	got := claims(person.Bearer)
	if roles, _ := got["roles"].([]any); len(roles) != 1 || roles[0] != "admin" || got["name"] != "Ada King" {
		t.Errorf("the next token says %v, %v", got["roles"], got["name"])
	}
	give(t, s, person)
	s.Clock.Advance(afterWindow)
	person.Refresh().Want(200)
	if roles, _ := claims(person.Bearer)["roles"].([]any); len(roles) != 0 {
		t.Errorf("a role that was taken away is in the next token: %v", roles)
	}
}

// Calls that are under way while the session is refreshed have the access token of before.
func TestPromise24_SlowCallsOutliveARefresh(t *testing.T) {
	const calls = 50
	s := start(t)
	person := s.SignUp("body")
	s.Clock.Advance(afterWindow)
	slow := *person // keeps its tokens

	var begun, done sync.WaitGroup
	begun.Add(calls)
	release := make(chan struct{})
	statuses := make([]int, calls)
	for i := range calls {
		done.Go(func() {
			body, pen := io.Pipe()
			go func() {
				_, err := io.WriteString(pen, `{"name":`) // returns when it is on its way
				begun.Done()
				<-release
				_, _ = io.WriteString(pen, `"Ada"}`)
				_ = pen.CloseWithError(err)
			}()
			statuses[i] = slow.Patch("/v1/me", "{}", func(r *http.Request) {
				r.Body, r.GetBody, r.ContentLength = body, nil, -1
			}).Status
		})
	}
	begun.Wait()
	before := person.RefreshToken
	for range 3 {
		person.Refresh().Want(200)
		s.Clock.Advance(afterWindow)
	}
	close(release)
	done.Wait()
	if person.RefreshToken == before {
		t.Fatal("nothing was rotated")
	}
	for _, status := range statuses {
		if status != 200 {
			t.Fatalf("a slow call was answered %d", status)
		}
	}
}

func TestMetadataIsShownWhereThereIsSome(t *testing.T) {
	s := start(t)
	person := s.SignUp("body")
	if strings.Contains(string(person.Get("/v1/me").Want(200).Body), "metadata") {
		t.Error("metadata is shown where there is none")
	}
	rooms := s.Rooms()
	u, err := rooms.FindUser(t.Context(), person.Email)
	if err != nil {
		t.Fatal(err)
	}
	data := user.Change{Metadata: rawJSON(`{"plan":"pro"}`)}
	if _, err := rooms.Accounts.Edit(t.Context(), u.ID, data); err != nil {
		t.Fatal(err)
	}
	if got := person.Get("/v1/me").Want(200).Text("metadata.plan"); got != "pro" {
		t.Errorf("plan %q", got)
	}
}
