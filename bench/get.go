package main

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"

	"github.com/mayfly-auth/mayfly/bench/load"
)

// readers are how many access tokens are in use; a verifier has seen each before.
const readers = 64

// measureGet compares a protected answer with the same one unprotected, in Go and in Express, and with the tutorial's.
func measureGet(ctx context.Context, b *bench) error {
	subjects, err := b.getSubjects(ctx)
	if err != nil {
		return err
	}
	m, err := b.inTurn("get", subjects, readers)
	if err != nil {
		return err
	}
	of := func(name string) []float64 { return m.of(name, rate) }
	b.report.compare("protected GET through the Go middleware, beside hello", atLeast(0.9), of("middleware"), of("hello"))
	b.report.compare("protected GET through the Go middleware, beside hello that is sent the token too", limit{}, of("middleware"), of("hello-token"))
	b.report.compare("protected GET through the Express middleware, beside Express unprotected", limit{}, of("express-mayfly"), of("express-hello"))
	b.report.compare("protected GET through the Express middleware, beside the tutorial's (token and user)", atLeast(5), of("express-mayfly"), of("tutorial-me"))
	b.report.compare("protected GET through the Express middleware, beside the tutorial's (token alone)", limit{}, of("express-mayfly"), of("tutorial-posts"))
	return nil
}

func (b *bench) getSubjects(ctx context.Context) ([]subject, error) {
	p, refresh, err := b.mayflyOn(ctx, "sqlite", people, readers)
	if err != nil {
		return nil, err
	}
	tokens := make([]string, len(refresh))
	for i := range tokens {
		if tokens[i], err = accessToken(ctx, p.address, refresh[i]); err != nil {
			return nil, err
		}
	}
	issuer := "http://" + p.address
	hello, err := b.yardstickOn("hello")
	if err != nil {
		return nil, err
	}
	middleware, err := b.yardstickOn("middleware", "-issuer", issuer)
	if err != nil {
		return nil, err
	}
	express, err := b.expressOn(ctx, issuer)
	if err != nil {
		return nil, err
	}
	tutorial, err := b.tutorialOn("postgres", false)
	if err != nil {
		return nil, err
	}
	signedIn, err := signUp(ctx, tutorial.address, "accessToken", readers)
	if err != nil {
		return nil, err
	}
	return []subject{
		{"hello", hello, everybody(load.Get("/"))},
		{"hello-token", hello, bearers("/", tokens)}, // what net/http itself takes for reading one
		{"middleware", middleware, bearers("/", tokens)},
		{"mayfly-me", p, bearers("/v1/me", tokens)},
		{"mayfly-verify", p, verifying(tokens)},
		{"express-hello", express, everybody(load.Get("/hello"))},
		{"express-mayfly", express, bearers("/posts", tokens)},
		{"tutorial-posts", tutorial, bearers(tutorialPath+"/posts", signedIn)},
		{"tutorial-me", tutorial, bearers(tutorialPath+"/me", signedIn)},
	}, nil
}

// verifying is what a reverse proxy asks before it lets a request through.
func verifying(tokens []string) func(int) []load.User {
	return func(n int) []load.User {
		users := bearers("/v1/verify", tokens)(n)
		for _, u := range users {
			u.(*load.Fixed).Status = http.StatusNoContent
		}
		return users
	}
}

// expressOn is an Express app that is protected by the SDK.
func (b *bench) expressOn(ctx context.Context, issuer string) (*process, error) {
	if _, err := os.Stat("sdk/js/dist/express.js"); err != nil {
		cmd := exec.CommandContext(ctx, "npm", "run", "build")
		cmd.Dir = "sdk/js"
		if out, err := cmd.CombinedOutput(); err != nil {
			return nil, fmt.Errorf("npm run build in sdk/js (make deps comes before): %w\n%s", err, out)
		}
	}
	cmd := exec.Command("node", "middleware.js")
	cmd.Dir = "bench/tutorial"
	cmd.Env = append(os.Environ(), "PORT=0", "ISSUER="+issuer, "NODE_ENV=production")
	return b.announced(cmd)
}
