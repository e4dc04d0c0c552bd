package main

import (
	"context"
	"fmt"
)

// measureWith compares this source's Mayfly with another binary of it, such as one that was built before a change.
func measureWith(ctx context.Context, b *bench) error {
	program, err := b.mayfly(ctx)
	if err != nil {
		return err
	}
	for _, store := range []string{"sqlite", "postgres"} {
		var subjects []subject
		for _, one := range []struct{ name, binary string }{{"this", program}, {"other", b.with}} {
			s, err := b.refreshing(ctx, one.name, one.binary, store)
			if err != nil {
				return err
			}
			subjects = append(subjects, s)
		}
		for _, n := range crowds {
			m, err := b.inTurn("with", subjects, n)
			if err != nil {
				return err
			}
			this, other := "this-"+store, "other-"+store
			about := fmt.Sprintf("%s, %d at once: ", store, n)
			b.report.compare(about+"refreshes", limit{}, m.of(this, rate), m.of(other, rate))
			b.report.compare(about+"server's cpu for each", limit{}, m.of(this, cpuPerAnswer), m.of(other, cpuPerAnswer))
			b.report.compare(about+"p99", limit{}, m.of(this, p99), m.of(other, p99))
		}
	}
	return nil
}
