//go:build e2e

package server

import (
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
	"github.com/mayfly-auth/mayfly/internal/store/postgres/pgtest"
)

// TestMachinesWhoseClocksAreAnHourApartAreOneServer: the same token through two nodes gives one successor, and each
// believes the other's access tokens.
func TestMachinesWhoseClocksAreAnHourApartAreOneServer(t *testing.T) {
	for name, place := range map[string]func(*testing.T) string{"PostgreSQL": onPostgres, "MongoDB": onMongo} {
		t.Run(name, func(t *testing.T) {
			url := place(t)
			nodes := []*Server{skewed(t, url, 0), skewed(t, url, time.Hour), skewed(t, url, -time.Hour)}
			held := ask(t, nodes[0], "/v1/register", "", `{"email":"ada@example.com","password":"a quiet river at dawn","delivery":"body"}`)
			for round := range 6 {
				presented := `{"refresh_token":"` + held.Refresh + `"}`
				next := ask(t, nodes[round%3], "/v1/refresh", "", presented)
				for _, one := range nodes {
					if same := ask(t, one, "/v1/refresh", "", presented); same.Refresh != next.Refresh {
						t.Fatalf("round %d: two successors of one token", round)
					}
					ask(t, one, "/v1/verify", next.Access, "")
				}
				held = next
			}
		})
	}
}

type pairOf struct {
	Access  string `json:"access_token"`
	Refresh string `json:"refresh_token"`
}

// skewed is a node on a machine whose clock is so far ahead of the database's.
func skewed(t *testing.T, url string, ahead time.Duration) *Server {
	t.Helper()
	set, err := Config{
		PublicURL: "http://localhost:8080", DatabaseURL: url, Secrets: []string{"a secret that all nodes know, and nobody else"},
		Log: slog.New(slog.DiscardHandler),
	}.check()
	if err != nil {
		t.Fatal(err)
	}
	set.clock.machine = func() time.Time { return time.Now().Add(ahead) }
	s, err := start(t.Context(), set)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func ask(t *testing.T, s *Server, path, access, body string) (got pairOf) {
	t.Helper()
	method := http.MethodPost
	if body == "" {
		method = http.MethodGet
	}
	r := httptest.NewRequestWithContext(t.Context(), method, path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	if access != "" {
		r.Header.Set("Authorization", "Bearer "+access)
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Code >= http.StatusMultipleChoices {
		t.Fatalf("%s: %d %s", path, w.Code, w.Body)
	}
	_ = json.Unmarshal(w.Body.Bytes(), &got) // /v1/verify has no body
	return got
}

func onPostgres(t *testing.T) string {
	t.Helper()
	cluster, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	return cluster.Schema(t)
}

func onMongo(t *testing.T) string {
	t.Helper()
	s, err := mongotest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Stop(); err != nil {
			t.Error(err)
		}
	})
	return s.Database(t)
}
