package main

import (
	"context"
	"fmt"

	"github.com/mayfly-auth/mayfly/bench/load"
)

// crowd is how many ask at once where the crowd is not what is varied.
const crowd = 64

// old is how many refreshes a session has behind it when it counts as old.
const old = 10_000

// measureAge compares sessions that were refreshed ten thousand times with new ones, in turn on one server.
func measureAge(ctx context.Context, b *bench) error {
	for _, store := range []string{"sqlite", "postgres"} {
		p, tokens, err := b.mayflyOn(ctx, store, people, 2*crowd)
		if err != nil {
			return err
		}
		aged, fresh := tokens[:crowd], tokens[crowd:]
		for least := uint32(0); least < old; {
			if _, err := load.Run(p.address, chains(aged, crowd), 0, b.length); err != nil {
				return err
			}
			if least, err = youngest(aged); err != nil {
				return err
			}
		}
		m, err := b.inTurn("age", []subject{
			{"old-" + store, p, func(n int) []load.User { return chains(aged, n) }},
			{"new-" + store, p, func(n int) []load.User { return chains(fresh, n) }},
		}, crowd/4) // each has four sessions, so that between two refreshes of one more than the refresh window passes
		if err != nil {
			return err
		}
		b.report.compare(fmt.Sprintf("refresh of a session after %d refreshes on %s, beside a new one", old, store), atLeast(0.9),
			m.of("old-"+store, rate), m.of("new-"+store, rate))
		b.close()
	}
	return nil
}

// youngest returns the lowest generation among refresh tokens.
func youngest(tokens []string) (least uint32, err error) {
	for i, token := range tokens {
		g, err := generation(token)
		if err != nil {
			return 0, err
		}
		if i == 0 || g < least {
			least = g
		}
	}
	return least, nil
}

// measureCurve refreshes sessions that lie all over a store of a thousand sessions, and of ten times more, up to the
// most. Each measurement stands beside a yardstick that knows nothing of the store.
func measureCurve(ctx context.Context, b *bench) error {
	for _, store := range []string{"sqlite", "postgres"} {
		var first []float64
		for n := 1000; n <= b.most; n *= 10 {
			signed, err := b.yardstickOn("signed")
			if err != nil {
				return err
			}
			p, tokens, err := b.mayflyOn(ctx, store, n, min(n, 20*chosen))
			if err != nil {
				return err
			}
			name := fmt.Sprintf("%s-%d", store, n)
			m, err := b.inTurn("curve", []subject{
				{"signed", signed, everybody(load.Get("/"))},
				{name, p, func(n int) []load.User { return chains(tokens, n) }},
			}, crowd)
			if err != nil {
				return err
			}
			b.close()
			mayfly, yardstick := m.of(name, rate), m.of("signed", rate)
			b.report.compare(fmt.Sprintf("refresh on %s with %d sessions, beside hello with a signature", store, n), limit{}, mayfly, yardstick)
			flat := make([]float64, len(mayfly))
			for i := range flat {
				flat[i] = mayfly[i] / yardstick[i]
			}
			if first == nil {
				first = flat
				continue
			}
			b.report.compare(fmt.Sprintf("the same with %d sessions, beside 1000", n), atLeast(0.9), flat, first)
		}
	}
	return nil
}
