//go:build e2e

package torture

import (
	"github.com/mayfly-auth/mayfly/e2e/torture/history"
)

// device is one session and the tokens that its holder was given last.
type device struct {
	session    int
	generation uint32
	refresh    string
	access     string
	over       bool // a terminal answer came
}

// mostTries bounds what is repeated until it is answered. With the growing rests between them this is minutes.
const mostTries = 60

// register makes the account, before anything is disturbed.
func (c *client) register() *device {
	got, a, o := c.call(history.Call{Kind: history.Login}, request{
		method: "POST", path: "/v1/register",
		body: map[string]string{"email": c.email, "password": passwordOf(0), "delivery": "body"},
	})
	if a.Unknown || a.Code != "" {
		c.tally.blame(unserved, "register: %d %s", got.status, got.text)
		return nil
	}
	return opened(got, o)
}

func opened(got reply, o *history.Operation) *device {
	return &device{session: o.Call.Session, generation: generationOf(got.Refresh), refresh: got.Refresh, access: got.Access}
}

// login signs in with what may be the password, until it is answered. It returns nil when the round is over.
func (c *client) login() *device {
	for tries := range mostTries {
		for _, number := range c.candidates() {
			if c.stopped() {
				return nil
			}
			d, a := c.tryLogin(number)
			switch {
			case d != nil:
				return d
			case a.Code == "too_many_attempts":
				return nil
			case a.Unknown:
				c.backOff(tries)
			}
		}
		c.backOff(tries)
	}
	c.tally.blame(lockedOut, "no password of %s is accepted", c.email)
	return nil
}

func (c *client) tryLogin(number int) (*device, history.Answer) {
	got, a, o := c.call(history.Call{Kind: history.Login, Password: number}, request{
		method: "POST", path: "/v1/login",
		body: map[string]string{"identifier": c.email, "password": passwordOf(number), "delivery": "body"},
	})
	if a.Unknown || a.Code != "" {
		return nil, a
	}
	return opened(got, o), a
}

// present spends a refresh token, the device's own or an older one.
func (c *client) present(d *device, token string) (reply, history.Answer) {
	got, a, _ := c.call(
		history.Call{Kind: history.Refresh, Session: d.session, Generation: generationOf(token)},
		request{method: "POST", path: "/v1/refresh", body: map[string]string{"refresh_token": token}},
	)
	return got, a
}

// refresh is what a well-behaved client does: it presents the newest token it was given, and after a call that came to
// nothing the same again.
func (c *client) refresh(d *device) history.Answer {
	got, a := c.present(d, d.refresh)
	switch {
	case a.Unknown:
	case a.Code != "":
		d.over = true
	default:
		if a.Generation < d.generation {
			c.tally.blame(lost, "%s, session %d: generation %d was acknowledged, then %d", c.email, d.session, d.generation, a.Generation)
		}
		d.generation, d.refresh, d.access = a.Generation, got.Refresh, got.Access
	}
	return a
}

func (c *client) verify(d *device) history.Answer {
	_, a, _ := c.call(history.Call{Kind: history.Verify, Session: d.session},
		request{method: "GET", path: "/v1/verify", bearer: d.access})
	if a.Code != "" {
		d.over = true
	}
	return a
}

// signOut names the session by its refresh token or its access token.
func (c *client) signOut(d *device) history.Answer {
	r := request{method: "POST", path: "/v1/logout", bearer: d.access}
	if c.rng.IntN(2) == 0 {
		r = request{method: "POST", path: "/v1/logout", body: map[string]string{"refresh_token": d.refresh}}
	}
	c.began.Add(1)
	_, a, _ := c.call(history.Call{Kind: history.SignOut, Session: d.session}, r)
	return a
}

// signOutOthers and signOutEverywhere take the access token: whoever ends other sessions must be signed in. The calls
// whose answer tells that they were not are those of /v1/sessions; a sign-out never fails.
func (c *client) signOutOthers(d *device) history.Answer {
	c.began.Add(1)
	_, a, _ := c.call(history.Call{Kind: history.SignOutOthers, Session: d.session},
		request{method: "DELETE", path: "/v1/sessions?keep=current", bearer: d.access})
	return a
}

func (c *client) signOutEverywhere(d *device) history.Answer {
	c.began.Add(1)
	_, a, _ := c.call(history.Call{Kind: history.SignOutEverywhere, Session: d.session},
		request{method: "POST", path: "/v1/logout?scope=all", bearer: d.access})
	return a
}

// changePassword tries what may be the current one.
func (c *client) changePassword(d *device) {
	for _, current := range c.candidates() {
		next := c.nextPassword()
		c.began.Add(1)
		_, a, _ := c.call(
			history.Call{Kind: history.ChangePassword, Session: d.session, Password: current, Next: next},
			request{
				method: "POST", path: "/v1/me/password", bearer: d.access,
				body: map[string]string{"current_password": passwordOf(current), "new_password": passwordOf(next)},
			},
		)
		switch {
		case a.Unknown, a.Code == "":
			c.changed(next, a.Code == "" && !a.Unknown)
			return
		case a.Code == "token_revoked":
			d.over = true
			return
		}
	}
}
