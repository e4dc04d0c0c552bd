package main

import (
	"context"
	"fmt"
	"slices"
	"strconv"

	"github.com/mayfly-auth/mayfly/bench/load"
)

// crowds are how many ask at once.
var crowds = []int{1, 4, 16, 64, 256}

const (
	people = 10_000 // in the store
	chosen = 1024   // of them, whose sessions are refreshed
)

// measureRefresh runs every server through every crowd, all servers in turn in each round.
func measureRefresh(ctx context.Context, b *bench) error {
	subjects, err := b.refreshSubjects(ctx)
	if err != nil {
		return err
	}
	for _, n := range crowds {
		measured, err := b.inTurn("refresh", subjects, n)
		if err != nil {
			return err
		}
		b.judgeRefresh(n, measured)
	}
	return nil
}

// measurements are the samples of each subject, one a round.
type measurements map[string][]sample

// of returns one figure of each round.
func (m measurements) of(subject string, figure func(sample) float64) []float64 {
	values := make([]float64, len(m[subject]))
	for i, s := range m[subject] {
		values[i] = figure(s)
	}
	return values
}

func rate(s sample) float64         { return s.Rate() }
func p99(s sample) float64          { return s.Latency(.99).Seconds() * 1e6 }
func cpuPerAnswer(s sample) float64 { return s.cpu.Seconds() * 1e6 }
func atPart(part float64) func(sample) float64 {
	return func(s sample) float64 { return s.Latency(part).Seconds() * 1e6 }
}

// inTurn measures all subjects in each round, prints a table, and keeps the figures.
func (b *bench) inTurn(part string, subjects []subject, n int) (measurements, error) {
	all := measurements{}
	for round := range b.rounds {
		for i := range subjects {
			s := subjects[(i+round)%len(subjects)] // none is always the first
			one, err := b.measure(s, n)
			if err != nil {
				return nil, err
			}
			all[s.name] = append(all[s.name], one)
		}
	}
	b.tell("%d at once\n\n| | answers/s | min – max | p50 µs | p99 µs | p99.9 µs | server's cpu µs | memory MB | errors |\n", n)
	b.tell("| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, s := range subjects {
		if err := b.keep(part+"/"+strconv.Itoa(n)+"/"+s.name, s, all); err != nil {
			return nil, err
		}
	}
	b.tell("\n")
	for _, s := range subjects {
		for _, one := range all[s.name] {
			if one.Err != nil {
				b.tell("%s: %v\n\n", s.name, one.Err)
				break
			}
		}
	}
	return all, nil
}

// keep adds the figures of one subject to the report and prints their line.
func (b *bench) keep(name string, s subject, all measurements) error {
	bytes, err := s.memory()
	if err != nil {
		return err
	}
	errors := slices.Max(all.of(s.name, func(s sample) float64 { return float64(s.Errors) }))
	answers := b.report.add(name+"/rate", "answers/s", all.of(s.name, rate)...)
	p50 := b.report.add(name+"/p50", "µs", all.of(s.name, atPart(.5))...)
	p99 := b.report.add(name+"/p99", "µs", all.of(s.name, p99)...)
	p999 := b.report.add(name+"/p99.9", "µs", all.of(s.name, atPart(.999))...)
	cpu := b.report.add(name+"/cpu", "µs", all.of(s.name, cpuPerAnswer)...)
	memory := b.report.add(name+"/memory", "bytes", float64(bytes))
	b.report.add(name+"/errors", "", errors)
	b.tell("| %s | %s | %s – %s | %s | %s | %s | %s | %s | %.0f |\n", s.name, short(answers.Median), short(answers.Min),
		short(answers.Max), short(p50.Median), short(p99.Median), short(p999.Median), short(cpu.Median), short(memory.Median/1e6), errors)
	return nil
}

// refreshSubjects starts the servers: Mayfly and a floor on each store, the yardsticks, the tutorial's design.
func (b *bench) refreshSubjects(ctx context.Context) ([]subject, error) {
	var all []subject
	for _, name := range []string{"hello", "signed"} {
		p, err := b.yardstickOn(name)
		if err != nil {
			return nil, err
		}
		all = append(all, subject{name, p, everybody(load.Get("/"))})
	}
	for _, store := range []string{"sqlite", "postgres"} {
		floor, err := b.floorOn(store)
		if err != nil {
			return nil, err
		}
		program, err := b.mayfly(ctx)
		if err != nil {
			return nil, err
		}
		mayfly, err := b.refreshing(ctx, "mayfly", program, store)
		if err != nil {
			return nil, err
		}
		all = append(all, floor, mayfly)
	}
	tutorials, err := b.tutorials(ctx)
	return append(all, tutorials...), err
}

// refreshing is a Mayfly whose sessions are refreshed.
func (b *bench) refreshing(ctx context.Context, name, program, store string) (subject, error) {
	p, tokens, err := b.mayflyOf(ctx, program, store, people, chosen)
	return subject{name + "-" + store, p, func(n int) []load.User { return chains(tokens, n) }}, err
}

// everybody is a crowd that asks one thing.
func everybody(request []byte) func(int) []load.User {
	return func(n int) []load.User {
		users := make([]load.User, n)
		for i := range users {
			users[i] = &load.Fixed{Requests: [][]byte{request}, Status: 200}
		}
		return users
	}
}

func (b *bench) floorOn(store string) (subject, error) {
	folder := b.folder + "/floor.db"
	if store == "postgres" {
		url, err := b.database(store, "")
		if err != nil {
			return subject{}, err
		}
		folder = url
	}
	p, err := b.yardstickOn("floor-"+store, "-database", folder, "-rows", strconv.Itoa(people))
	return subject{"floor-" + store, p, func(n int) []load.User {
		users := make([]load.User, n)
		for i := range users { // each has rows of its own
			var requests [][]byte
			for key := i; key < chosen; key += n {
				requests = append(requests, load.Get("/?"+strconv.Itoa(key*(people/chosen))))
			}
			users[i] = &load.Fixed{Requests: requests, Status: 200}
		}
		return users
	}}, err
}

// judgeRefresh takes the ratios that are promised.
func (b *bench) judgeRefresh(n int, m measurements) {
	for _, store := range []string{"sqlite", "postgres"} {
		name := fmt.Sprintf("refresh on %s, %d at once, beside ", store, n)
		mayfly := m.of("mayfly-"+store, rate)
		signed, floor, tutorial, tuned := limit{}, limit{}, limit{}, limit{}
		switch n {
		case 64:
			signed, floor, tutorial, tuned = atLeast(0.6), atLeast(0.9), atLeast(18), atLeast(5)
			b.report.compare(name+"hello with a signature: p99", atMost(3), m.of("mayfly-"+store, p99), m.of("signed", p99))
		case 1:
			floor = atLeast(0.8)
		}
		b.report.compare(name+"hello with a signature", signed, mayfly, m.of("signed", rate))
		b.report.compare(name+"the floor", floor, mayfly, m.of("floor-"+store, rate))
		b.report.compare(name+"the tutorial's design", tutorial, mayfly, m.of("tutorial-"+store, rate))
		b.report.compare(name+"the tutorial's design, tuned", tuned, mayfly, m.of("tuned-"+store, rate))
	}
}
