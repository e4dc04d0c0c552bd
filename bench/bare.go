package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/mayfly-auth/mayfly"
	"github.com/mayfly-auth/mayfly/bench/load"
	"github.com/mayfly-auth/mayfly/bench/yardstick"
)

// timed returns how many microseconds one call takes, over as many as fit into the length of a measurement.
func (b *bench) timed(call func() error) (float64, error) {
	begun, calls := time.Now(), 0
	for time.Since(begun) < b.length/3 {
		for range 100 {
			if err := call(); err != nil {
				return 0, err
			}
		}
		calls += 100
	}
	return time.Since(begun).Seconds() * 1e6 / float64(calls), nil
}

// measureSignature is what the standard library needs for ES256, on one core.
func measureSignature(_ context.Context, b *bench) error {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return err
	}
	digest := sha256.Sum256([]byte("what is signed"))
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	if err != nil {
		return err
	}
	var sign, verify []float64
	for range b.rounds {
		one, err := b.timed(func() error { _, err := key.Sign(nil, digest[:], crypto.SHA256); return err })
		if err != nil {
			return err
		}
		other, err := b.timed(func() error { return check(&key.PublicKey, digest[:], signature) })
		if err != nil {
			return err
		}
		sign, verify = append(sign, one), append(verify, other)
	}
	b.say("ES256 signature", b.report.add("signature/sign", "µs", sign...), "µs")
	b.say("ES256 verification", b.report.add("signature/verify", "µs", verify...), "µs")
	return nil
}

func check(key *ecdsa.PublicKey, digest, signature []byte) error {
	if !ecdsa.VerifyASN1(key, digest, signature) {
		return errors.New("a good signature was refused")
	}
	return nil
}

// say prints one figure.
func (b *bench) say(what string, s spread, unit string) {
	b.tell("- %s: %s %s (%s – %s)\n", what, short(s.Median), unit, short(s.Min), short(s.Max))
}

// measureVerify compares the Go verifier with the bare check of the same token by the same key.
func measureVerify(ctx context.Context, b *bench) error {
	p, tokens, err := b.mayflyOn(ctx, "sqlite", 1, 1)
	if err != nil {
		return err
	}
	token, err := accessToken(ctx, p.address, tokens[0])
	if err != nil {
		return err
	}
	bare, err := bareCheck(token)
	if err != nil {
		return err
	}
	config := mayfly.VerifierConfig{Issuer: "http://" + p.address}
	remembering, err := mayfly.NewVerifier(config)
	if err != nil {
		return err
	}
	config.CacheSize = -1
	forgetting, err := mayfly.NewVerifier(config)
	if err != nil {
		return err
	}
	calls := map[string]func() error{
		"bare":  bare,
		"first": func() error { _, err := forgetting.Verify(ctx, token); return err },
		"seen":  func() error { _, err := remembering.Verify(ctx, token); return err },
	}
	figures := map[string][]float64{}
	for range b.rounds {
		for name, call := range calls {
			one, err := b.timed(call)
			if err != nil {
				return err
			}
			figures[name] = append(figures[name], one)
		}
	}
	b.say("bare check", b.report.add("verify/bare", "µs", figures["bare"]...), "µs")
	b.say("first look", b.report.add("verify/first", "µs", figures["first"]...), "µs")
	b.say("seen before", b.report.add("verify/seen", "µs", figures["seen"]...), "µs")
	b.report.compare("verification of a new token, time beside the bare check", atMost(1.1), figures["first"], figures["bare"])
	b.report.within("verification of a token seen before, µs", atMost(1), figures["seen"]...)
	return nil
}

// accessToken buys an access token with a refresh token.
func accessToken(ctx context.Context, address, refresh string) (string, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+"/v1/refresh", nil)
	if err != nil {
		return "", err
	}
	r.AddCookie(&http.Cookie{Name: "mayfly_refresh", Value: refresh})
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return "", err
	}
	answer.Body.Close()
	for _, c := range answer.Cookies() {
		if c.Name == "mayfly_access" {
			return c.Value, nil
		}
	}
	return "", fmt.Errorf("a refresh was answered %s, without an access token", answer.Status)
}

// bareCheck returns the check of a signature over as many bytes as the token has signed, and of nothing else.
func bareCheck(token string) (func() error, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	signed := []byte(token[:strings.LastIndexByte(token, '.')])
	digest := sha256.Sum256(signed)
	signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
	return func() error {
		digest := sha256.Sum256(signed)
		return check(&key.PublicKey, digest[:], signature)
	}, err
}

// measureDatabase is what each database does without any server before it.
func measureDatabase(ctx context.Context, b *bench) error {
	for _, store := range []string{"sqlite", "postgres"} {
		table, err := b.table(ctx, store)
		if err != nil {
			return err
		}
		for _, together := range []int{1, 64} {
			for _, n := range []int{1, 16, 64} {
				if store == "sqlite" && n > 1 {
					continue // it has one writer
				}
				var rates []float64
				for range b.rounds {
					rate, err := b.updates(table, n, together)
					if err != nil {
						return err
					}
					rates = append(rates, rate)
				}
				name := fmt.Sprintf("database/%s/%d/%d", store, together, n)
				b.say(fmt.Sprintf("%s, %d rows a commit, %d at once", store, together, n), b.report.add(name, "rows/s", rates...), "rows/s")
			}
		}
	}
	return nil
}

func (b *bench) table(ctx context.Context, store string) (yardstick.Table, error) {
	url, err := b.database(store, b.folder)
	if err != nil {
		return nil, err
	}
	if path, found := strings.CutPrefix(url, "sqlite:"); found {
		return yardstick.SQLite(ctx, path, people)
	}
	return yardstick.Postgres(ctx, url+"&pool_max_conns=64", people)
}

// updates has n callers update rows of their own as fast as they can, so many in a commit, and returns rows a second.
func (b *bench) updates(table yardstick.Table, n, together int) (float64, error) {
	until := time.Now().Add(b.length)
	counts, errs := make([]int, n), make([]error, n)
	var all sync.WaitGroup
	for caller := range n {
		all.Go(func() {
			keys := make([]int64, together)
			for next := caller; time.Now().Before(until) && errs[caller] == nil; {
				for i := range keys {
					keys[i] = int64(next % people)
					next += n
				}
				errs[caller] = table.Update(keys)
				counts[caller] += together
			}
		})
	}
	all.Wait()
	total := 0
	for _, count := range counts {
		total += count
	}
	return float64(total) / b.length.Seconds(), errors.Join(errs...)
}

// bearers are requests of a protected path, one for each access token.
func bearers(path string, tokens []string) func(int) []load.User {
	return func(n int) []load.User {
		users := make([]load.User, n)
		for i := range users {
			users[i] = &load.Fixed{Requests: [][]byte{load.Get(path, "Authorization: Bearer "+tokens[i%len(tokens)])}, Status: 200}
		}
		return users
	}
}
