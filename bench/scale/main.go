package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout, os.Stderr); err != nil {
		fmt.Fprintln(os.Stderr, "scale:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out, notes io.Writer) error {
	c, h := defaultCosts(), defaultHabits()
	set := flag.NewFlagSet("scale", flag.ContinueOnError)
	set.SetOutput(notes)
	c.flags(set)
	h.flags(set)
	file := set.String("performance", "docs/performance.json", "what `make bench` measured")
	page := set.String("write", "", "put the tables into this page, between its marks")
	simulated := set.Int("simulated", 100_000, "devices in the simulation; 0 leaves it out")
	seed := set.Uint64("seed", 1, "of the simulation")
	sessions := set.Int("fill", 0, "fill an empty database with so many sessions and print what they take")
	database := set.String("database", "", "the one to fill: sqlite:PATH or postgres://…")
	// Twice: flags beat the file, which beats what is written in costs.go.
	if err := set.Parse(args); err != nil {
		return err
	}
	if *sessions > 0 {
		return fill(ctx, out, *database, *sessions)
	}
	machine, missing, err := c.measured(*file)
	if err != nil {
		return err
	}
	if err := set.Parse(args); err != nil {
		return err
	}
	for _, one := range missing {
		fmt.Fprintln(notes, "scale:", one)
	}
	if err := h.check(); err != nil {
		return err
	}
	var text strings.Builder
	if machine != "" {
		fmt.Fprintf(&text, "Measured on: %s.\n\n", machine)
	}
	fmt.Fprintf(&text, "### Figures\n\n")
	printCosts(&text, c)
	printNeeds(&text, h, c)
	if *simulated > 0 {
		if err := printCrowds(ctx, &text, c, h, *simulated, *seed); err != nil {
			return err
		}
	}
	if *page != "" {
		return replace(*page, text.String())
	}
	_, err = io.WriteString(out, text.String())
	return err
}

func (h *habits) flags(set *flag.FlagSet) {
	set.Float64Var(&h.active, "active", h.active, "share of the devices in use at once, at the busiest moment; the worst, 1, is told besides")
	set.DurationVar(&h.life, "life", h.life, "of an access token")
	set.Float64Var(&h.jitter, "jitter", h.jitter, "the largest part of a life that chance takes away")
	set.DurationVar(&h.lead, "lead", h.lead, "a device in use asks when so much is left")
	set.DurationVar(&h.use, "use", h.use, "how long a device is in use, in the mean")
	set.Float64Var(&h.perUser, "devices-per-user", h.perUser, "")
	set.DurationVar(&h.signIns, "sign-in-every", h.signIns, "how often a device signs in anew")
	set.Float64Var(&h.early, "early", h.early, "share of the sessions that are ended early")
	set.Float64Var(&h.perFollower, "devices-per-follower", h.perFollower, "devices in use that one server which follows the feed serves")
	set.Float64Var(&h.busy, "busy", h.busy, "share of its capacity at which a machine is run")
	set.DurationVar(&h.checkpoint, "checkpoint", h.checkpoint, "checkpoint_timeout of PostgreSQL")
}

func (h habits) check() error {
	if h.active <= 0 || h.active > 1 || h.interval() <= 0 || h.use <= 0 || h.perUser <= 0 || h.signIns <= 0 || h.perFollower <= 0 || h.busy <= 0 || h.busy > 1 || h.checkpoint <= 0 {
		return fmt.Errorf("shares are above 0 and at most 1, the rest above 0, and the lead is shorter than a life")
	}
	return nil
}

const (
	pageBegin = "<!-- made by `go run ./bench/scale -write docs/scale.md` -->\n"
	pageEnd   = "<!-- end -->"
)

// replace puts the tables into a page, between its marks.
func replace(path, tables string) error {
	raw, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(raw), pageBegin)
	_, after, ends := strings.Cut(rest, pageEnd)
	if !found || !ends {
		return fmt.Errorf("%s has no place for the tables: %q … %q", path, strings.TrimSpace(pageBegin), pageEnd)
	}
	return os.WriteFile(path, []byte(before+pageBegin+"\n"+tables+pageEnd+after), 0o644)
}
