//go:build e2e

package torture

import (
	"slices"
	"sync"

	"github.com/mayfly-auth/mayfly/e2e/torture/history"
)

// faithful is a device of somebody who does nothing but use it: it refreshes in a chain and asks whether it is signed
// in. A terminal answer is a wrong one, unless somebody has asked for the end of the session before.
func (c *client) faithful(d *device) {
	for failures := 0; d != nil && !c.stopped(); {
		a := c.step(d)
		switch {
		case a.Unknown:
			failures++
			c.backOff(failures)
			continue
		case a.Code != "":
			c.explain(d, a, c.began.Load())
			d = c.login()
		}
		failures = 0
		c.think()
	}
}

func (c *client) step(d *device) history.Answer {
	if c.rng.IntN(4) == 0 {
		return c.verify(d)
	}
	return c.refresh(d)
}

// explain judges a terminal answer to a faithful device by plain means: nobody has presented an old token of this
// session, and if nobody has ended any, nothing may.
func (c *client) explain(d *device, a history.Answer, endings int64) {
	switch {
	case a.Code == "session_revoked" && endings > 0, a.Code == "token_revoked" && endings > 0:
	default:
		c.tally.blame(signedOut, "%s, session %d, generation %d: %v", c.email, d.session, d.generation, a)
	}
}

// wallet holds the tokens of a session that several clients share, as tabs share their storage.
type wallet struct {
	mu     sync.Mutex
	device *device
	given  []string // every token of the session, oldest first
}

func (w *wallet) replace(d *device) {
	w.device = d
	w.given = nil
	if d != nil {
		w.given = []string{d.refresh}
	}
}

// choose takes the newest token, mostly; sometimes the one before it, as a tab that was asleep does; rarely an older one, as a
// thief does.
func (w *wallet) choose(dice int) (device, string, bool) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.device == nil {
		return device{}, "", false
	}
	back := 0
	switch {
	case dice < 12:
		back = 1
	case dice < 15:
		back = 2 + dice%2
	}
	return *w.device, w.given[max(0, len(w.given)-1-back)], true
}

// keep takes in what one holder was given. The newest is the highest generation, whatever the order of arrival.
func (w *wallet) keep(session int, token, access string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.device == nil || w.device.session != session {
		return // another holder has signed in anew
	}
	if slices.Contains(w.given, token) {
		return
	}
	w.given = append(w.given, token)
	slices.SortFunc(w.given, func(a, b string) int { return int(generationOf(a)) - int(generationOf(b)) })
	if newest := w.given[len(w.given)-1]; newest == token {
		w.device.refresh, w.device.access, w.device.generation = token, access, generationOf(token)
	}
}

// tab is one of several holders of a session. What is a copy and what a late tab cannot be told apart, so its session
// may end; it then signs in anew.
func (c *client) tab(w *wallet) {
	for failures := 0; !c.stopped(); {
		d, token, ok := w.choose(c.rng.IntN(100))
		if !ok {
			return
		}
		got, a := c.present(&d, token)
		switch {
		case a.Unknown:
			failures++
			c.backOff(failures)
			continue
		case a.Code != "":
			c.renew(w, d.session)
		default:
			w.keep(d.session, got.Refresh, got.Access)
		}
		failures = 0
		c.think()
	}
}

// renew signs in for all holders, unless one of them has.
func (c *client) renew(w *wallet, dead int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.device != nil && w.device.session == dead {
		w.replace(c.login())
	}
}
