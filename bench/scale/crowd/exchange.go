package crowd

// What a client does, as sdk/js/src/client/pair.ts does it, in seconds.
const (
	slowest      = 60.0 // the longest pause between two tries
	patience     = 8.0  // for the first answer,
	morePatience = 4.0  // for each one after a failure so much more,
	mostPatience = 20.0 // up to this
)

// ask sends a refresh.
func (w *world) ask(id int32, now float64) {
	d := &w.devices[id]
	w.count(w.Asked, now)
	d.busy, d.asked = true, now
	d.stamp++
	at, kind := w.serve(now, min(mostPatience, patience+morePatience*float64(d.failed)))
	w.add(event{at: at, device: id, stamp: d.stamp, kind: kind})
}

// serve says when an exchange that begins now ends, and how. Whoever has gone away before their turn costs nothing: a
// client that gives up ends its request, and the stores pass over what nobody waits for.
func (w *world) serve(now, patience float64) (at float64, end kind) {
	if w.isDown(now) {
		return now, hasFailed
	}
	if w.Service == 0 {
		return now, isAnswered
	}
	turn := max(w.free, now)
	lost := w.down[0] < w.down[1] && now < w.down[0] && turn+1/w.Service > w.down[0] // with the server
	switch {
	case lost:
		w.free = w.down[1]
		return min(w.down[0], now+patience), hasFailed
	case turn-now >= patience:
		return now + patience, hasFailed
	}
	w.free = turn + 1/w.Service
	if now >= w.warm {
		w.Queue = max(w.Queue, int((w.free-now)*w.Service+0.5))
	}
	return w.free, isAnswered
}

func (w *world) isDown(now float64) bool { return w.down[0] <= now && now < w.down[1] }

// answer gives a device its next token. It counts the life from when it asked, since it cannot know more.
func (w *world) answer(id int32, now float64) {
	d := &w.devices[id]
	d.busy, d.failed = false, 0
	wait := now - d.asked
	if now >= w.warm {
		w.Answered++
		w.Waits.add(wait)
		if w.Outage.For > 0 && now >= w.down[1] && wait > 1 {
			w.Drained = now - w.down[1]
		}
	}
	if d.out { // the answer says that the session is over
		return
	}
	w.bare(d, now)
	life := w.life()
	d.expires, d.due = now+life, d.asked+life-w.Lead.Seconds()
	w.plan(id, now)
}

// fail has a device try again, after a pause that doubles and is shortened by chance.
func (w *world) fail(id int32, now float64) {
	d := &w.devices[id]
	if now >= w.warm {
		w.Failed++
	}
	pause := slowest
	if d.failed < 6 {
		pause = float64(int(1) << d.failed)
	}
	d.failed = min(d.failed+1, 6)
	d.stamp++
	w.add(event{at: now + pause*(0.5+w.chance.Float64()/2), device: id, stamp: d.stamp, kind: asks})
}

// endSession ends a device's session from outside. One in use finds out by a refresh that is refused, and its person signs
// in again; one that is not does so when it is used.
func (w *world) endSession(id int32, now float64) {
	d := &w.devices[id]
	if d.out {
		return
	}
	w.count(w.Ended, now)
	w.bare(d, now)
	d.out = true
	if d.on && !d.busy {
		w.ask(id, now)
	}
	w.add(event{at: now + w.chance.ExpFloat64()*w.Back.Seconds(), device: id, kind: signsIn})
}

func (w *world) signIn(id int32, now float64) {
	d := &w.devices[id]
	if now >= w.warm {
		w.SignIns++
	}
	life := w.life()
	d.out, d.busy, d.failed, d.since = false, false, 0, now
	d.expires, d.due = now+life, now+life-w.Lead.Seconds()
	d.stamp++ // an answer that is under way is nobody's any more
	w.plan(id, now)
}
