package main

import (
	"math"
	"time"
)

// habits are how people and their devices are, and how Mayfly is set.
type habits struct {
	active      float64       // share of the devices in use at once, at the busiest moment
	life        time.Duration // of an access token
	jitter      float64
	lead        time.Duration // a device asks when so much is left
	use         time.Duration // how long a device is in use, in the mean
	perUser     float64       // devices of one user
	signIns     time.Duration // a device signs in anew so often
	early       float64       // share of the sessions that are ended early, and so named in the feed
	perFollower float64       // devices in use that one server which checks tokens serves
	busy        float64       // share of its capacity at which a machine is run
	checkpoint  time.Duration // PostgreSQL's checkpoint_timeout
	kept        time.Duration // how long the row of a session that is over stays
}

func defaultHabits() habits {
	const day = 24 * time.Hour
	return habits{
		active: 0.1, life: 10 * time.Minute, jitter: 0.1, lead: time.Minute, use: 5 * time.Minute, perUser: 2, signIns: 30 * day, early: 1,
		perFollower: 10_000, busy: 0.5, checkpoint: 5 * time.Minute, kept: 30 * day,
	}
}

// interval is the mean number of seconds between two refreshes of a device that is in use.
func (h habits) interval() float64 { return h.life.Seconds()*(1-h.jitter/2) - h.lead.Seconds() }

// refreshes is how many a second that many devices ask for, when so many of them are in use at once. A device whose token
// is due while it is not in use asks when it is used again; so the shorter the uses, the more of them begin with a refresh.
// Lengths of uses and of what lies between are taken as exponential.
func (h habits) refreshes(devices, active float64) float64 {
	if active == 1 {
		return devices / h.interval()
	}
	between := h.use.Seconds() * (1 - active) / active
	forgets := 1/h.use.Seconds() + 1/between // how fast a device forgets whether it was in use
	longest := h.life.Seconds() - h.lead.Seconds()
	shortest := longest - h.life.Seconds()*h.jitter
	still := math.Exp(-forgets * longest) // over all lives: how much of it is remembered when the token is due
	if h.jitter > 0 {
		still = (math.Exp(-forgets*shortest) - math.Exp(-forgets*longest)) / (forgets * (longest - shortest))
	}
	return devices / (h.interval() + (1-active)*(1-still)*between)
}

// needs are what a number of devices asks for.
type needs struct {
	devices    float64
	active     float64
	refreshes  float64 // a second
	signIns    float64 // a second
	hashCores  float64
	revoked    float64 // sessions a second, named in the feed
	live, over float64 // rows: of live sessions, of such that are kept for their history
	users      float64
	followers  float64
}

func (h habits) of(devices, active float64, c *costs) needs {
	signIns := devices / h.signIns.Seconds()
	return needs{
		devices: devices, active: active,
		refreshes: h.refreshes(devices, active),
		signIns:   signIns,
		hashCores: signIns * c.hash.value / 1000,
		revoked:   signIns * h.early,
		live:      devices, over: signIns * h.kept.Seconds(),
		users:     devices / h.perUser,
		followers: math.Ceil(devices * active / h.perFollower),
	}
}

func (n needs) rows() float64 { return n.live + n.over }

// bytes is what the rows take in a store.
func (n needs) bytes(session, user cost) float64 { return n.rows()*session.value + n.users*user.value }

// wal is bytes a second: each refresh's own, and the image of a page that PostgreSQL writes the first time after each
// checkpoint. The more refreshes fall on one page between two checkpoints, the more of them share an image.
func (n needs) wal(h habits, c *costs) float64 {
	perPage := 8192 / c.postgresSession.value * n.live / n.rows()
	touched := perPage * n.refreshes / n.live * h.checkpoint.Seconds() // refreshes on one page between checkpoints
	first := (1 - math.Exp(-touched)) / touched
	return n.refreshes * (c.postgresWAL.value + first*c.image.value)
}

// walk is how long one walk of the cleaner takes: every node walks through all rows.
func (n needs) walk(c *costs) time.Duration {
	return time.Duration(n.rows() / c.cleaned.value * float64(time.Second))
}

// marks is how many revocations a feed remembers.
func (n needs) marks(h habits) float64 { return n.revoked * (h.life + time.Minute).Seconds() }

// nodes carry the refreshes, and one of them may fail. Each serves so many followers at most.
func (n needs) nodes(h habits, c *costs) float64 {
	return max(math.Ceil(n.refreshes/(c.node.value*h.busy))+1, math.Ceil(n.followers/c.followers.value))
}

// perFollower is what one follower of the feed is sent, in bytes a second, at most one event each half second.
func (n needs) perFollower(c *costs) float64 {
	return c.beat.value + n.revoked*c.mark.value + min(n.revoked, 2)*c.revokedLine.value
}
