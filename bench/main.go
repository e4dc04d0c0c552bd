// Command bench measures Mayfly beside yardsticks of the same machine, in the same run, and says what the ratios are.
//
//	go run ./bench                    everything, about a quarter of an hour; `make bench` is the same
//	go run ./bench -only refresh,get  some parts; -list names them
//	go run ./bench -with FILE         this source's mayfly beside another binary of it, and nothing else: what a change brought
//	go run ./bench -out docs          where performance.json, the plots and the tables of performance.md go (default: nowhere)
//
// A figure by itself says how fast a machine is. So every part runs what it measures in turn with its yardsticks, round
// after round, takes the ratio within each round, and reports the median of the rounds with the smallest and the largest.
// The servers are real processes of their own: `mayfly serve` built as for a release, yardsticks of package yardstick,
// and in folder tutorial the design that tutorials teach.
//
// It owns no judgement: a target that is missed is printed as missed and ends nothing. What the figures mean is in
// docs/performance.md.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"
	"time"
)

// part is one thing that is measured. Parts share nothing but the report.
type part struct {
	name, says string
	run        func(context.Context, *bench) error
}

var parts = []part{
	{"signature", "what one signature and one verification cost in this process", measureSignature},
	{"verify", "a first look at an access token and a second one, in Go", measureVerify},
	{"database", "what the databases can do by themselves", measureDatabase},
	{"refresh", "refreshes at 1 to 256 at once, beside every yardstick", measureRefresh},
	{"get", "a protected GET, through the Go middleware and the Express one", measureGet},
	{"login", "sign-ins, and refreshes while everybody signs in", measureLogin},
	{"weight", "size of the binary, time to the first answer, memory", measureWeight},
	{"age", "the ten-thousandth refresh of a session beside the first", measureAge},
	{"curve", "refreshes with a thousand sessions in the store, and with millions", measureCurve},
}

// bench is one run.
type bench struct {
	rounds  int
	length  time.Duration // of one measurement
	most    int           // sessions of the curve
	folder  string        // for binaries and data; it goes when the run ends
	out     string
	with    string // another mayfly
	report  report
	built   map[string]string // programs by name
	closing []func()
}

func main() {
	if len(os.Args) > 1 && os.Args[1] == "serve" {
		exit(serve(os.Args[2:]))
	}
	b := &bench{built: map[string]string{}}
	flag.IntVar(&b.rounds, "rounds", 5, "how often each thing is measured")
	flag.DurationVar(&b.length, "for", 1500*time.Millisecond, "how long one measurement takes")
	flag.IntVar(&b.most, "sessions", 1_000_000, "the last step of the curve; 10,000,000 need 20 GB of disk")
	flag.StringVar(&b.out, "out", "", "folder for performance.json, the plots, and the tables of performance.md; what is there of other parts stays")
	only := flag.String("only", "", "parts to run, with commas between them (default all)")
	list := flag.Bool("list", false, "name the parts")
	flag.StringVar(&b.with, "with", "", "measure nothing but refreshes, beside those of this mayfly")
	again := flag.String("redraw", "", "measure nothing: make the plots and tables of a folder anew from its performance.json")
	flag.Parse()
	if *again != "" {
		exit(redraw(*again))
	}
	if b.with != "" && (*only != "" || b.out != "") {
		exit(errors.New("-with measures refreshes and nothing else, and keeps nothing; fix: leave out -only and -out"))
	}
	if *list {
		for _, p := range parts {
			fmt.Printf("%-10s %s\n", p.name, p.says)
		}
		return
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	exit(b.run(ctx, *only))
}

func exit(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
	os.Exit(0)
}

// run runs the parts that are asked for. A part that fails ends the run: half a table is no table.
func (b *bench) run(ctx context.Context, only string) (err error) {
	chosen, err := choose(only)
	if b.with != "" {
		chosen, err = []part{{"with", "refreshes, beside those of " + b.with, measureWith}}, nil
	}
	if err != nil {
		return err
	}
	if b.folder, err = os.MkdirTemp("", "mayfly-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.folder)
	defer b.close()
	b.report.Machine = thisMachine()
	fmt.Println(b.report.Machine)
	for _, p := range chosen {
		b.report.begin(p)
		fmt.Print("\n" + b.report.chapter().heading())
		err := p.run(ctx, b)
		b.close()
		if err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
	}
	fmt.Print("\n" + b.report.ratios())
	if b.out == "" {
		return nil
	}
	return b.report.write(b.out)
}

// tell prints, and keeps what it printed.
func (b *bench) tell(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	fmt.Print(text)
	b.report.chapter().Told += text
}

func choose(only string) ([]part, error) {
	if only == "" {
		return parts, nil
	}
	var chosen []part
	for _, name := range strings.Split(only, ",") {
		i := slices.IndexFunc(parts, func(p part) bool { return p.name == name })
		if i < 0 {
			return nil, fmt.Errorf("there is no part %q; -list names them", name)
		}
		chosen = append(chosen, parts[i])
	}
	return chosen, nil
}

// close ends what the part has started, the last first.
func (b *bench) close() {
	for _, end := range slices.Backward(b.closing) {
		end()
	}
	b.closing = nil
}

// later has something ended when the part is over.
func (b *bench) later(end func()) { b.closing = append(b.closing, end) }
