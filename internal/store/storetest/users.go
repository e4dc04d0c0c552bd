package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/user"
)

var userCases = []testCase{
	{"AUserComesBackAsItWasMade", aUserComesBack},
	{"TimesKeepMilliseconds", userTimesKeepMilliseconds},
	{"IdentifiersAreFoundByTheirKey", identifiersAreFoundByKey},
	{"UsersWithoutAUsernameDoNotMeet", usersWithoutUsername},
	{"ATakenIdentifierIsNamedEmailFirst", takenIsNamed},
	{"ATakenUserLeavesNothingBehind", takenLeavesNothing},
	{"OneOfManyGetsTheEmail", oneGetsTheEmail},
	{"ListPagesInTheOrderOfIDs", listPages},
}

func aUserComesBack(w *world) {
	for name, change := range map[string]func(*user.User){
		"plain":           func(*user.User) {},
		"verified":        func(u *user.User) { u.EmailVerified = true },
		"no times at all": func(u *user.User) { u.CreatedAt, u.UpdatedAt = time.Time{}, time.Time{} },
		"disabled":        func(u *user.User) { u.DisabledAt = start.Add(ms) },
		"no name":         func(u *user.User) { u.Name = "" },
		"no roles":        func(u *user.User) { u.Roles = nil },
		"an empty list":   func(u *user.User) { u.Roles = []string{} },
		"many roles":      func(u *user.User) { u.Roles = []string{"a", "", "ünï \"quoted\", 'q'", "日本", "<&>", "a"} },
		"a unicode name":  func(u *user.User) { u.Name = "Zoë 🦋 O'Brien \\ \"x\" %s $1 \u202e" },
		"first epoch":     func(u *user.User) { u.Epoch = 0 },
		"last epoch":      func(u *user.User) { u.Epoch = math.MaxInt64 - 1 },
		"empty metadata":  func(u *user.User) { u.Metadata = json.RawMessage(`{}`) },
		"deep metadata": func(u *user.User) {
			u.Metadata = json.RawMessage(`{"a":{"b":[1,null,true,"é🦋",{"c":""}]},"$d.e":"'"}`)
		},
		"exact numbers":     func(u *user.User) { u.Metadata = json.RawMessage(`{"id":9007199254740993,"n":-0.125}`) },
		"large metadata":    func(u *user.User) { u.Metadata = json.RawMessage(`{"x":"` + strings.Repeat("y", 50_000) + `"}`) },
		"a username":        func(u *user.User) { u.Username = "Ada.Lovelace" },
		"a unicode address": func(u *user.User) { u.Email = "Jürgen+tag@Bücher.example" },
	} {
		u := anyone()
		change(&u)
		w.must(w.Users.Create(w.Context(), u, hashOf(u)))
		w.same(name, w.owner(u.ID), u)
		byEmail, err := w.Users.FindByIdentifier(w.Context(), user.Key(u.Email))
		w.must(err)
		w.same(name+", by email", byEmail, u)
		hash, err := w.Credentials.PasswordHash(w.Context(), u.ID)
		w.must(err)
		if hash != hashOf(u) {
			w.Errorf("%s: hash %q", name, hash)
		}
	}
	_, err := w.Users.Find(w.Context(), uuid.New())
	w.wantError(err, user.ErrNotFound)
	_, err = w.Users.Find(w.Context(), uuid.Nil)
	w.wantError(err, user.ErrNotFound)
}

func userTimesKeepMilliseconds(w *world) {
	u := anyone()
	fine := start.Add(987 * time.Microsecond).In(time.FixedZone("elsewhere", -5*3600))
	u.CreatedAt, u.UpdatedAt, u.DisabledAt = fine, fine.Add(time.Second), fine.Add(time.Hour)
	w.must(w.Users.Create(w.Context(), u, hashOf(u)))
	got := w.owner(u.ID)
	if !got.CreatedAt.Equal(start) || !got.UpdatedAt.Equal(start.Add(time.Second)) || !got.DisabledAt.Equal(start.Add(time.Hour)) {
		w.Fatalf("times %v, %v, %v", got.CreatedAt, got.UpdatedAt, got.DisabledAt)
	}
}

func identifiersAreFoundByKey(w *world) {
	u, other := anyone(), anyone()
	u.Email, u.Username = "Ada.Ｌovelace@Example.ORG", "ADA_ünï"
	other.Username = "ada" // the beginning of another one
	for _, u := range []user.User{u, other} {
		w.must(w.Users.Create(w.Context(), u, hashOf(u)))
	}
	for _, typed := range []string{u.Email, "ada.lovelace@example.org", u.Username, "ada_ÜNÏ"} {
		found, err := w.Users.FindByIdentifier(w.Context(), user.Key(typed))
		w.must(err)
		w.same(typed, found, u)
	}
	for _, typed := range []string{"", "ada.lovelace", "ad_", "%", "ada%", "_da", "nobody@example.org", u.ID.String()} {
		if found, err := w.Users.FindByIdentifier(w.Context(), user.Key(typed)); !errors.Is(err, user.ErrNotFound) {
			w.Errorf("%q: found %q, error %v", typed, found.Email, err)
		}
	}
}

