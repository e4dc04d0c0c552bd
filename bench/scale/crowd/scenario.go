package crowd

import (
	"errors"
	"time"
)

// Scenario is what is simulated.
type Scenario struct {
	Devices int
	Seed    uint64
	Warm    time.Duration // runs before anything is counted
	For     time.Duration // is counted

	Life   time.Duration // of an access token, at most
	Jitter float64       // the largest part of the life that chance takes away
	Lead   time.Duration // a device asks when so much is left

	// Active is the share of the devices in use at any moment; 1 is all of them, always. A use lasts On, in the mean.
	Active float64
	On     time.Duration

	// Service is how many refreshes a second are answered at most; 0: each at once.
	Service float64

	// SignIn is the time within which all devices sign in at the beginning; 0: they have been signed in for long.
	SignIn time.Duration
	// Outage begins so long after the warm-up and lasts so long: nobody answers, and what waits is lost.
	Outage Span
	// Wave ends the sessions of a share of the devices within the span. Their people sign in again, Back later in the mean.
	Wave      Span
	WaveShare float64
	Back      time.Duration
}

// Span is a stretch of the counted time.
type Span struct{ From, For time.Duration }

func (s Span) bounds(warm time.Duration) (from, until float64) {
	return (warm + s.From).Seconds(), (warm + s.From + s.For).Seconds()
}

var errScenario = errors.New("crowd: devices, a life above the lead, an active share of (0, 1] and what goes with it are needed")

func (s Scenario) check() error {
	shortest := s.Life.Seconds()*(1-s.Jitter) - s.Lead.Seconds()
	switch {
	case s.Devices <= 0, s.For <= 0, s.Jitter < 0, s.Jitter >= 1, shortest <= 0, s.Lead < 0:
	case s.Active <= 0, s.Active > 1, s.Active < 1 && s.On <= 0:
	case s.WaveShare < 0, s.WaveShare > 1, s.WaveShare > 0 && s.Back <= 0, s.Service < 0:
	default:
		return nil
	}
	return errScenario
}

// Interval is the mean number of seconds between two refreshes of a device that is always in use.
func (s Scenario) Interval() float64 { return s.Life.Seconds()*(1-s.Jitter/2) - s.Lead.Seconds() }

// Result is what was counted.
type Result struct {
	Asked    []int // refreshes asked for in each second, the ones that failed too
	Answered int   // refreshes
	Failed   int   // asked for in vain
	SignIns  int
	Ended    []int // sessions ended by the wave in each second

	Queue   int       // the longest
	Waits   Waits     // of those who were answered
	Drained float64   // seconds from the end of the outage until nobody waited for longer than a second
	Bare    float64   // device-seconds in which a device in use had no token that is good
	BareFor float64   // the longest such time of one device, in seconds
	At      []Holding // of each device at the end
}

// Holding is what a device has.
type Holding uint8

// A device has at any moment one of these.
const (
	Token     Holding = iota // a token, or it is not in use
	Waiting                  // in use without a token, and has asked
	SignedOut                // its session was ended
)

// Mean is the mean number of refreshes asked for in a second.
func (r Result) Mean() float64 {
	sum := 0
	for _, n := range r.Asked {
		sum += n
	}
	return float64(sum) / float64(len(r.Asked))
}

// Peak is the most that was asked for within a second.
func (r Result) Peak() int { return peak(r.Asked) }

func peak(seconds []int) (most int) {
	for _, n := range seconds {
		most = max(most, n)
	}
	return most
}

// Marks is how many revocations a feed remembers at most, and the most that it names within a second.
func (r Result) Marks(remembered time.Duration) (most, second int) {
	window, sum := int(remembered/time.Second), 0
	for i, n := range r.Ended {
		sum += n
		if i >= window {
			sum -= r.Ended[i-window]
		}
		most = max(most, sum)
	}
	return most, peak(r.Ended)
}
