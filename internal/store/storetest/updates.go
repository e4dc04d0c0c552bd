package storetest

import (
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/user"
)

var updateCases = []testCase{
	{"AChangeTouchesWhatItNames", aChangeTouches},
	{"ANewEmailIsUnverified", newEmailIsUnverified},
	{"ATakenIdentifierChangesNothing", takenChangesNothing},
	{"WhatIsGivenUpIsFree", givenUpIsFree},
	{"OneOfManyGetsTheUsername", oneGetsTheUsername},
	{"AnUnknownUserIsNotFound", updateUnknown},
	{"Promise24_AChangeEndsNoSession", changeEndsNoSession},
}

// changing builds a user.Change.
type changing struct{ user.Change }

func change() changing { return changing{} }

func (c changing) email(s string) changing      { c.Email = &s; return c }
func (c changing) username(s string) changing   { c.Username = &s; return c }
func (c changing) name(s string) changing       { c.Name = &s; return c }
func (c changing) roles(list []string) changing { c.Roles = &list; return c }
func (c changing) metadata(s string) changing {
	m := json.RawMessage(s)
	if s == "" {
		m = nil
	}
	c.Metadata = &m
	return c
}

func aChangeTouches(w *world) {
	u := anyone()
	u.Username, u.EmailVerified, u.Metadata = "ada", true, json.RawMessage(`{"plan":"free"}`)
	w.must(w.Users.Create(w.Context(), u, hashOf(u)))
	bystander := w.person()
	at := start
	for _, c := range []struct {
		name   string
		change changing
		want   func(*user.User)
	}{
		{"nothing", change(), func(*user.User) {}},
		{"the name", change().name("Ada King"), func(u *user.User) { u.Name = "Ada King" }},
		{"no name", change().name(""), func(u *user.User) { u.Name = "" }},
		{"the roles", change().roles([]string{"x", "y"}), func(u *user.User) { u.Roles = []string{"x", "y"} }},
		{"empty roles", change().roles([]string{}), func(u *user.User) { u.Roles = []string{} }},
		{"no roles", change().roles(nil), func(u *user.User) { u.Roles = nil }},
		{"the metadata", change().metadata(`{"plan":{"name":"Größe"}}`), func(u *user.User) { u.Metadata = json.RawMessage(`{"plan":{"name":"Größe"}}`) }},
		{"no metadata", change().metadata(""), func(u *user.User) { u.Metadata = nil }},
		{"the username", change().username("countess"), func(u *user.User) { u.Username = "countess" }},
		{"its spelling", change().username("Countess"), func(u *user.User) { u.Username = "Countess" }},
		{"no username", change().username(""), func(u *user.User) { u.Username = "" }},
		{"still none", change().username(""), func(*user.User) {}},
		{"the email", change().email("King@Example.org"), func(u *user.User) { u.Email, u.EmailVerified = "King@Example.org", false }},
		{"all of it", change().email("a@example.org").username("a").name("A").roles([]string{"a"}).metadata(`{"a":1}`), func(u *user.User) {
			u.Email, u.Username, u.Name, u.Roles, u.Metadata = "a@example.org", "a", "A", []string{"a"}, json.RawMessage(`{"a":1}`)
		}},
	} {
		at = at.Add(time.Minute)
		got, err := w.Users.Update(w.Context(), u.ID, c.change.Change, at)
		w.must(err)
		c.want(&u)
		u.UpdatedAt = at
		w.same(c.name, got, u)
		w.same(c.name+", stored", w.owner(u.ID), u)
	}
	w.same("another user", w.owner(bystander.ID), bystander)
}

// newEmailIsUnverified: another spelling has the same key, but its mailbox may be somebody else's.
func newEmailIsUnverified(w *world) {
	for name, c := range map[string]struct {
		email    string
		verified bool
	}{
		"the same":         {"ada@example.org", true},
		"another":          {"king@example.org", false},
		"another spelling": {"Ada@example.org", false},
	} {
		u := anyone()
		u.Email, u.EmailVerified = "ada@example.org", true
		w.must(w.Users.Create(w.Context(), u, hashOf(u)))
		got, err := w.Users.Update(w.Context(), u.ID, change().email(c.email).Change, start)
		w.must(err)
		if got.Email != c.email || got.EmailVerified != c.verified {
			w.Errorf("%s: email %s, verified %v", name, got.Email, got.EmailVerified)
		}
		found, err := w.Users.FindByIdentifier(w.Context(), user.Key(c.email))
		w.must(err)
		w.same(name, found, got)
		w.must(w.Users.Delete(w.Context(), u.ID))
	}
}

func takenChangesNothing(w *world) {
	ada, bob := anyone(), anyone()
	ada.Email, ada.Username = "ada@example.org", "ada"
	bob.Email, bob.Username = "bob@example.org", "bob"
	for _, u := range []user.User{ada, bob} {
		w.must(w.Users.Create(w.Context(), u, hashOf(u)))
	}
	for _, c := range []struct {
		change changing
		taken  string
	}{
		{change().email("ada@example.org").name("X"), "email"},
		{change().email("ADA@example.org"), "email"},
		{change().username("Ada").name("X"), "username"},
		{change().email("ada@example.org").username("ada"), "email"},
		{change().email("new@example.org").username("ada"), "username"},
	} {
		_, err := w.Users.Update(w.Context(), bob.ID, c.change.Change, start.Add(time.Minute))
		w.wantTaken(err, c.taken)
		w.same("unchanged", w.owner(bob.ID), bob)
	}
	_, err := w.Users.FindByIdentifier(w.Context(), user.Key("new@example.org"))
	w.wantError(err, user.ErrNotFound)
}

func givenUpIsFree(w *world) {
	ada := anyone()
	ada.Email, ada.Username = "ada@example.org", "ada"
	w.must(w.Users.Create(w.Context(), ada, hashOf(ada)))
	_, err := w.Users.Update(w.Context(), ada.ID, change().email("king@example.org").username("").Change, start)
	w.must(err)
	for _, key := range []string{"ada@example.org", "ada"} {
		_, err := w.Users.FindByIdentifier(w.Context(), key)
		w.wantError(err, user.ErrNotFound)
	}
	next := anyone()
	next.Email, next.Username = "ada@example.org", "ada"
	w.must(w.Users.Create(w.Context(), next, hashOf(next)))
	_, err = w.Users.Update(w.Context(), ada.ID, change().username("ada").Change, start)
	w.wantTaken(err, "username")
}

func oneGetsTheUsername(w *world) {
	people := make([]user.User, 20)
	for i := range people {
		people[i] = w.person()
	}
	winners := together(len(people), func(i int) bool {
		_, err := w.Users.Update(w.Context(), people[i].ID, change().username("wanted").Change, start)
		var taken *user.TakenError
		if err != nil && !errors.As(err, &taken) {
			w.Error(err)
		}
		return err == nil
	})
	if winners != 1 {
		w.Fatalf("%d users have one username", winners)
	}
}

func updateUnknown(w *world) {
	_, err := w.Users.Update(w.Context(), uuid.New(), change().name("X").Change, start)
	w.wantError(err, user.ErrNotFound)
	_, err = w.Users.Update(w.Context(), uuid.New(), user.Change{}, start)
	w.wantError(err, user.ErrNotFound)
}

func changeEndsNoSession(w *world) {
	u := w.person()
	s := w.signIn(u)
	_, err := w.Users.Update(w.Context(), u.ID, change().email("x@example.org").roles([]string{"admin"}).Change, start)
	w.must(err)
	w.same("session", w.find(s).Session, s)
	w.goesOn(s)
}