func usersWithoutUsername(w *world) {
	w.same("first", w.person().Username, "")
	w.same("second", w.person().Username, "")
	_, err := w.Users.FindByIdentifier(w.Context(), "")
	w.wantError(err, user.ErrNotFound)
}

// wantTaken fails the case unless err names the field.
func (w *world) wantTaken(err error, field string) {
	w.Helper()
	var taken *user.TakenError
	if !errors.As(err, &taken) || taken.Field != field {
		w.Fatalf("error %v, want %s taken", err, field)
	}
}

func takenIsNamed(w *world) {
	ada, bob := anyone(), anyone()
	ada.Email, ada.Username = "ada@example.org", "ada"
	bob.Email, bob.Username = "bob@example.org", "bob"
	for _, u := range []user.User{ada, bob} {
		w.must(w.Users.Create(w.Context(), u, hashOf(u)))
	}
	for _, c := range []struct{ email, username, taken string }{
		{"ada@example.org", "", "email"},
		{"ADA@Example.org", "", "email"},
		{"ada@example.org", "new", "email"},
		{"new@example.org", "ada", "username"},
		{"new@example.org", "ADA", "username"},
		{"ada@example.org", "ada", "email"},
		{"ada@example.org", "bob", "email"}, // email is looked at first, whoever has the other
		{"bob@example.org", "ada", "email"},
	} {
		u := anyone()
		u.Email, u.Username = c.email, c.username
		w.wantTaken(w.Users.Create(w.Context(), u, hashOf(u)), c.taken)
	}
	// A username that is the beginning of somebody's email is another identifier.
	u := anyone()
	u.Email, u.Username = "new@example.org", "ada.example.org"
	w.must(w.Users.Create(w.Context(), u, hashOf(u)))
	w.same("ada", w.owner(ada.ID), ada)
	w.same("bob", w.owner(bob.ID), bob)
}

func takenLeavesNothing(w *world) {
	owner := anyone()
	owner.Username = "ada"
	w.must(w.Users.Create(w.Context(), owner, hashOf(owner)))
	late := anyone()
	late.Username = "Ada"
	w.wantTaken(w.Users.Create(w.Context(), late, hashOf(late)), "username")
	_, err := w.Users.Find(w.Context(), late.ID)
	w.wantError(err, user.ErrNotFound)
	_, err = w.Users.FindByIdentifier(w.Context(), user.Key(late.Email))
	w.wantError(err, user.ErrNotFound)
	_, err = w.Credentials.PasswordHash(w.Context(), late.ID)
	w.wantError(err, credential.ErrNotFound)
	late.Username = "ada2" // so that the email was not kept for it
	w.must(w.Users.Create(w.Context(), late, hashOf(late)))
}

func oneGetsTheEmail(w *world) {
	for round := range 4 {
		winners := together(30, func(i int) bool {
			u := anyone()
			u.Email = fmt.Sprintf("wanted%d@example.org", round)
			if i%2 == 0 {
				u.Email = strings.ToUpper(u.Email)
			}
			err := w.Users.Create(w.Context(), u, hashOf(u))
			var taken *user.TakenError
			if err != nil && !errors.As(err, &taken) {
				w.Error(err)
			}
			return err == nil
		})
		if winners != 1 {
			w.Fatalf("%d users have one email", winners)
		}
	}
}

func listPages(w *world) {
	var want []user.User
	for range 7 {
		want = append(want, w.person())
	}
	var after uuid.UUID
	for _, size := range []int{3, 3, 1, 0} {
		page, err := w.Users.List(w.Context(), after, 3)
		w.must(err)
		if len(page) != size {
			w.Fatalf("a page of %d, want %d", len(page), size)
		}
		for i := range page {
			w.same("in order", page[i], want[0])
			want = want[1:]
			after = page[i].ID
		}
	}
	none, err := w.Users.List(w.Context(), uuid.Nil, 0)
	w.must(err)
	if len(none) != 0 {
		w.Errorf("a page of none has %d", len(none))
	}
	all, err := w.Users.List(w.Context(), uuid.Nil, 100)
	w.must(err)
	if len(all) != 7 {
		w.Errorf("%d users, want 7", len(all))
	}
	before := all[2].ID
	for i := len(before) - 1; i >= 0; i-- { // an id that nobody has
		if before[i]--; before[i] != 0xff {
			break
		}
	}
	page, err := w.Users.List(w.Context(), before, 1)
	w.must(err)
	w.same("after an unknown id", page[0], all[2])
}
