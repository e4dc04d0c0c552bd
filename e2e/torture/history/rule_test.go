package history

import (
	"testing"
	"time"
)

// at is a moment of a hand-made history, in milliseconds.
type at int64

var noon = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func (ms at) time() time.Time { return noon.Add(time.Duration(ms) * time.Millisecond) }

// line is one call of a hand-made history.
type line struct {
	from, to at
	call     Call
	answer   Answer
}

func refresh(session int, generation uint32) Call {
	return Call{Kind: Refresh, Session: session, Generation: generation}
}

func on(kind Kind, session int) Call { return Call{Kind: kind, Session: session} }

func signIn(session int) line { return line{0, 1, on(Login, session), gives(1)} }

func gives(generation uint32) Answer { return Answer{Generation: generation} }

func ended(why reason) Answer { return Answer{Code: "session_revoked", Reason: why.String()} }

var (
	done    = Answer{}
	unknown = Answer{Unknown: true}
	theft   = Answer{Code: reused.String(), Reason: reused.String()}
	revoked = Answer{Code: "token_revoked"}
	refused = Answer{Code: "credentials_invalid"}
)

func handMade(lines []line) *History {
	h := New(noon)
	for _, l := range lines {
		h.sessions = max(h.sessions, l.call.Session+1)
		h.operations = append(h.operations, &Operation{
			Call: l.call, Answer: l.answer, Client: "by hand", made: l.from.time(), ended: l.to.time(),
		})
	}
	return h
}

const tiny, hour = time.Millisecond, time.Hour

// The checker is worth what it refuses.
func TestWhatMustNeverHappenIsRefused(t *testing.T) {
	for name, c := range map[string]struct {
		window  time.Duration
		history []line
	}{
		"a token is spent twice, and both go on": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), gives(2)},
			{20, 21, refresh(0, 1), gives(3)},
			{30, 31, refresh(0, 2), gives(4)},
		}},
		"two calls at once fork the session": {hour, []line{
			signIn(0),
			{10, 15, refresh(0, 1), gives(2)},
			{10, 15, refresh(0, 1), gives(3)},
		}},
		"an acknowledged refresh is lost: the session stands where it stood before": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), gives(2)},
			{20, 21, refresh(0, 1), gives(2)},
		}},
		"an acknowledged refresh is lost: its token is unknown": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), gives(2)},
			{20, 21, refresh(0, 2), Answer{Code: "refresh_invalid"}},
		}},
		"an acknowledged refresh is lost: the next is made a second time": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), gives(2)},
			{20, 21, refresh(0, 2), gives(3)},
			{30, 31, refresh(0, 3), gives(3)},
		}},
		"nobody did anything wrong and is signed out": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), gives(2)},
			{20, 21, refresh(0, 2), theft},
		}},
		"a lost answer signs out": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), unknown},
			{20, 21, refresh(0, 1), theft},
		}},
		"an old token is accepted": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), gives(2)},
			{20, 21, refresh(0, 2), gives(3)},
			{30, 31, refresh(0, 1), gives(4)},
		}},
		"a copy is seen and the session goes on": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), gives(2)},
			{20, 21, refresh(0, 2), gives(3)},
			{30, 31, refresh(0, 1), theft},
			{40, 41, refresh(0, 3), gives(4)},
		}},
		"a revoked session comes back": {tiny, []line{
			signIn(0),
			{10, 11, on(SignOut, 0), done},
			{20, 21, refresh(0, 1), ended(signedOut)},
			{30, 31, refresh(0, 1), gives(2)},
		}},
		"a refresh succeeds after signing out": {tiny, []line{
			signIn(0),
			{10, 11, on(SignOut, 0), done},
			{20, 21, refresh(0, 1), gives(2)},
		}},
		"a refresh that was under way survives signing out everywhere": {tiny, []line{
			signIn(0),
			{10, 40, refresh(0, 1), gives(2)},
			{20, 30, on(SignOutEverywhere, 0), done},
			{50, 51, refresh(0, 2), gives(3)},
		}},
		"a sign-out that was acknowledged is undone by an unknown refresh": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), unknown},
			{20, 21, on(SignOut, 0), done},
			{30, 31, on(Verify, 0), done},
		}},
		"an access token is good after its session": {tiny, []line{
			signIn(0),
			{10, 11, on(SignOut, 0), done},
			{20, 21, on(Verify, 0), done},
		}},
		"an access token is refused while its session goes on": {tiny, []line{
			signIn(0),
			{10, 11, on(Verify, 0), revoked},
			{20, 21, refresh(0, 1), gives(2)},
		}},
		"another device stays signed in after a new password": {tiny, []line{
			signIn(0), signIn(1),
			{10, 11, Call{Kind: ChangePassword, Session: 0, Next: 1}, done},
			{20, 21, refresh(1, 1), gives(2)},
		}},
		"the device that changes the password is signed out": {tiny, []line{
			signIn(0),
			{10, 11, Call{Kind: ChangePassword, Session: 0, Next: 1}, done},
			{20, 21, refresh(0, 1), ended(passworded)},
		}},
		"the old password is good": {tiny, []line{
			signIn(0),
			{10, 11, Call{Kind: ChangePassword, Session: 0, Next: 1}, done},
			{20, 21, on(Login, 1), gives(1)},
		}},
		"the new password is not good": {tiny, []line{
			signIn(0),
			{10, 11, Call{Kind: ChangePassword, Session: 0, Next: 1}, done},
			{20, 21, Call{Kind: Login, Session: 1, Password: 1}, refused},
		}},
		"the cause of an end is told as another": {tiny, []line{
			signIn(0), signIn(1),
			{10, 11, on(SignOutOthers, 0), done},
			{20, 21, refresh(1, 1), ended(passworded)},
		}},
		"the next is made within the window": {hour, []line{
			signIn(0),
			{10, 11, refresh(0, 1), gives(2)},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if verdict := handMade(c.history).Check(c.window, time.Minute, nil); verdict != Violated {
				t.Errorf("the history is %s", verdict)
			}
		})
	}
}

