package main

import (
	"context"
	"fmt"
	"runtime"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/mayfly-auth/mayfly/bench/load"
	"github.com/mayfly-auth/mayfly/bench/seed"
)

const (
	signingIn  = 32 // at once
	refreshing = 16 // beside them
)

// measureLogin compares sign-ins with the hashes that they need, and refreshes during a storm of sign-ins with refreshes
// in peace.
func measureLogin(ctx context.Context, b *bench) error {
	p, tokens, err := b.mayflyOn(ctx, "sqlite", people, chosen)
	if err != nil {
		return err
	}
	logins := subject{"mayfly-login", p, signIns}
	refreshes := subject{"mayfly-refresh", p, func(n int) []load.User { return chains(tokens, n) }}
	b.length *= 2 // a hash takes long
	defer func() { b.length /= 2 }()
	var hashes, signedIn, peace, storm, during []float64
	for range b.rounds {
		hashes = append(hashes, b.hashes())
		alone, err := b.measure(logins, signingIn)
		if err != nil {
			return err
		}
		quiet, err := b.measure(refreshes, refreshing)
		if err != nil {
			return err
		}
		loud, stormed, err := b.both(refreshes, logins)
		if err != nil {
			return err
		}
		signedIn, during = append(signedIn, rate(alone)), append(during, rate(stormed))
		peace, storm = append(peace, p99(quiet)), append(storm, p99(loud))
	}
	b.say("argon2id, all processors", b.report.add("login/hashes", "hashes/s", hashes...), "hashes/s")
	b.say("sign-ins", b.report.add("login/rate", "answers/s", signedIn...), "answers/s")
	b.say("sign-ins during refreshes", b.report.add("login/rate-beside-refreshes", "answers/s", during...), "answers/s")
	b.say("refresh p99 in peace", b.report.add("login/refresh-p99-peace", "µs", peace...), "µs")
	b.say("refresh p99 in a storm of sign-ins", b.report.add("login/refresh-p99-storm", "µs", storm...), "µs")
	b.report.compare("sign-ins beside the raw hash rate", atLeast(0.95), signedIn, hashes)
	b.report.compare("p99 of refreshes in a storm of sign-ins beside peace", atMost(2), storm, peace)
	return nil
}

// both measures refreshes while people sign in.
func (b *bench) both(refreshes, logins subject) (loud, stormed sample, err error) {
	var aside sync.WaitGroup
	var failed error
	aside.Go(func() { stormed, failed = b.measure(logins, signingIn) })
	loud, err = b.measure(refreshes, refreshing)
	aside.Wait()
	if err == nil {
		err = failed
	}
	return loud, stormed, err
}

// hashes returns how many passwords the machine hashes in a second with the parameters of Mayfly's.
func (b *bench) hashes() float64 {
	until := time.Now().Add(b.length)
	counts := make([]int, runtime.NumCPU())
	var all sync.WaitGroup
	for i := range counts {
		all.Go(func() {
			for salt := make([]byte, 16); time.Now().Before(until); counts[i]++ {
				argon2.IDKey([]byte(seed.Password), salt, 2, 19_456, 1, 32)
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range counts {
		total += n
	}
	return float64(total) / b.length.Seconds()
}

// signIns are people who sign in again and again, each from an address of their own.
func signIns(n int) []load.User {
	users := make([]load.User, n)
	for i := range users {
		body := fmt.Sprintf(`{"identifier":%q,"password":%q}`, seed.Email(i), seed.Password)
		from := fmt.Sprintf("X-Forwarded-For: 192.0.2.%d", i)
		users[i] = &load.Fixed{Requests: [][]byte{load.Post("/v1/login", body, from)}, Status: 200}
	}
	return users
}
