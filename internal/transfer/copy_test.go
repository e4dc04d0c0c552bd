package transfer_test

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
	"github.com/mayfly-auth/mayfly/internal/transfer"
	"github.com/mayfly-auth/mayfly/internal/user"
)

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// options are small pages, so that few people are several of them.
var options = transfer.Options{Source: "the old one", PageSize: 4, Now: func() time.Time { return noon }}

func empty(t *testing.T) transfer.Target {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "mayfly.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db.Transfer()
}

// crowd is a database with n people, a key and a revocation.
func crowd(t *testing.T, n int) transfer.Target {
	t.Helper()
	change := transfer.Change{
		PutKeys:        []keyset.StoredKey{{ID: "k", Algorithm: "ES256", Public: []byte("{}"), Sealed: []byte("s"), CreatedAt: noon, SignsAt: noon}},
		PutRevocations: []transfer.Revoked{{Key: session.Key{User: uuid.New(), Session: uuid.New()}, At: noon}},
	}
	for i := range n {
		change.Put = append(change.Put, person(i))
	}
	db := empty(t)
	must(t, db.Write(t.Context(), change))
	return db
}

func person(i int) transfer.Person {
	u := user.User{ID: uuid.Must(uuid.NewV7()), Email: fmt.Sprintf("person%d@example.com", i), CreatedAt: noon, UpdatedAt: noon}
	s := session.Session{
		User: u.ID, ID: uuid.Must(uuid.NewV7()), CreatedAt: noon, ExpiresAt: noon.Add(time.Hour), Delivery: session.Body,
		Lineage: session.Lineage{Generation: 7, Parent: 6, RotatedAt: noon},
	}
	s.Device.UserAgent = "not \xff text \x00"
	return transfer.Person{User: u, EmailKey: u.Email, PasswordHash: "$argon2id$", Sessions: []session.Session{s}}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func people(t *testing.T, s transfer.Source) []transfer.Person {
	t.Helper()
	list, err := s.People(t.Context(), uuid.Nil, 1000)
	must(t, err)
	return list
}

func TestACopyHasEverythingAndIsComplete(t *testing.T) {
	from, to := crowd(t, 10), empty(t)
	var seen []transfer.Progress
	o := options
	o.Progress = func(p transfer.Progress) { seen = append(seen, p) }
	report, err := transfer.Copy(t.Context(), from, to, o)
	must(t, err)
	if report.Added != 10 || report.Differing != 0 || len(report.Tables) != 6 {
		t.Fatalf("%+v", report)
	}
	want := map[string]int{"users": 10, "identifiers": 10, "passwords": 10, "sessions": 10, "signing keys": 1, "revocations": 1}
	for _, table := range report.Tables {
		if table.From != table.To || table.From.Rows != want[table.Name] {
			t.Errorf("%s: %d and %d rows, %s and %s", table.Name, table.From.Rows, table.To.Rows, table.From.Checksum(), table.To.Checksum())
		}
	}
	mark, err := to.Mark(t.Context())
	must(t, err)
	if mark != (transfer.Mark{Source: "the old one", BegunAt: noon, Complete: true}) {
		t.Errorf("the mark is %+v", mark)
	}
	if len(seen) == 0 || seen[0].SourceUsers != 10 || !seen[len(seen)-1].Verifying {
		t.Errorf("progress was told as %+v", seen)
	}
}

func TestACopyThatFailedGoesOnFromWhereItWas(t *testing.T) {
	from, to := crowd(t, 10), empty(t)
	broken := errors.New("the cable was pulled")
	_, err := transfer.Copy(t.Context(), from, &failing{Target: to, after: 2, err: broken}, options) // the keys, then four people
	var side *transfer.SideError
	if !errors.Is(err, broken) || !errors.As(err, &side) || side.Side != "target" {
		t.Fatalf("error %v", err)
	}
	if mark, _ := to.Mark(t.Context()); mark.Complete || mark.Source == "" {
		t.Fatalf("half a copy has the mark %+v", mark)
	}
	report, err := transfer.Copy(t.Context(), from, to, options)
	must(t, err)
	if report.Added != 6 || report.Same != 4 {
		t.Fatalf("%+v", report)
	}
}

// failing is a target whose writes fail after some.
type failing struct {
	transfer.Target
	after int
	err   error
}

func (f *failing) Write(ctx context.Context, c transfer.Change) error {
	if f.after == 0 {
		return f.err
	}
	f.after--
	return f.Target.Write(ctx, c)
}

func TestWhoLeavesInTheMiddleTakesNobodyAway(t *testing.T) {
	from, to := crowd(t, 10), empty(t)
	_, err := transfer.Copy(t.Context(), from, to, options)
	must(t, err)
	ctx, cancel := context.WithCancel(t.Context())
	o := options
	o.Progress = func(transfer.Progress) { cancel() }
	if _, err := transfer.Copy(ctx, from, to, o); !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if n := len(people(t, to)); n != 10 {
		t.Fatalf("%d people are left of 10", n)
	}
}

func TestALaterRunBringsOverWhatChanged(t *testing.T) {
	from, to := crowd(t, 10), empty(t)
	o := options
	o.Live = true
	_, err := transfer.Copy(t.Context(), from, to, o)
	must(t, err)
	if mark, _ := to.Mark(t.Context()); mark.Complete {
		t.Fatal("a copy of what is still at work is complete")
	}
	all := people(t, from)
	all[2].Sessions[0].Generation++
	all[5].PasswordHash = "another"
	// One gives an email up, and one who came before takes it.
	all[1].Email, all[8].Email = all[8].Email, "new@example.com"
	all[1].EmailKey, all[8].EmailKey = all[8].EmailKey, "new@example.com"
	must(t, from.Write(t.Context(), transfer.Change{
		Put: []transfer.Person{all[1], all[2], all[5], all[8], person(99)}, Gone: []uuid.UUID{all[0].ID, all[9].ID}, GoneKeys: []string{"k"},
	}))
	report, err := transfer.Copy(t.Context(), from, to, options)
	must(t, err)
	if report.Added != 1 || report.Changed != 4 || report.Removed != 2 || report.Same != 4 || report.Differing != 0 {
		t.Fatalf("%+v", report)
	}
}

func TestATargetThatBelongsToSomebodyIsLeftAlone(t *testing.T) {
	from, theirs := crowd(t, 3), crowd(t, 2)
	before := people(t, theirs)
	_, err := transfer.Copy(t.Context(), from, theirs, options)
	var occupied *transfer.OccupiedError
	if !errors.As(err, &occupied) || occupied.Users != 2 {
		t.Fatalf("error %v", err)
	}
	if mark, _ := theirs.Mark(t.Context()); mark != (transfer.Mark{}) || len(people(t, theirs)) != len(before) {
		t.Fatal("something was written")
	}
	to := empty(t)
	_, err = transfer.Copy(t.Context(), from, to, options)
	must(t, err)
	other := options
	other.Source = "another one"
	var begun *transfer.OtherSourceError
	if _, err := transfer.Copy(t.Context(), from, to, other); !errors.As(err, &begun) || begun.Begun != "the old one" {
		t.Fatalf("error %v", err)
	}
	half := empty(t)
	must(t, half.SetMark(t.Context(), transfer.Mark{Source: "x", BegunAt: noon}))
	if _, err := transfer.Copy(t.Context(), half, empty(t), options); !errors.Is(err, transfer.ErrUnfinishedSource) {
		t.Fatalf("error %v", err)
	}
}

func TestADryRunWritesNothing(t *testing.T) {
	from, to := crowd(t, 9), empty(t)
	o := options
	o.DryRun = true
	report, err := transfer.Copy(t.Context(), from, to, o)
	must(t, err)
	if report.Added != 9 || len(people(t, to)) != 0 {
		t.Fatalf("%+v", report)
	}
	if mark, _ := to.Mark(t.Context()); mark != (transfer.Mark{}) {
		t.Fatalf("the mark is %+v", mark)
	}
}

// Whatever differs in the end is found and named, whichever table it is in, and no value is told.
func TestEveryDifferenceIsNamed(t *testing.T) {
	for name, spoil := range map[string]func(*transfer.Change, transfer.Person){
		"email_verified":           func(c *transfer.Change, p transfer.Person) { p.EmailVerified = true; c.Put = []transfer.Person{p} },
		", password: value":        func(c *transfer.Change, p transfer.Person) { p.PasswordHash = "secret"; c.Put = []transfer.Person{p} },
		", email: value":           func(c *transfer.Change, p transfer.Person) { p.EmailKey = "secret"; c.Put = []transfer.Person{p} },
		"seed":                     func(c *transfer.Change, p transfer.Person) { p.Sessions[0].Seed[31]++; c.Put = []transfer.Person{p} },
		"generation":               func(c *transfer.Change, p transfer.Person) { p.Sessions[0].Generation++; c.Put = []transfer.Person{p} },
		"missing in the target":    func(c *transfer.Change, p transfer.Person) { c.Gone = []uuid.UUID{p.ID} },
		"is not in the source":     func(c *transfer.Change, _ transfer.Person) { c.Put = []transfer.Person{person(77)} },
		"signing key k is missing": func(c *transfer.Change, _ transfer.Person) { c.GoneKeys = []string{"k"} },
		"revocation of session": func(c *transfer.Change, _ transfer.Person) {
			c.PutRevocations = []transfer.Revoked{{Key: session.Key{User: uuid.New(), Session: uuid.New()}, At: noon}}
		},
	} {
		t.Run(name, func(t *testing.T) {
			from := crowd(t, 3)
			to := &spoiled{Target: empty(t)}
			spoil(&to.change, people(t, from)[1])
			report, err := transfer.Copy(t.Context(), from, to, options)
			var differ *transfer.DifferError
			if !errors.As(err, &differ) || report.Differing == 0 {
				t.Fatalf("error %v", err)
			}
			text := strings.Join(report.Differences, "\n")
			if !strings.Contains(text, name) || strings.Contains(text, "secret") {
				t.Fatalf("differences:\n%s", text)
			}
			if mark, _ := to.Mark(t.Context()); mark.Complete {
				t.Fatal("the copy is complete")
			}
		})
	}
}

// spoiled is a target that somebody changes after the copy and before the comparison, which both begin with the keys.
type spoiled struct {
	transfer.Target
	change transfer.Change
	reads  int
}

func (s *spoiled) Keys(ctx context.Context) ([]keyset.StoredKey, error) {
	if s.reads++; s.reads == 2 {
		if err := s.Write(ctx, s.change); err != nil {
			return nil, err
		}
	}
	return s.Target.Keys(ctx)
}