func TestWhatTheRuleSaysIsExplained(t *testing.T) {
	for name, c := range map[string]struct {
		window  time.Duration
		history []line
	}{
		"tabs that come together get the same": {tiny, []line{
			signIn(0),
			{10, 15, refresh(0, 1), gives(2)},
			{10, 16, refresh(0, 1), gives(2)},
		}},
		"a late holder of the parent displaces the newest, which then is reuse": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), gives(2)},
			{20, 21, refresh(0, 1), gives(3)},
			{30, 31, refresh(0, 2), theft},
			{40, 41, refresh(0, 3), theft},
			{50, 51, on(Verify, 0), revoked},
		}},
		"a lost answer, and the same token again": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), unknown},
			{20, 21, refresh(0, 1), gives(3)},
			{30, 31, refresh(0, 3), gives(4)},
		}},
		"a lost request, and the same token again": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), unknown},
			{20, 21, refresh(0, 1), gives(2)},
			{30, 31, refresh(0, 2), gives(3)},
		}},
		"a request that comes very late finds its token old": {tiny, []line{
			signIn(0),
			{10, 11, refresh(0, 1), unknown},
			{20, 21, refresh(0, 1), gives(2)},
			{30, 31, refresh(0, 2), gives(3)},
			{40, 41, refresh(0, 3), theft},
		}},
		"an unknown sign-out comes true later": {tiny, []line{
			signIn(0),
			{10, 11, on(SignOutEverywhere, 0), unknown},
			{20, 21, refresh(0, 1), gives(2)},
			{30, 31, refresh(0, 2), ended(everywhere)},
		}},
		"a refresh and a sign-out at the same time": {tiny, []line{
			signIn(0),
			{10, 30, refresh(0, 1), gives(2)},
			{10, 30, on(SignOut, 0), done},
			{40, 41, refresh(0, 2), ended(signedOut)},
		}},
		"a new password leaves its own device": {tiny, []line{
			signIn(0), signIn(1),
			{10, 11, Call{Kind: ChangePassword, Session: 0, Next: 1}, done},
			{20, 21, refresh(0, 1), gives(2)},
			{20, 21, refresh(1, 1), ended(passworded)},
			{30, 31, on(Login, 2), refused},
			{40, 41, Call{Kind: Login, Session: 2, Password: 1}, gives(1)},
		}},
		"an unknown new password: both are tried": {tiny, []line{
			signIn(0),
			{10, 11, Call{Kind: ChangePassword, Session: 0, Next: 1}, unknown},
			{20, 21, on(Login, 1), gives(1)},
			{30, 31, on(Login, 2), refused},
			{40, 41, refresh(1, 1), ended(passworded)},
		}},
	} {
		t.Run(name, func(t *testing.T) {
			if verdict := handMade(c.history).Check(c.window, time.Minute, nil); verdict != Explained {
				t.Errorf("the history is %s", verdict)
			}
		})
	}
}

// What the checker falls back on when the whole is too much must bite as well.
func TestASessionByItselfIsRefused(t *testing.T) {
	for name, lines := range map[string][]line{
		"spent twice": {
			signIn(0), signIn(1),
			{10, 11, refresh(1, 1), gives(2)},
			{20, 21, refresh(1, 1), gives(3)},
			{30, 31, refresh(1, 2), gives(4)},
		},
		"back after signing out": {
			signIn(0), signIn(1),
			{10, 11, on(SignOut, 1), done},
			{20, 21, refresh(1, 1), gives(2)},
		},
		"ended by nobody": {
			signIn(0), signIn(1),
			{10, 11, on(SignOutOthers, 1), done},
			{20, 21, refresh(1, 1), ended(elsewhere)},
		},
	} {
		h := handMade(lines)
		all := h.calls(nil)
		if verdict := h.search(tiny, time.Minute, ofSession(0, all)); verdict != Explained {
			t.Errorf("%s: the other session is %s", name, verdict)
		}
		if verdict := h.search(tiny, time.Minute, ofSession(1, all)); verdict != Violated {
			t.Errorf("%s: the session is %s", name, verdict)
		}
	}
}

// A node that lost the answer of its database asks again, and a second holder may have moved on meanwhile.
func TestATokenThatANodePresentsTwiceIsTwoCalls(t *testing.T) {
	lines := []line{
		signIn(0),
		{10, 60, refresh(0, 1), theft},
		{20, 21, refresh(0, 1), gives(3)},
		{30, 31, refresh(0, 3), gives(4)},
	}
	lost := Span{Began: at(5).time(), End: at(15).time(), Repeats: true}
	if verdict := handMade(lines).Check(tiny, time.Minute, []Span{lost}); verdict != Explained {
		t.Errorf("with the loss the history is %s", verdict)
	}
	lost.Repeats = false
	if verdict := handMade(lines).Check(tiny, time.Minute, []Span{lost}); verdict != Violated {
		t.Errorf("without it the history is %s", verdict)
	}
}

// A violation that cannot be looked at is hard to mend.
func TestAHistoryIsDrawn(t *testing.T) {
	path := t.TempDir() + "/history.html"
	h := handMade([]line{signIn(0), {10, 11, refresh(0, 1), unknown}, {20, 21, refresh(0, 1), theft}})
	beside := []Span{{What: "node 0 killed", Began: at(9).time(), End: at(12).time()}}
	if err := h.Draw(path, tiny, time.Minute, beside); err != nil {
		t.Fatal(err)
	}
}
