package crowd_test

import (
	"context"
	"math"
	"reflect"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/bench/scale/crowd"
)

// always is devices that are in use all the time and ask when their tokens expire.
func always(devices int) crowd.Scenario {
	return crowd.Scenario{
		Devices: devices, Seed: 1, Warm: 20 * time.Minute, For: 30 * time.Minute,
		Life: 10 * time.Minute, Jitter: 0.1, Active: 1,
	}
}

func run(t *testing.T, s crowd.Scenario) crowd.Result {
	t.Helper()
	r, err := crowd.Run(t.Context(), s)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func near(t *testing.T, what string, got, want, tolerance float64) {
	t.Helper()
	if math.Abs(got-want) > tolerance*want {
		t.Errorf("%s: %.4g, want %.4g within %.1f %%", what, got, want, 100*tolerance)
	}
}

func TestDevicesInUseAskOnceInAMeanLife(t *testing.T) {
	s := always(8_000)
	near(t, "refreshes a second", run(t, s).Mean(), 8_000/(600*(1-0.1/2)), 0.015)
	s.Lead = time.Minute
	near(t, "with a lead", run(t, s).Mean(), 8_000/(600*(1-0.1/2)-60), 0.015)
	s.Jitter = 0
	near(t, "without chance", run(t, s).Mean(), 8_000/540.0, 0.015)
}

// A device that comes and goes asks when a life is over and it is in use: at once if it is by then, and else when it is
// used again, which for exponential lengths is as long as if it had just been laid down.
func TestDevicesThatComeAndGoAskWhenTheyAreUsed(t *testing.T) {
	for _, share := range []float64{0.1, 0.5} {
		s := always(8_000)
		s.Active, s.On = share, 5*time.Minute
		on := s.On.Seconds()
		off := on * (1 - share) / share
		k := 1/on + 1/off
		decay := func(x float64) float64 { return math.Exp(-k*x) / -k }
		meanDecay := (decay(600) - decay(540)) / 60 // of e^(-k·life), over all lives
		interval := 570 + (1-share)*(1-meanDecay)*off
		near(t, "refreshes a second", run(t, s).Mean(), 8_000/interval, 0.03)
	}
}

// Askers who do not know of each other come as a Poisson process, and one server that takes equally long for each makes
// them wait ρ/2μ(1-ρ) for their turn (Pollaczek and Khinchine).
func TestTheQueueIsAsLongAsTheoryHasIt(t *testing.T) {
	for _, busy := range []float64{0.5, 0.8} {
		s := always(8_000)
		s.Service = 8_000 / s.Interval() / busy
		r := run(t, s)
		near(t, "mean wait", r.Waits.Mean(), 1/s.Service+busy/(2*s.Service*(1-busy)), 0.08)
		if r.Failed != 0 || r.Queue < 2 {
			t.Errorf("%d failed, the longest queue was %d", r.Failed, r.Queue)
		}
	}
}

// A minute of lead is more than any queue takes here, so no device in use is ever without a token that is good.
func TestEveryDeviceIsCoveredAtEveryMoment(t *testing.T) {
	s := always(8_000)
	s.Lead, s.Service = time.Minute, 24
	r := run(t, s)
	if r.Bare != 0 || r.Failed != 0 || r.Answered == 0 {
		t.Errorf("bare for %v device-seconds, %d failed, %d answered", r.Bare, r.Failed, r.Answered)
	}
	for id, has := range r.At {
		if has != crowd.Token {
			t.Fatalf("device %d has %v", id, has)
		}
	}
	s.Service = 8_000 / s.Interval() / 1.2 // too little
	if r := run(t, s); r.Bare == 0 {
		t.Error("a server that is too slow leaves nobody bare: nothing is measured")
	}
}

func TestAnOutageIsCountedAndGotOver(t *testing.T) {
	s := always(8_000)
	s.Lead, s.Service = time.Minute, 32
	s.Outage = crowd.Span{From: 5 * time.Minute, For: time.Minute}
	r := run(t, s)
	// Everybody who became due within the minute failed once at least.
	if due := int(60 * 8_000 / s.Interval()); r.Failed < due*9/10 {
		t.Errorf("%d failed, about %d became due", r.Failed, due)
	}
	for id, has := range r.At {
		if has != crowd.Token {
			t.Fatalf("device %d has %v 24 minutes after the outage", id, has)
		}
	}
	if r.BareFor > 60 {
		t.Errorf("a device was bare for %.0f s after an outage of 60 s, a minute of which the lead covers", r.BareFor)
	}
	asked := 0
	for _, n := range r.Asked {
		asked += n
	}
	if under := asked - r.Answered - r.Failed; under < 0 || under > 32*20 {
		t.Errorf("asked %d, answered %d, failed %d", asked, r.Answered, r.Failed)
	}
}

// A crowd that signs in within ten seconds spreads by itself, wave after wave (docs promise: three times the mean at most in
// the third).
func TestACrowdSpreads(t *testing.T) {
	s := always(8_000)
	s.Warm, s.SignIn = 0, 10*time.Second
	r := run(t, s)
	second := peakBetween(r, 1080, 1210)
	third := peakBetween(r, 1610, 1800)
	if r.SignIns != 8_000 || second >= 8_000/10/2 || third >= second {
		t.Errorf("%d signed in; peaks %d in the second wave, %d in the third", r.SignIns, second, third)
	}
	// The second wave is the sum of two equal shares of chance, which is densest in its middle: N/60 s.
	near(t, "the second wave's peak", float64(second), 8_000/60.0, 0.3)
}

func peakBetween(r crowd.Result, from, until int) (most int) {
	for _, n := range r.Asked[from:until] {
		most = max(most, n)
	}
	return most
}

func TestAWaveEndsSessionsAndPeopleComeBack(t *testing.T) {
	s := always(8_000)
	s.Lead = time.Minute
	s.Wave, s.WaveShare, s.Back = crowd.Span{From: 5 * time.Minute, For: time.Minute}, 0.2, time.Minute
	r := run(t, s)
	most, second := r.Marks(11 * time.Minute)
	near(t, "sessions ended", float64(most), 1600, 0.05)
	near(t, "at most in a second", float64(second), 1600/60.0, 0.6)
	if few, _ := r.Marks(10 * time.Second); few >= most/3 {
		t.Errorf("a memory of 10 s holds %d of %d", few, most)
	}
	out := 0
	for _, has := range r.At {
		if has == crowd.SignedOut {
			out++
		}
	}
	if r.SignIns+out != most {
		t.Errorf("%d sessions ended, %d signed in again, %d are out", most, r.SignIns, out)
	}
}

func TestASeedGivesTheSameNumbers(t *testing.T) {
	s := always(2_000)
	s.Active, s.On, s.Service, s.Lead = 0.5, 5*time.Minute, 3, time.Minute
	s.Outage = crowd.Span{From: 5 * time.Minute, For: time.Minute}
	first, again := run(t, s), run(t, s)
	if !reflect.DeepEqual(first, again) {
		t.Error("one seed, two results")
	}
	s.Seed++
	if reflect.DeepEqual(first, run(t, s)) {
		t.Error("two seeds, one result")
	}
}

func TestAScenarioThatMakesNoSenseIsRefused(t *testing.T) {
	for name, spoil := range map[string]func(*crowd.Scenario){
		"nobody":                  func(s *crowd.Scenario) { s.Devices = 0 },
		"a lead as long as life":  func(s *crowd.Scenario) { s.Lead = 9 * time.Minute },
		"nobody in use":           func(s *crowd.Scenario) { s.Active = 0 },
		"in use for no time":      func(s *crowd.Scenario) { s.Active = 0.5 },
		"a wave nobody gets over": func(s *crowd.Scenario) { s.WaveShare = 0.5 },
	} {
		s := always(10)
		spoil(&s)
		if _, err := crowd.Run(t.Context(), s); err == nil {
			t.Errorf("%s is simulated", name)
		}
	}
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := crowd.Run(ended, always(10)); err == nil {
		t.Error("a simulation goes on after its context")
	}
}
