//go:build e2e

package torture

import "github.com/mayfly-auth/mayfly/e2e/torture/history"

// owner is a person at work on their own sessions: they sign in on devices, end them, one or all, change the password,
// and knock with tokens that are over.
type owner struct {
	*client
	own    *device
	others []*device
	dead   []*device // sessions whose end was acknowledged
	limit  int       // of changes that concern every session
}

func (o *owner) live() {
	for failures := 0; !o.stopped(); {
		if o.own == nil || o.own.over {
			if o.own = o.login(); o.own == nil {
				return
			}
		}
		if a := o.act(); a.Unknown {
			failures++
			o.backOff(failures)
			continue
		}
		failures = 0
		o.think()
	}
}

func (o *owner) act() history.Answer {
	switch dice := o.rng.IntN(100); {
	case dice < 30:
		return o.refresh(o.own)
	case dice < 45:
		return o.verify(o.own)
	case dice < 55:
		return o.signInElsewhere()
	case dice < 65:
		return o.useAnother()
	case dice < 78:
		return o.endAnother()
	case dice < 90:
		return o.knock()
	case dice < 93:
		_, a := o.tryLogin(-1)
		return a
	}
	return o.endMany()
}

func (o *owner) signInElsewhere() history.Answer {
	if len(o.others) < 3 {
		if d, a := o.tryLogin(o.candidates()[0]); d != nil {
			o.others = append(o.others, d)
		} else {
			return a
		}
	}
	return history.Answer{}
}

func (o *owner) useAnother() history.Answer {
	if len(o.others) == 0 {
		return history.Answer{}
	}
	d := o.others[o.rng.IntN(len(o.others))]
	return o.step(d)
}

func (o *owner) endAnother() history.Answer {
	if len(o.others) == 0 {
		return history.Answer{}
	}
	d := o.others[0]
	a := o.signOut(d)
	if a.Unknown {
		return a
	}
	o.others = o.others[1:]
	o.dead = append(o.dead, d)
	return o.knockWith(*d) // at once: an answer that comes before the deed would show
}

// knock presents what must no longer be accepted.
func (o *owner) knock() history.Answer {
	if len(o.dead) == 0 {
		return history.Answer{}
	}
	return o.knockWith(*o.dead[o.rng.IntN(len(o.dead))])
}

func (o *owner) knockWith(d device) history.Answer {
	if o.rng.IntN(2) == 0 {
		return o.verify(&d)
	}
	_, a := o.present(&d, d.refresh)
	return a
}

// endMany ends sessions beside the owner's own, a limited number of times: each of them makes every client sign in anew.
func (o *owner) endMany() history.Answer {
	if o.limit == 0 {
		return history.Answer{}
	}
	o.limit--
	o.dead = append(o.dead, o.others...)
	o.others = nil
	switch o.rng.IntN(3) {
	case 0:
		return o.signOutOthers(o.own)
	case 1:
		a := o.signOutEverywhere(o.own)
		o.dead = append(o.dead, o.own)
		o.own = nil
		return a
	}
	o.changePassword(o.own)
	return history.Answer{}
}
