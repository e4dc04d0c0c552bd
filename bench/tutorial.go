package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"github.com/mayfly-auth/mayfly/bench/load"
	"github.com/mayfly-auth/mayfly/bench/seed"
)

// tutorialPath is where the tutorial's design has its routes.
const tutorialPath = "/api/v1/users"

// tutorials starts the tutorial's design over each store, as it is written everywhere and tuned.
func (b *bench) tutorials(ctx context.Context) ([]subject, error) {
	if err := b.installTutorial(ctx); err != nil {
		return nil, err
	}
	var all []subject
	for _, store := range []string{"sqlite", "postgres"} {
		for _, name := range []string{"tutorial", "tuned"} {
			p, err := b.tutorialOn(store, name == "tuned")
			if err != nil {
				return nil, err
			}
			tokens, err := signUp(ctx, p.address, "refreshToken", tutorialUsers)
			if err != nil {
				return nil, err
			}
			all = append(all, subject{name + "-" + store, p, func(n int) []load.User {
				users := make([]load.User, n)
				for i := range users {
					users[i] = &load.Chain{
						Path: tutorialPath + "/refresh-token", Cookie: "refreshToken", Tokens: share(tokens, i, n),
					}
				}
				return users
			}})
		}
	}
	return all, nil
}

// tutorialUsers are enough for the largest crowd; each costs a bcrypt hash.
const tutorialUsers = 256

// share is the part of the tokens that the i-th of n users holds.
func share(tokens []string, i, n int) []string {
	each := len(tokens) / n
	return tokens[i*each : (i+1)*each]
}

func (b *bench) installTutorial(ctx context.Context) error {
	if _, err := os.Stat("bench/tutorial/node_modules/.package-lock.json"); err == nil {
		return nil
	}
	cmd := exec.CommandContext(ctx, "npm", "ci", "--no-audit", "--no-fund", "--loglevel=error")
	cmd.Dir = "bench/tutorial"
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("npm ci in bench/tutorial: %w\n%s", err, out)
	}
	return nil
}

func (b *bench) tutorialOn(store string, tuned bool) (*process, error) {
	folder, err := os.MkdirTemp(b.folder, "tutorial-")
	if err != nil {
		return nil, err
	}
	database, err := b.database(store, folder)
	if err != nil {
		return nil, err
	}
	cmd := exec.Command("node", "server.js")
	cmd.Dir = filepath.FromSlash("bench/tutorial")
	cmd.Env = append(os.Environ(), "PORT=0", "DATABASE_URL="+database)
	if tuned {
		cmd.Env = append(cmd.Env, "TUNED=1")
	}
	return b.announced(cmd)
}

// signUp registers people with the tutorial's design and signs them in. It returns their tokens of one kind.
func signUp(ctx context.Context, address, cookie string, n int) ([]string, error) {
	tokens := make([]string, n)
	for i := range tokens {
		name := fmt.Sprint("person", i)
		person := map[string]string{
			"fullName": name, "email": name + "@example.com", "username": name, "password": seed.Password,
		}
		if _, err := post(ctx, address, "/register", person, http.StatusCreated); err != nil {
			return nil, err
		}
		cookies, err := post(ctx, address, "/login", person, http.StatusOK)
		if err != nil {
			return nil, err
		}
		tokens[i] = cookies[cookie]
	}
	return tokens, nil
}

// post sends JSON and returns the cookies of the answer.
func post(ctx context.Context, address, path string, body any, status int) (map[string]string, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+address+tutorialPath+path, strings.NewReader(string(text)))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/json")
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		return nil, err
	}
	answer.Body.Close()
	if answer.StatusCode != status {
		return nil, fmt.Errorf("%s answered %s", path, answer.Status)
	}
	cookies := map[string]string{}
	for _, c := range answer.Cookies() {
		cookies[c.Name] = c.Value
	}
	return cookies, nil
}
