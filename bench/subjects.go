package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/mayfly-auth/mayfly/bench/load"
	"github.com/mayfly-auth/mayfly/bench/seed"
	"github.com/mayfly-auth/mayfly/internal/freeport"
	"github.com/mayfly-auth/mayfly/internal/secret"
	"github.com/mayfly-auth/mayfly/internal/store/postgres"
	"github.com/mayfly-auth/mayfly/internal/store/postgres/pgtest"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
)

// subject is a server that is measured and who asks it.
type subject struct {
	name string
	*process
	users func(n int) []load.User
}

// window is the refresh window of measured servers: the shortest there is, so that every refresh of a chain rotates.
const window = "1ms"

// mayflyOn is a Mayfly over a store that holds n people. It returns the refresh tokens of some of them.
func (b *bench) mayflyOn(ctx context.Context, store string, n, sample int) (*process, []string, error) {
	program, err := b.mayfly(ctx)
	if err != nil {
		return nil, nil, err
	}
	return b.mayflyOf(ctx, program, store, n, sample)
}

// mayflyOf is mayflyOn of a binary that is there.
func (b *bench) mayflyOf(ctx context.Context, program, store string, n, sample int) (*process, []string, error) {
	data, err := os.MkdirTemp(b.folder, "data-")
	if err != nil {
		return nil, nil, err
	}
	database, err := b.database(store, data)
	if err != nil {
		return nil, nil, err
	}
	serverSecret := secret.Generate()
	tokens, err := fill(ctx, database, serverSecret, n, sample)
	if err != nil {
		return nil, nil, err
	}
	port, err := freeport.Take()
	if err != nil {
		return nil, nil, err
	}
	address := "127.0.0.1:" + strconv.Itoa(port)
	cmd := exec.Command(program, "serve", "--listen", address, "--public-url", "http://"+address, "--data", data,
		"--refresh-window", window, "--trusted-proxies", "127.0.0.1")
	cmd.Env = append(os.Environ(), "MAYFLY_SECRET="+serverSecret, "MAYFLY_DATABASE_URL="+database)
	p, err := b.ready(cmd, address, "/readyz")
	return p, tokens, err
}

// database makes an empty database and returns its URL.
func (b *bench) database(store, folder string) (string, error) {
	if store == "sqlite" {
		return "sqlite:" + filepath.Join(folder, "mayfly.db"), nil
	}
	server, err := pgtest.Start("shared_buffers = '1GB'", "max_wal_size = '8GB'")
	if err != nil {
		return "", err
	}
	b.later(func() { _ = server.Stop() }) // its folder is a temporary one
	return server.URL("postgres"), nil
}

func fill(ctx context.Context, database, serverSecret string, n, sample int) (tokens []string, err error) {
	if path, found := strings.CutPrefix(database, "sqlite:"); found {
		db, err := sqlite.Open(ctx, sqlite.Options{Path: path})
		if err != nil {
			return nil, err
		}
		tokens, err = seed.Fill(ctx, db.Transfer(), serverSecret, n, sample)
		return tokens, errors.Join(err, db.Close())
	}
	db, err := postgres.Open(ctx, postgres.Options{URL: database})
	if err != nil {
		return nil, err
	}
	tokens, err = seed.Fill(ctx, db.Transfer(), serverSecret, n, sample)
	return tokens, errors.Join(err, db.Close())
}

// chains divides refresh tokens among n users. Each has several sessions, so that between two refreshes of one more
// than the refresh window passes.
func chains(tokens []string, n int) []load.User {
	users := make([]load.User, n)
	each := len(tokens) / n
	for i := range users {
		users[i] = &load.Chain{
			Path: "/v1/refresh", Cookie: "mayfly_refresh", Tokens: tokens[i*each : (i+1)*each], Moved: moved,
		}
	}
	return users
}

var rawURL = base64.RawURLEncoding

// moved reads the generations of two refresh tokens: a refresh that was answered within the window, with the same token
// again, is not what is measured.
func moved(old, next string) error {
	before, err := generation(old)
	if err != nil {
		return err
	}
	after, err := generation(next)
	if err == nil && after != before+1 {
		err = fmt.Errorf("generation %d came after %d", after, before)
	}
	return err
}

func generation(token string) (uint32, error) {
	raw, err := rawURL.DecodeString(strings.TrimPrefix(token, "mfr_"))
	if err != nil || len(raw) < 38 {
		return 0, errors.New("not a refresh token")
	}
	return uint32(raw[34])<<24 | uint32(raw[35])<<16 | uint32(raw[36])<<8 | uint32(raw[37]), nil
}

// yardstickOn is a yardstick as a process.
func (b *bench) yardstickOn(name string, args ...string) (*process, error) {
	self, err := os.Executable()
	if err != nil {
		return nil, err
	}
	return b.announced(exec.Command(self, append([]string{"serve", name}, args...)...))
}

// mayfly builds the binary as for a release, once.
func (b *bench) mayfly(ctx context.Context) (string, error) {
	const name = "mayfly"
	if b.built[name] != "" {
		return b.built[name], nil
	}
	path := filepath.Join(b.folder, name)
	cmd := exec.CommandContext(ctx, "go", "build", "-trimpath", "-ldflags", "-s -w", "-o", path, "./cmd/mayfly")
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := cmd.CombinedOutput(); err != nil {
		return "", fmt.Errorf("%w\n%s", err, out)
	}
	b.built[name] = path
	return path, nil
}

// sample is what one measurement of one subject has shown.
type sample struct {
	load.Result
	cpu time.Duration // of the server, for each answer
}

// measure has n users ask a subject for as long as one measurement takes.
func (b *bench) measure(s subject, n int) (sample, error) {
	before, err := s.cpu()
	if err != nil {
		return sample{}, err
	}
	begun := time.Now()
	result, err := load.Run(s.address, s.users(n), b.length/5, b.length)
	if err != nil {
		return sample{}, fmt.Errorf("%s: %w", s.name, err)
	}
	after, err := s.cpu()
	// The warm-up is in the processor time as well: it is divided by how much of the time was counted.
	counted := float64(result.Elapsed) / float64(time.Since(begun))
	return sample{result, time.Duration(float64(after-before) * counted / float64(result.Answers))}, err
}
