package storetest

import (
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

var sessionCases = []testCase{
	{"ASessionComesBackAsItWasMade", aSessionComesBack},
	{"TimesKeepMilliseconds", sessionTimesKeepMilliseconds},
	{"CreateWantsTheUserAsItWas", createWantsTheUserAsItWas},
	{"EndedSessionsAreFoundWithTheirReason", endedSessionsAreFound},
	{"NothingIsFoundUnderAnotherUser", nothingUnderAnotherUser},
	{"TheOwnerIsReadAtTheSameMoment", theOwnerIsRead},
	{"ListIsNewestFirstAndKeepsTheEnded", listIsNewestFirst},
}

func aSessionComesBack(w *world) {
	u := w.person()
	for name, change := range map[string]func(*session.Session){
		"as a browser has it": func(*session.Session) {},
		"delivery hybrid":     func(s *session.Session) { s.Delivery = session.Hybrid },
		"delivery body":       func(s *session.Session) { s.Delivery = session.Body },
		"many factors":        func(s *session.Session) { s.AMR = []string{"pwd", "otp", "späť \"quoted\"", ""} },
		"no device":           func(s *session.Session) { s.Device = session.Device{} },
		"IPv6":                func(s *session.Session) { s.Device.Address = netip.MustParseAddr("2001:db8::1") },
		"IPv6 with a zone":    func(s *session.Session) { s.Device.Address = netip.MustParseAddr("fe80::1%eth0") },
		"IPv4 within IPv6":    func(s *session.Session) { s.Device.Address = netip.MustParseAddr("::ffff:192.0.2.1") },
		"a long strange agent": func(s *session.Session) {
			s.Device.UserAgent = strings.Repeat("Bröwser/1.0 (🦋; 'q' \"d\" \\ %s $1) ", 30)
		},
		"a restored lineage": func(s *session.Session) {
			s.Lineage = session.Lineage{Generation: math.MaxUint32 - 1, Parent: math.MaxUint32 - 7, RotatedAt: start.Add(ms)}
		},
		"a seed of zeros": func(s *session.Session) { s.Seed = [session.SeedSize]byte{} },
		"no times at all": func(s *session.Session) {
			s.CreatedAt, s.RotatedAt, s.ExpiresAt = time.Time{}, time.Time{}, time.Time{}
		},
		"a day long past": func(s *session.Session) { s.CreatedAt = time.Date(1969, 12, 31, 23, 59, 59, 999e6, time.UTC) },
	} {
		s := device(u)
		change(&s)
		w.must(w.Sessions.Create(w.Context(), s))
		w.same(name, w.find(s), session.Record{Session: s, Owner: u})
		list, err := w.Sessions.List(w.Context(), u.ID)
		w.must(err)
		for _, listed := range list {
			if listed.ID == s.ID {
				w.same(name+", listed", listed, s)
			}
		}
	}
}

func sessionTimesKeepMilliseconds(w *world) {
	s := device(w.person())
	fine := start.Add(987 * time.Microsecond).In(time.FixedZone("elsewhere", 3*3600))
	s.CreatedAt, s.RotatedAt, s.ExpiresAt = fine, fine.Add(time.Second), fine.Add(time.Hour)
	w.must(w.Sessions.Create(w.Context(), s))
	got := w.find(s)
	for name, pair := range map[string][2]time.Time{
		"CreatedAt": {got.CreatedAt, start},
		"RotatedAt": {got.RotatedAt, start.Add(time.Second)},
		"ExpiresAt": {got.ExpiresAt, start.Add(time.Hour)},
	} {
		if !pair[0].Equal(pair[1]) {
			w.Errorf("%s is %v, want %v", name, pair[0], pair[1])
		}
	}
	if !got.EndedAt.IsZero() || got.EndReason != "" {
		w.Errorf("a session that has not ended has EndedAt %v and reason %q", got.EndedAt, got.EndReason)
	}
}

func createWantsTheUserAsItWas(w *world) {
	unknown := anyone()
	disabled := w.person()
	w.must(w.Users.Disable(w.Context(), disabled.ID, true, start))
	disabled = w.owner(disabled.ID)
	older, newer := w.person(), w.person()
	older.Epoch--
	newer.Epoch++
	for name, s := range map[string]session.Session{
		"an unknown user":  device(unknown),
		"a disabled user":  device(disabled),
		"an earlier epoch": device(older),
		"a later epoch":    device(newer),
	} {
		if err := w.Sessions.Create(w.Context(), s); err == nil {
			w.Errorf("%s: no error", name)
		} else {
			w.wantError(err, session.ErrUserChanged)
		}
		_, err := w.Sessions.Find(w.Context(), s.User, s.ID)
		w.wantError(err, session.ErrNotFound)
	}
}

func endedSessionsAreFound(w *world) {
	u := w.person()
	for _, reason := range []session.Reason{
		session.SignedOut, session.SignedOutElsewhere, session.SignedOutEverywhere, session.PasswordChanged,
		session.UserDisabled, session.EndedByAdmin, session.RefreshReused, session.IdleExpired, session.Expired,
	} {
		s := w.signIn(u)
		ended, err := w.Sessions.End(w.Context(), u.ID, s.ID, session.Ending{At: start.Add(time.Hour), Reason: reason})
		w.must(err)
		if !ended {
			w.Fatalf("%s: a live session was not ended", reason)
		}
		s.EndedAt, s.EndReason = start.Add(time.Hour), reason
		w.same(string(reason), w.find(s), session.Record{Session: s, Owner: u})
	}
}

func nothingUnderAnotherUser(w *world) {
	ada, bob := w.person(), w.person()
	hers, his := device(ada), device(bob)
	his.ID = hers.ID // an id is only unique within its user
	w.must(w.Sessions.Create(w.Context(), hers))
	_, err := w.Sessions.Find(w.Context(), bob.ID, hers.ID)
	w.wantError(err, session.ErrNotFound)
	w.must(w.Sessions.Create(w.Context(), his))
	w.same("hers", w.find(hers), session.Record{Session: hers, Owner: ada})
	w.same("his", w.find(his), session.Record{Session: his, Owner: bob})
	for _, key := range [][2]uuid.UUID{{ada.ID, uuid.New()}, {uuid.New(), hers.ID}, {}} {
		_, err := w.Sessions.Find(w.Context(), key[0], key[1])
		w.wantError(err, session.ErrNotFound)
	}
}

func theOwnerIsRead(w *world) {
	u := w.person()
	s := w.signIn(u)
	roles := []string{"reader", "writer"}
	changed, err := w.Users.Update(w.Context(), u.ID, change().roles(roles).Change, start.Add(time.Minute))
	w.must(err)
	w.same("owner", w.find(s).Owner, changed)
}

func listIsNewestFirst(w *world) {
	u, other := w.person(), w.person()
	w.signIn(other)
	var want []session.Session
	for _, minute := range []int{3, 1, 4, 2, 0} {
		s := device(u)
		s.CreatedAt = start.Add(time.Duration(minute) * time.Minute)
		w.must(w.Sessions.Create(w.Context(), s))
		want = append(want, s)
	}
	end := session.Ending{At: start.Add(time.Hour), Reason: session.SignedOut}
	_, err := w.Sessions.End(w.Context(), u.ID, want[3].ID, end)
	w.must(err)
	want[3].EndedAt, want[3].EndReason = end.At, end.Reason
	got, err := w.Sessions.List(w.Context(), u.ID)
	w.must(err)
	if len(got) != len(want) {
		w.Fatalf("%d sessions, want %d", len(got), len(want))
	}
	for i, j := range []int{2, 0, 3, 1, 4} {
		w.same("in order", got[i], want[j])
	}
	none, err := w.Sessions.List(w.Context(), uuid.New())
	w.must(err)
	if len(none) != 0 {
		w.Errorf("an unknown user has %d sessions", len(none))
	}
}
