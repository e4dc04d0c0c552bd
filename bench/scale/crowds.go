package main

import (
	"context"
	"fmt"
	"io"
	"time"

	"github.com/mayfly-auth/mayfly/bench/scale/crowd"
)

// printCrowds simulates so many devices. What they ask for grows with their number; how long they wait for their turn does
// not, so nothing is scaled.
func printCrowds(ctx context.Context, w io.Writer, c *costs, h habits, devices int, seed uint64) error {
	s := crowd.Scenario{
		Devices: devices, Seed: seed, Warm: 2 * h.life, For: 3 * h.life,
		Life: h.life, Jitter: h.jitter, Lead: h.lead, Active: 1,
	}
	for _, part := range []func(context.Context, io.Writer, crowd.Scenario) error{
		h.printShares, printQueue, printSignIn, printOutage, c.printWave(h.life + time.Minute),
	} {
		if err := part(ctx, w, s); err != nil {
			return err
		}
	}
	return nil
}

func (h habits) printShares(ctx context.Context, w io.Writer, s crowd.Scenario) error {
	fmt.Fprintf(w, "### A quiet hour, simulated\n\n%s devices; each use of one lasts %s in the mean.\n\n", exact(float64(s.Devices)), span(h.use))
	rows := [][]string{}
	for _, share := range []float64{h.active / 10, h.active, 0.5, 1} {
		s.Active, s.On = share, h.use
		r, err := crowd.Run(ctx, s)
		if err != nil {
			return err
		}
		rows = append(rows, []string{percent(share), number(r.Mean()), number(h.refreshes(float64(s.Devices), share)), number(float64(r.Peak()))})
	}
	table(w, []string{"in use", "refreshes/s", "by the formula", "busiest second"}, rows)
	return nil
}

func printQueue(ctx context.Context, w io.Writer, s crowd.Scenario) error {
	fmt.Fprintf(w, "### A server that is nearly busy, simulated\n\n%s devices, all in use. Times are those of waiting for the turn.\n\n", exact(float64(s.Devices)))
	rows := [][]string{}
	for _, busy := range []float64{0.5, 0.8, 0.95, 1.1} {
		s.Service = float64(s.Devices) / s.Interval() / busy
		r, err := crowd.Run(ctx, s)
		if err != nil {
			return err
		}
		asked := r.Answered + r.Failed
		rows = append(rows, []string{
			percent(busy), number(r.Mean()), number(float64(r.Queue)), duration(r.Waits.Quantile(0.5)), duration(r.Waits.Quantile(0.99)),
			percent(float64(r.Failed) / float64(asked)), percent(r.Bare / (float64(s.Devices) * s.For.Seconds())),
		})
	}
	table(w, []string{"busy", "asked/s", "longest queue", "median wait", "99th of 100", "asked in vain", "device-time without a good token"}, rows)
	return nil
}

func printSignIn(ctx context.Context, w io.Writer, s crowd.Scenario) error {
	s.Warm, s.For, s.SignIn = 0, 6*s.Life, 10*time.Second
	r, err := crowd.Run(ctx, s)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "### A crowd that signs in together, simulated\n\n%s devices sign in within ten seconds and stay in use. What comes back together is spread by the part of each life that\nchance takes away.\n\n", exact(float64(s.Devices)))
	rows := [][]string{}
	mean := float64(s.Devices) / s.Interval()
	for wave := 1; wave <= 6; wave++ {
		middle := s.Interval() * float64(wave)
		from, until := max(0, int(middle-s.Interval()/2)), min(len(r.Asked), int(middle+s.Interval()/2))
		most := 0
		for _, n := range r.Asked[from:until] {
			most = max(most, n)
		}
		rows = append(rows, []string{fmt.Sprint(wave), number(float64(most)), number(float64(most) / mean)})
	}
	table(w, []string{"wave", "busiest second", "× the mean of a quiet hour"}, rows)
	return nil
}

func printOutage(ctx context.Context, w io.Writer, s crowd.Scenario) error {
	fmt.Fprintf(w, "### All nodes away for a minute, simulated\n\n%s devices, all in use, and a service that can do so many times what a quiet hour asks for.\n\n", exact(float64(s.Devices)))
	s.Outage = crowd.Span{From: s.Life, For: time.Minute}
	rows := [][]string{}
	for _, headroom := range []float64{1.1, 1.5, 2, 3} {
		s.Service = headroom * float64(s.Devices) / s.Interval()
		r, err := crowd.Run(ctx, s)
		if err != nil {
			return err
		}
		rows = append(rows, []string{
			number(headroom), number(float64(r.Peak())), number(float64(r.Queue)), duration(r.Waits.Most), duration(r.Drained),
			duration(r.Bare / float64(s.Devices)), duration(r.BareFor),
		})
	}
	table(w, []string{"headroom", "busiest second", "longest queue", "longest wait", "last wait of over a second, after", "time without a good token, mean of all", "longest"}, rows)
	return nil
}

func (c *costs) printWave(remembered time.Duration) func(context.Context, io.Writer, crowd.Scenario) error {
	return func(ctx context.Context, w io.Writer, s crowd.Scenario) error {
		fmt.Fprintf(w, "### Many sessions ended at once, simulated\n\n%s devices, all in use. The sessions of a share of them are ended within a minute; their people sign in again, two minutes later\nin the mean.\n\n", exact(float64(s.Devices)))
		s.Back, s.Wave = 2*time.Minute, crowd.Span{From: s.Life / 2, For: time.Minute}
		rows := [][]string{}
		for _, share := range []float64{0.01, 0.1, 1} {
			s.WaveShare = share
			r, err := crowd.Run(ctx, s)
			if err != nil {
				return err
			}
			most, second := r.Marks(remembered)
			rows = append(rows, []string{
				percent(share), number(float64(second)), size(float64(second)*c.mark.value) + "/s", number(float64(most)),
				size(float64(most) * c.mark.value), number(float64(r.Peak())), number(float64(r.SignIns)),
			})
		}
		table(w, []string{"ended", "revocations in the busiest second", "to each follower", "remembered", "to one that comes anew", "refreshes in the busiest second", "sign-ins"}, rows)
		return nil
	}
}

func duration(seconds float64) string {
	switch {
	case seconds >= 1:
		return number(seconds) + " s"
	case seconds >= 1e-3:
		return number(seconds*1e3) + " ms"
	case seconds == 0:
		return "0"
	}
	return number(seconds*1e6) + " µs"
}
