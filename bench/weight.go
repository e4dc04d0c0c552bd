package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"time"

	"github.com/mayfly-auth/mayfly/bench/load"
)

// inFlight is how many people ask at the same time when memory under load is looked at.
const inFlight = 5000

// measureWeight is what Mayfly is before it does anything, and how much it takes when many ask at once.
func measureWeight(ctx context.Context, b *bench) error {
	program, err := b.mayfly(ctx)
	if err != nil {
		return err
	}
	file, err := os.Stat(program)
	if err != nil {
		return err
	}
	megabytes := float64(file.Size()) / 1e6
	b.say("stripped binary", b.report.add("weight/binary", "MB", megabytes), "MB")
	b.report.within("stripped binary, MB", atMost(40), megabytes)
	p, tokens, err := b.mayflyOn(ctx, "sqlite", b.most, inFlight)
	if err != nil {
		return err
	}
	if p, err = b.measureStart(p); err != nil {
		return err
	}
	return b.measureMemory(p, tokens)
}

// measureStart stops the server and starts it again, several times, until its first answer from the database.
func (b *bench) measureStart(p *process) (*process, error) {
	var times []float64
	for range b.rounds {
		p.end()
		cmd := exec.Command(p.cmd.Path, p.cmd.Args[1:]...)
		cmd.Env = p.cmd.Env
		begun := time.Now()
		next, err := b.ready(cmd, p.address, "/readyz")
		if err != nil {
			return nil, err
		}
		times = append(times, time.Since(begun).Seconds()*1e3)
		p = next
	}
	b.say(fmt.Sprintf("start to the first answer, %d sessions", b.most), b.report.add("weight/start", "ms", times...), "ms")
	b.report.within(fmt.Sprintf("start to the first answer with %d sessions, ms", b.most), atMost(100), times...)
	return p, nil
}

func (b *bench) measureMemory(p *process, tokens []string) error {
	time.Sleep(2 * time.Second) // until it is idle
	idle, err := p.memory()
	if err != nil {
		return err
	}
	hello, err := b.yardstickOn("hello")
	if err != nil {
		return err
	}
	least, _, err := b.busy(hello, everybody(load.Get("/"))(inFlight))
	if err != nil {
		return err
	}
	most, answers, err := b.busy(p, chains(tokens, inFlight))
	if err != nil {
		return err
	}
	b.say("memory, idle", b.report.add("weight/idle", "MB", float64(idle)/1e6), "MB")
	b.say(fmt.Sprintf("memory, %d at once", inFlight), b.report.add("weight/busy", "MB", most), "MB")
	b.say(fmt.Sprintf("memory of hello, %d at once", inFlight), b.report.add("weight/busy-hello", "MB", least), "MB")
	b.say("answers meanwhile", b.report.add("weight/busy-rate", "answers/s", answers), "answers/s")
	b.report.within("memory idle, MB", atMost(40), float64(idle)/1e6)
	b.report.within(fmt.Sprintf("memory with %d requests in flight, MB", inFlight), atMost(120), most)
	return nil
}

// busy returns the most memory that a server takes while a crowd asks, and how many answers it gives in a second.
func (b *bench) busy(p *process, users []load.User) (megabytes, answers float64, err error) {
	stop, ended := make(chan struct{}), make(chan struct{})
	most := 0
	go func() {
		defer close(ended)
		for {
			now, _ := p.memory() // it was read before
			most = max(most, now)
			select {
			case <-stop:
				return
			case <-time.After(20 * time.Millisecond):
			}
		}
	}()
	result, err := load.Run(p.address, users, 0, 2*b.length)
	close(stop)
	<-ended
	return float64(most) / 1e6, result.Rate(), err
}
