package door_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/secret"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// away is a real store whose database is away for one read.
type away struct {
	session.Store
	once bool
}

func (s *away) Find(ctx context.Context, user, id uuid.UUID) (session.Record, error) {
	if s.once {
		s.once = false
		return session.Record{}, &fault.Unavailable{Cause: errors.New("away")}
	}
	return s.Store.Find(ctx, user, id)
}

// A credential that could not be looked up is not a dead one, which would end its own session alone.
func TestSigningOutEverywhereIsNotCutShortByADatabaseThatWasAway(t *testing.T) {
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "mayfly.db")})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	now := time.Now().Truncate(time.Millisecond)
	ada := user.User{ID: uuid.Must(uuid.NewV7()), Email: "ada@example.com", Epoch: 1, CreatedAt: now, UpdatedAt: now}
	if err := db.Users().Create(t.Context(), ada, ""); err != nil {
		t.Fatal(err)
	}
	secrets, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	store := &away{Store: db.Sessions()}
	sessions := session.New(session.Config{
		Store: store, Keys: secrets.Derive(session.TokenPurpose), Rule: session.Rule{Window: time.Minute, Recovery: true},
		IdleTimeout: time.Hour, TTL: time.Hour, Now: time.Now,
	})
	var tokens [2]string
	for i := range tokens {
		grant, err := sessions.Start(t.Context(), ada, session.Body, nil, session.Device{})
		if err != nil {
			t.Fatal(err)
		}
		tokens[i] = grant.RefreshToken
	}
	d := door.New(door.Config{
		PublicURL: &url.URL{Scheme: "http", Host: "localhost"}, Sessions: sessions, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	r := httptest.NewRequest("POST", "/v1/logout?scope=all", nil)
	store.once = true
	if err := d.Logout(r, tokens[0], door.All); !fault.IsUnavailable(err) {
		t.Errorf("while the database was away: %v", err)
	}
	if err := d.Logout(r, tokens[0], door.All); err != nil {
		t.Fatal(err)
	}
	for i, token := range tokens {
		var ended *session.EndedError
		if _, err := sessions.Refresh(t.Context(), token); !errors.As(err, &ended) {
			t.Errorf("session %d goes on: %v", i, err)
		}
	}
}
