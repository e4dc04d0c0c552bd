package crowd

import (
	"context"
	"math/rand/v2"
	"time"
)

// device is one that stays signed in. Times are seconds since the beginning.
type device struct {
	expires float64 // when its token does
	due     float64 // when it wants the next one
	since   float64 // in use since
	asked   float64
	stamp   uint32
	failed  uint8 // tries in a row
	on      bool
	busy    bool // asks, or pauses
	out     bool // its session is over
}

// world is a simulation under way.
type world struct {
	Scenario
	Result
	agenda
	chance  *rand.Rand
	devices []device
	warm    float64
	end     float64
	down    [2]float64 // from, until
	free    float64    // when the server is done with what waits
}

// Run simulates the scenario.
func Run(ctx context.Context, s Scenario) (Result, error) {
	if err := s.check(); err != nil {
		return Result{}, err
	}
	w := &world{Scenario: s, chance: rand.New(rand.NewPCG(s.Seed, 0)), devices: make([]device, s.Devices)}
	w.warm, w.end = s.Warm.Seconds(), (s.Warm + s.For).Seconds()
	w.down[0], w.down[1] = s.Outage.bounds(s.Warm)
	seconds := int((s.For + time.Second - 1) / time.Second)
	w.Asked, w.Ended = make([]int, seconds), make([]int, seconds)
	w.begin()
	for i := 0; !w.empty(); i++ {
		e := w.next()
		if e.at >= w.end {
			break
		}
		if i%100_000 == 0 && ctx.Err() != nil {
			return Result{}, ctx.Err()
		}
		w.happen(e)
	}
	w.finish()
	return w.Result, nil
}

// begin gives every device its first plans.
func (w *world) begin() {
	waveFrom, waveUntil := w.Wave.bounds(w.Warm)
	for i := range w.devices {
		id, d := int32(i), &w.devices[i]
		d.on = w.chance.Float64() < w.Active
		if w.SignIn > 0 {
			d.on, d.out = true, true
			w.add(event{at: w.chance.Float64() * w.SignIn.Seconds(), device: id, kind: signsIn})
		} else {
			d.due = (w.life()-w.Lead.Seconds())*w.chance.Float64() - w.laidDown(d)
			d.expires = d.due + w.Lead.Seconds()
			w.plan(id, 0)
		}
		w.turn(id, 0)
		if w.chance.Float64() < w.WaveShare {
			w.add(event{at: waveFrom + w.chance.Float64()*(waveUntil-waveFrom), device: id, kind: isEnded})
		}
	}
}

// laidDown is how long a device has not been in use.
func (w *world) laidDown(d *device) float64 {
	if d.on {
		return 0
	}
	return w.chance.ExpFloat64() * w.between()
}

// between is the mean time between two uses.
func (w *world) between() float64 { return w.On.Seconds() * (1 - w.Active) / w.Active }

func (w *world) happen(e event) {
	d, now := &w.devices[e.device], e.at
	switch e.kind {
	case wakes:
		d.on, d.since = true, now
		w.turn(e.device, now)
		w.plan(e.device, now)
	case sleeps:
		w.bare(d, now)
		d.on = false
		w.turn(e.device, now)
	case isEnded:
		w.endSession(e.device, now)
	case signsIn:
		w.signIn(e.device, now)
	default:
		if e.stamp == d.stamp {
			w.exchange(e, d, now)
		}
	}
}

// exchange is what happens on the way to the next token.
func (w *world) exchange(e event, d *device, now float64) {
	switch e.kind {
	case asks:
		d.busy = false
		if d.on {
			w.ask(e.device, now)
		}
	case isAnswered:
		w.answer(e.device, now)
	case hasFailed:
		w.fail(e.device, now)
	}
}

// turn plans when a device begins or ends to be used. Both lengths are exponential.
func (w *world) turn(id int32, now float64) {
	if w.Active == 1 {
		return
	}
	mean, next := w.On.Seconds(), sleeps
	if !w.devices[id].on {
		mean, next = w.between(), wakes
	}
	w.add(event{at: now + w.chance.ExpFloat64()*mean, device: id, kind: next})
}

// plan has a device ask when it is due. What was planned before is overtaken.
func (w *world) plan(id int32, now float64) {
	d := &w.devices[id]
	if !d.on || d.busy || d.out {
		return
	}
	d.stamp++
	w.add(event{at: max(now, d.due), device: id, stamp: d.stamp, kind: asks})
}

// life is that of a token which is made now.
func (w *world) life() float64 { return w.Life.Seconds() * (1 - w.Jitter*w.chance.Float64()) }

// bare counts the time in which a device was in use, signed in, and without a token that is good.
func (w *world) bare(d *device, now float64) {
	from := max(d.expires, d.since, w.warm)
	if !d.on || d.out || now <= from {
		return
	}
	w.Bare += now - from
	w.BareFor = max(w.BareFor, now-from)
}

// count adds one to the second that it is.
func (w *world) count(seconds []int, now float64) {
	if now >= w.warm {
		seconds[int(now-w.warm)]++
	}
}

func (w *world) finish() {
	w.At = make([]Holding, len(w.devices))
	for i := range w.devices {
		d := &w.devices[i]
		w.bare(d, w.end)
		switch {
		case d.out:
			w.At[i] = SignedOut
		case d.on && d.expires < w.end:
			w.At[i] = Waiting
		}
	}
}
