package history

import (
	"slices"
	"time"
)

// person is one user as the rule sees them. It is never changed: a step makes a new one.
type person struct {
	password int
	sessions []session // by number; as many as the history has
}

// session is one signed-in device. There is no clock in it: a rotation happened somewhere between two moments, and the
// window is over for certain, or open for certain, or either.
type session struct {
	generation uint32 // 0: not yet begun
	parent     uint32
	over       reason // none while it goes on
	// The newest generation was made between these moments: the call of the request that made it, and its answer. A
	// request without answer has no end.
	earliest, latest int64
}

// reason is why a session ended. It is small, because the checker keeps very many states.
type reason uint8

const (
	none reason = iota
	reused
	signedOut
	elsewhere
	everywhere
	passworded
)

// names are those of the API.
var names = [...]string{
	none: "", reused: "refresh_reused", signedOut: "signed_out", elsewhere: "signed_out_elsewhere",
	everywhere: "signed_out_everywhere", passworded: "password_changed",
}

func (r reason) String() string { return names[r] }

// tooMany refuses an attempt without looking at it.
const tooMany = "too_many_attempts"

// rule is the refresh rule with its one setting.
type rule struct{ window time.Duration }

// next returns every state in which the person may be after a step with this answer; none if the rule does not allow it.
//
// A call whose answer is unknown has every effect that it could have had, and none.
func (r rule) next(p person, s step, a Answer) []person {
	switch s.Kind {
	case Login:
		return p.login(s, a)
	case Refresh:
		return r.refresh(p, s, a)
	case Verify:
		return p.verify(s, a)
	case SignOut:
		return p.signOut(s, a)
	case SignOutOthers, SignOutEverywhere:
		return p.signOutMany(s, a)
	case ChangePassword:
		return p.changePassword(s, a)
	}
	return nil
}

// refresh is the rule of the refresh token.
//
// What is presented is the newest generation or its parent: within the window the newest is given again, afterwards the
// next one is made. Anything else is reuse and ends the session. A generation above the newest would be accepted from a
// restored backup; here nothing is restored, so it would be an acknowledged answer that was lost.
func (r rule) refresh(p person, s step, a Answer) []person {
	now := p.sessions[s.Session]
	known := s.Generation == now.generation || s.Generation == now.parent && now.parent != 0
	switch {
	case now.generation == 0 || s.Generation > now.generation:
		return nil
	case now.over != none:
		return p.where(a.Unknown || tells(a, now.over) || !known && tells(a, reused))
	case !known && a.Unknown:
		return []person{p, p.ending(s.Session, reused)}
	case !known && tells(a, reused):
		return []person{p.ending(s.Session, reused)}
	case !known || a.Code != "" && !a.Unknown:
		return nil
	}
	var after []person
	if a.Unknown || a.Generation == now.generation && !r.windowIsOver(now, s) {
		after = append(after, p)
	}
	if (a.Unknown || a.Generation == now.generation+1) && !r.windowIsOpen(now, s) {
		after = append(after, p.with(s.Session, session{now.generation + 1, s.Generation, none, s.from, s.to}))
	}
	return after
}

// windowIsOver and windowIsOpen are certain: neither holds when the times leave it open. Server and clients read the same
// clock of one machine.
func (r rule) windowIsOver(n session, s step) bool { return s.from-n.latest > r.window.Milliseconds() }

func (r rule) windowIsOpen(n session, s step) bool { return s.to-n.earliest <= r.window.Milliseconds() }

// tells reports whether an answer says that the session is over for this reason.
//
// That a token was reused is told by its own code. When a reuse and another ending meet, the one that comes second finds
// the session over and may still name what it has seen itself: its own token was an old one.
func tells(a Answer, why reason) bool {
	if a.Unknown {
		return false
	}
	code := "session_revoked"
	if why == reused {
		code = reused.String()
	}
	return a.Code == code && a.Reason == why.String()
}

// login opens a session if the password is the current one.
func (p person) login(s step, a Answer) []person {
	switch {
	case a.Code == tooMany:
		return []person{p}
	case a.Code == "credentials_invalid":
		return p.where(s.Password != p.password || s.crowded)
	case a.Code != "" || s.Password != p.password || p.sessions[s.Session].generation != 0:
		return nil
	}
	return []person{p.with(s.Session, session{generation: a.Generation, earliest: s.from, latest: s.to})}
}

// verify tells whether the session of an access token goes on.
func (p person) verify(s step, a Answer) []person {
	live := p.lives(s.Session)
	return p.where(a.Code == "" && live || a.Code == "token_revoked" && !live)
}

// signOut ends one session. It never fails: whoever wants out is out.
func (p person) signOut(s step, a Answer) []person {
	return a.either(p, p.ending(s.Session, signedOut))
}

// signOutMany ends the other sessions of a user, or all. The caller must be signed in when the server looks at its token,
// which is a moment before the ending: a session that is over by then may still do it, or only end itself, which is
// nothing.
func (p person) signOutMany(s step, a Answer) []person {
	if a.Code == "token_revoked" {
		return p.where(!p.lives(s.Session))
	}
	why, keep := everywhere, -1
	if s.Kind == SignOutOthers {
		why, keep = elsewhere, s.Session
	}
	after := p.endingAll(keep, why)
	if a.Code == "" && !p.lives(s.Session) {
		return distinct(p, after)
	}
	return a.either(p, after)
}

// changePassword replaces the password if the current one was typed, and ends every session but the caller's. As with
// signing out, the caller is looked at a moment before.
func (p person) changePassword(s step, a Answer) []person {
	right := s.Password == p.password
	switch {
	case a.Code == tooMany:
		return []person{p}
	case a.Code == "token_revoked":
		return p.where(!p.lives(s.Session))
	case a.Code == "credentials_invalid":
		return p.where(!right)
	case a.Unknown && !right:
		return []person{p}
	case a.Code != "" || !right:
		return nil
	}
	after := p.endingAll(s.Session, passworded)
	after.password = s.Next
	return a.either(p, after)
}

func (p person) lives(n int) bool { return p.sessions[n].generation != 0 && p.sessions[n].over == none }

func (p person) with(n int, one session) person {
	p.sessions = slices.Clone(p.sessions)
	p.sessions[n] = one
	return p
}

func (p person) ending(n int, why reason) person {
	if !p.lives(n) {
		return p
	}
	one := p.sessions[n]
	one.over = why
	return p.with(n, one)
}

func (p person) endingAll(keep int, why reason) person {
	p.sessions = slices.Clone(p.sessions)
	for n := range p.sessions {
		if n != keep && p.lives(n) {
			p.sessions[n].over = why
		}
	}
	return p
}

func (p person) equal(q person) bool {
	return p.password == q.password && slices.Equal(p.sessions, q.sessions)
}

// where returns the same person if the condition holds, and nobody otherwise.
func (p person) where(holds bool) []person {
	if !holds {
		return nil
	}
	return []person{p}
}

// either returns what an answer leaves possible: the effect, and nothing too if it is unknown. A call that can only
// succeed has no other answer.
func (a Answer) either(before, after person) []person {
	switch {
	case a.Unknown:
		return distinct(before, after)
	case a.Code != "":
		return nil
	}
	return []person{after}
}

func distinct(a, b person) []person {
	if a.equal(b) {
		return []person{a}
	}
	return []person{a, b}
}
