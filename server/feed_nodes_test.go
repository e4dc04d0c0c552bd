//go:build e2e

package server_test

import (
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/store/postgres/pgtest"
	"github.com/mayfly-auth/mayfly/server"
)

// TestPromise10_ARevocationReachesTheFollowersOfEveryNode has two nodes over one PostgreSQL: with announcements, and by
// reading alone.
func TestPromise10_ARevocationReachesTheFollowersOfEveryNode(t *testing.T) {
	cluster, err := pgtest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := cluster.Stop(); err != nil {
			t.Error(err)
		}
	})
	for name, mode := range map[string]string{"listening": "", "by reading alone": "&default_query_exec_mode=exec"} {
		t.Run(name, func(t *testing.T) {
			url := cluster.Schema(t) + mode
			node := func() *server.Server {
				c := config(t)
				c.DatabaseURL, c.Secrets = url, []string{"a secret that both nodes know, and nobody else"}
				return open(t, c)
			}
			one, two := node(), node()
			address, _ := serve(t, two)
			hear, _ := followFeed(t, address)
			hear("event: current")
			for _, email := range []string{"ada@example.com", "grace@example.com", "katherine@example.com"} {
				p := register(t, one, email)
				r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/logout", nil)
				r.Header.Set("Authorization", "Bearer "+p.Access)
				w := httptest.NewRecorder()
				one.ServeHTTP(w, r)
				if w.Code != http.StatusNoContent {
					t.Fatalf("sign out: %d %s", w.Code, w.Body)
				}
				hear(markOf(p.Session.ID))
			}
		})
	}
}

// markOf is how the feed names a session.
func markOf(id string) string {
	sum := sha256.Sum256([]byte(id))
	return base64.RawURLEncoding.EncodeToString(sum[:12])
}
