package crowd

// event is something that happens to a device. One whose stamp is not the device's any more has been overtaken.
type event struct {
	at     float64
	order  uint64 // decides between two at one moment, so that a seed always gives the same numbers
	device int32
	stamp  uint32
	kind   kind
}

type kind uint8

const (
	wakes kind = iota
	sleeps
	asks
	isAnswered
	hasFailed
	isEnded // its session
	signsIn
)

// agenda is a heap of what is to come.
type agenda struct {
	heap []event
	made uint64
}

func (a *agenda) empty() bool { return len(a.heap) == 0 }

func (e event) before(other event) bool {
	return e.at < other.at || e.at == other.at && e.order < other.order
}

func (a *agenda) add(e event) {
	a.made++
	e.order = a.made
	h := append(a.heap, e)
	i := len(h) - 1
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(h[parent]) {
			break
		}
		h[i] = h[parent]
		i = parent
	}
	h[i] = e
	a.heap = h
}

// next takes out what comes first.
func (a *agenda) next() event {
	h := a.heap
	first, last := h[0], h[len(h)-1]
	h = h[:len(h)-1]
	a.heap = h
	if len(h) == 0 {
		return first
	}
	i := 0
	for {
		child := 2*i + 1
		if child >= len(h) {
			break
		}
		if child+1 < len(h) && h[child+1].before(h[child]) {
			child++
		}
		if !h[child].before(last) {
			break
		}
		h[i] = h[child]
		i = child
	}
	h[i] = last
	return first
}
