package storetest

import (
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/transfer"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// RunTransfer holds a backend to what package transfer asks of both sides of a copy. It calls open once for every case,
// and a second time where a case copies, each time for an empty database that is closed by t.Cleanup.
func RunTransfer(t *testing.T, open func(t *testing.T) (Stores, transfer.Target)) {
	for _, c := range []struct {
		name string
		run  func(w *transferWorld)
	}{
		{"WhatTheRoomsWroteIsReadWhole", whatTheRoomsWrote},
		{"WhatIsPutIsThereForTheRooms", whatIsPut},
		{"OddValuesComeBackAsTheyWerePut", oddValues},
		{"PeopleComeInPagesInTheOrderOfTheirIDs", peopleInPages},
		{"PuttingAgainReplacesAllOfAPerson", puttingAgain},
		{"NamesChangeHands", namesChangeHands},
		{"WhoIsGoneLeavesNothingBehind", whoIsGone},
		{"KeysArePutAndTakenAway", keysPut},
		{"RevocationsComeInPages", revocationsInPages},
		{"AMarkIsSetReplacedAndTakenAway", marks},
		{"ACopyIsTheSameAndStaysSo", copies},
	} {
		t.Run(c.name, func(t *testing.T) {
			stores, side := open(t)
			c.run(&transferWorld{&world{T: t, Stores: stores}, side, open})
		})
	}
}

type transferWorld struct {
	*world
	transfer.Target
	open func(t *testing.T) (Stores, transfer.Target)
}

// people returns everybody.
func (w *transferWorld) people() []transfer.Person {
	w.Helper()
	list, err := w.People(w.Context(), uuid.Nil, 1000)
	w.must(err)
	return list
}

// wantPeople fails the case unless these people are stored, in this order.
func (w *transferWorld) wantPeople(want ...transfer.Person) {
	w.Helper()
	got := w.people()
	if len(got) != len(want) {
		w.Fatalf("%d people, want %d", len(got), len(want))
	}
	for i := range want {
		w.samePerson(got[i], want[i])
	}
	if n, err := w.Count(w.Context()); err != nil || n != len(want) {
		w.Fatalf("counted %d, %v; want %d", n, err, len(want))
	}
}

func (w *transferWorld) samePerson(got, want transfer.Person) {
	w.Helper()
	w.same("user", got.User, want.User)
	if string(got.Metadata) != string(want.Metadata) {
		w.Fatalf("metadata %q, want %q", got.Metadata, want.Metadata)
	}
	w.same("keys and hash", [3]string{got.EmailKey, got.UsernameKey, got.PasswordHash}, [3]string{want.EmailKey, want.UsernameKey, want.PasswordHash})
	if len(got.Sessions) != len(want.Sessions) {
		w.Fatalf("%d sessions, want %d", len(got.Sessions), len(want.Sessions))
	}
	for i := range want.Sessions {
		w.same("session", plainSession(got.Sessions[i]), plainSession(want.Sessions[i]))
	}
}

// plainSession shows all of a session in a failure's text, which Session hides.
func plainSession(s session.Session) any {
	type shown session.Session
	return shown(normal(s).(session.Session))
}

// wholly returns what a person is that nobody has stored yet.
func wholly(u user.User, sessions ...session.Session) transfer.Person {
	return transfer.Person{
		User: u, EmailKey: user.Key(u.Email), UsernameKey: user.Key(u.Username), PasswordHash: hashOf(u), Sessions: sessions,
	}
}

func (w *transferWorld) put(people ...transfer.Person) {
	w.Helper()
	w.must(w.Write(w.Context(), transfer.Change{Put: people}))
}

func whatTheRoomsWrote(w *transferWorld) {
	u := anyone()
	u.Username, u.Metadata = "Ada", []byte(`{"plan": "pro"}`)
	w.must(w.Users.Create(w.Context(), u, hashOf(u)))
	first, second := w.signIn(u), w.signIn(u)
	r := rotation(first)
	if _, moved, err := w.Sessions.Rotate(w.Context(), r); err != nil || !moved {
		w.Fatalf("moved %v, error %v", moved, err)
	}
	first.Lineage = r.Next
	at := start.Add(time.Hour)
	if _, err := w.Sessions.End(w.Context(), u.ID, second.ID, session.Ending{At: at, Reason: session.SignedOut}); err != nil {
		w.Fatal(err)
	}
	second.EndedAt, second.EndReason = at, session.SignedOut
	w.wantPeople(wholly(u, first, second))
}

func whatIsPut(w *transferWorld) {
	u := anyone()
	u.Username = "Ada"
	live, ended := device(u), device(u)
	live.Generation, live.Parent, live.RotatedAt = 41, 40, start.Add(time.Hour)
	ended.EndedAt, ended.EndReason = start.Add(time.Minute), session.EndedByAdmin
	w.put(wholly(u, live, ended))
	w.same("user", w.owner(u.ID), u)
	for _, name := range []string{u.Email, u.Username} {
		found, err := w.Users.FindByIdentifier(w.Context(), user.Key(name))
		w.must(err)
		w.same("user by name", found, u)
	}
	hash, err := w.Credentials.PasswordHash(w.Context(), u.ID)
	w.must(err)
	w.same("hash", hash, hashOf(u))
	w.same("session", plainSession(w.find(live).Session), plainSession(live))
	w.goesOn(live)
	w.wantEnded(ended, ended.EndedAt, session.EndedByAdmin)
	another := anyone()
	another.Email = u.Email
	var taken *user.TakenError
	if err := w.Users.Create(w.Context(), another, "x"); !errors.As(err, &taken) || taken.Field != "email" {
		w.Fatalf("an email was given twice: %v", err)
	}
}

func oddValues(w *transferWorld) {
	bare := anyone()
	bare.Roles, bare.Name = nil, ""
	noPassword := wholly(bare)
	noPassword.PasswordHash = ""

	odd := anyone()
	odd.Email, odd.EmailVerified, odd.Name = "Ünï'\"%@example.org", true, "Ada \\ \t ' \" 阿"
	odd.Roles, odd.Metadata = []string{}, []byte(`{ "b":1, "a":"\u0000","b2":1e400 }`)
	odd.DisabledAt, odd.UpdatedAt = start.Add(ms), start.Add(2*ms)
	odd.CreatedAt = time.UnixMilli(-1).UTC()
	behind := device(odd) // of an epoch that is over, of a user who is disabled
	behind.Epoch, behind.AMR = 0, nil
	behind.Device = session.Device{}
	behind.Generation, behind.Parent = 1<<32-1, 1<<32-2
	zoned := device(odd)
	zoned.AMR, zoned.Delivery = []string{}, session.Hybrid
	zoned.Device.Address = netip.MustParseAddr("fe80::1%eth0")
	w.put(noPassword, wholly(odd, behind, zoned))
	w.wantPeople(noPassword, wholly(odd, behind, zoned))
	if _, err := w.Credentials.PasswordHash(w.Context(), bare.ID); !errors.Is(err, credential.ErrNotFound) {
		w.Fatalf("a hash that was never there: %v", err)
	}
}

func peopleInPages(w *transferWorld) {
	var all []transfer.Person
	for i := range 7 {
		u := anyone()
		p := wholly(u)
		for range i % 3 {
			p.Sessions = append(p.Sessions, device(u))
		}
		all = append(all, p)
	}
	shuffled := []transfer.Person{all[4], all[1], all[6], all[0], all[5], all[2], all[3]}
	for i := range shuffled {
		shuffled[i].Sessions = slices.Clone(shuffled[i].Sessions)
		slices.Reverse(shuffled[i].Sessions)
	}
	w.put(shuffled...)
	w.wantPeople(all...)
	for _, step := range []struct{ after, limit, first, end int }{{-1, 3, 0, 3}, {2, 3, 3, 6}, {5, 3, 6, 7}, {6, 3, 7, 7}, {-1, 0, 0, 0}} {
		var after uuid.UUID
		if step.after >= 0 {
			after = all[step.after].ID
		}
		page, err := w.People(w.Context(), after, step.limit)
		w.must(err)
		if len(page) != step.end-step.first {
			w.Fatalf("page %+v has %d people", step, len(page))
		}
		for i, p := range page {
			w.samePerson(p, all[step.first+i])
		}
	}
}

func puttingAgain(w *transferWorld) {
	u := anyone()
	u.Username = "ada"
	before := wholly(u, device(u), device(u))
	bystander := wholly(anyone())
	w.put(before, bystander)
	u.Email, u.Username, u.Epoch = "new@example.org", "", u.Epoch+1
	after := wholly(u, device(u))
	after.PasswordHash = "$2b$another"
	for range 2 { // a step that is made again changes nothing
		w.put(after)
		w.wantPeople(after, bystander)
	}
	for _, name := range []string{before.EmailKey, before.UsernameKey} {
		if _, err := w.Users.FindByIdentifier(w.Context(), name); !errors.Is(err, user.ErrNotFound) {
			w.Fatalf("%s still finds somebody: %v", name, err)
		}
	}
	if _, err := w.Sessions.Find(w.Context(), u.ID, before.Sessions[0].ID); !errors.Is(err, session.ErrNotFound) {
		w.Fatalf("a session that is no more was found: %v", err)
	}
}

func namesChangeHands(w *transferWorld) {
	a, b, c := anyone(), anyone(), anyone()
	a.Username, b.Username, c.Username = "ada", "bob", "cy"
	bystander := wholly(c, device(c))
	w.put(wholly(a), wholly(b), bystander)
	// Two exchange their names within one step.
	a.Username, b.Username, a.Email, b.Email = b.Username, a.Username, b.Email, a.Email
	w.put(wholly(a), wholly(b))
	w.wantPeople(wholly(a), wholly(b), bystander)
	// One has a name of somebody who is not in the step: that one is out of date.
	a.Username = c.Username
	w.put(wholly(a))
	w.wantPeople(wholly(a), wholly(b))
	if list, err := w.Sessions.List(w.Context(), c.ID); err != nil || len(list) > 0 {
		w.Fatalf("%d sessions are left, error %v", len(list), err)
	}
	b.Email, b.Username = a.Email, "" // one's email may be another's before it is theirs
	a.Email = c.Email
	w.put(wholly(b))
	w.put(wholly(a))
	w.wantPeople(wholly(a), wholly(b))
}

func whoIsGone(w *transferWorld) {
	u, stays := anyone(), wholly(anyone())
	u.Username = "ada"
	w.put(wholly(u, device(u)), stays)
	for range 2 { // and taking away what is not there is no error
		w.must(w.Write(w.Context(), transfer.Change{Gone: []uuid.UUID{u.ID, uuid.Must(uuid.NewV7())}}))
		w.wantPeople(stays)
	}
	list, err := w.Sessions.List(w.Context(), u.ID)
	w.must(err)
	if len(list) > 0 {
		w.Fatalf("%d sessions are left", len(list))
	}
	again := anyone()
	again.Email, again.Username = u.Email, u.Username
	w.must(w.Users.Create(w.Context(), again, "x"))
}

func keysPut(w *transferWorld) {
	a, b := signingKey("a", 0), signingKey("b", time.Hour)
	w.must(w.Write(w.Context(), transfer.Change{PutKeys: []keyset.StoredKey{b, a}}))
	w.wantKeys(a, b)
	b.Sealed, b.RevokedAt, b.SignsAt = []byte{0, 1, 0xff}, start.Add(ms), start.Add(2*time.Hour)
	c := signingKey("c", 3*time.Hour)
	change := transfer.Change{PutKeys: []keyset.StoredKey{b, c}, GoneKeys: []string{"a", "never there"}}
	for range 2 {
		w.must(w.Write(w.Context(), change))
		w.wantKeys(b, c)
	}
	read, err := w.Target.Keys(w.Context())
	w.must(err)
	if len(read) != 2 {
		w.Fatalf("%d keys were read", len(read))
	}
}

func revocationsInPages(w *transferWorld) {
	var all []transfer.Revoked
	for i := range 5 {
		key := session.Key{User: uuid.Must(uuid.NewV7()), Session: uuid.Must(uuid.NewV7())}
		if i%2 == 1 { // two of one user, who does not exist any more
			key.User = all[i-1].User
		}
		all = append(all, transfer.Revoked{Key: key, At: start.Add(time.Duration(i) * ms)})
	}
	w.must(w.Write(w.Context(), transfer.Change{PutRevocations: []transfer.Revoked{all[3], all[0], all[4], all[1], all[2]}}))
	w.wantRevocations(all)
	page, err := w.Target.Revocations(w.Context(), all[0].Key, 2)
	w.must(err)
	if len(page) != 2 || page[0].Key != all[1].Key || page[1].Key != all[2].Key {
		w.Fatalf("the second page is %v", page)
	}
	all[4].At = start.Add(time.Hour)
	for range 2 {
		w.must(w.Write(w.Context(), transfer.Change{PutRevocations: all[4:], GoneRevocations: []session.Key{all[0].Key}}))
		w.wantRevocations(all[1:])
	}
}

func (w *transferWorld) wantRevocations(want []transfer.Revoked) {
	w.Helper()
	got, err := w.Target.Revocations(w.Context(), session.Key{}, 1000)
	w.must(err)
	if len(got) != len(want) {
		w.Fatalf("%d revocations, want %d", len(got), len(want))
	}
	for i := range want {
		if got[i].Key != want[i].Key || !got[i].At.Equal(want[i].At) {
			w.Fatalf("revocation %d is %v, want %v", i, got[i], want[i])
		}
	}
}

func marks(w *transferWorld) {
	begun := transfer.Mark{Source: "/srv/mayfly.db (SQLite)", BegunAt: start}
	complete := begun
	complete.Complete = true
	for _, mark := range []transfer.Mark{{}, begun, begun, complete, {}, {}, begun} {
		w.must(w.SetMark(w.Context(), mark))
		got, err := w.Mark(w.Context())
		w.must(err)
		if got != mark {
			w.Fatalf("the mark is %+v, want %+v", got, mark)
		}
	}
}

// copies goes through a whole copy within one backend, with more people than are read at once.
func copies(w *transferWorld) {
	var everybody []transfer.Person
	for i := range 70 {
		u := anyone()
		u.Username = fmt.Sprint("person", i)
		everybody = append(everybody, wholly(u, device(u)))
	}
	w.put(everybody...)
	w.must(w.Write(w.Context(), transfer.Change{PutKeys: []keyset.StoredKey{signingKey("k", 0)}}))
	_, to := w.open(w.T)
	options := transfer.Options{Source: "here", PageSize: 30}
	report, err := transfer.Copy(w.Context(), w.Target, to, options)
	w.must(err)
	if report.Added != 70 || report.Differing != 0 {
		w.Fatalf("the first run: %+v", report)
	}
	people := w.people()
	people[3].Sessions[0].Generation++
	w.put(people[3])
	w.must(w.Write(w.Context(), transfer.Change{Gone: []uuid.UUID{people[60].ID}}))
	report, err = transfer.Copy(w.Context(), w.Target, to, options)
	w.must(err)
	if report.Added != 0 || report.Changed != 1 || report.Removed != 1 || report.Same != 68 {
		w.Fatalf("the second run: %+v", report)
	}
}
