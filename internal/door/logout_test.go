package door_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/api"
	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/secret"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/sqlite"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// away is a real store whose database is away for one read.
type away struct {
	session.Store
	ada  user.User
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
	for name, credential := range map[string]func(*http.Request, accesstoken.Minted, session.Grant){
		"refresh token": func(r *http.Request, _ accesstoken.Minted, g session.Grant) {
			r.AddCookie(&http.Cookie{Name: "mayfly_refresh", Value: g.RefreshToken})
		},
		"access token": func(r *http.Request, m accesstoken.Minted, _ session.Grant) {
			r.Header.Set("Authorization", "Bearer "+m.Token)
		},
		"access token beside a refresh token that is none": func(r *http.Request, m accesstoken.Minted, _ session.Grant) {
			r.AddCookie(&http.Cookie{Name: "mayfly_refresh", Value: "garbage"})
			r.AddCookie(&http.Cookie{Name: "mayfly_access", Value: m.Token})
		},
	} {
		t.Run(name, func(t *testing.T) {
			store, d := open(t)
			var devices [2]session.Grant
			for i := range devices {
				grant, err := d.Sessions.Start(t.Context(), store.ada, session.Body, nil, session.Device{})
				if err != nil {
					t.Fatal(err)
				}
				devices[i] = grant
			}
			minted, err := d.Tokens.Mint(accesstoken.Subject{User: store.ada.ID.String(), Session: devices[0].ID.String()})
			if err != nil {
				t.Fatal(err)
			}
			mux := http.NewServeMux()
			api.Mount(mux, "", api.Config{Door: d, Sessions: d.Sessions, Issuer: d.PublicURL.String()})
			out := func() int {
				r := httptest.NewRequest("POST", "/v1/logout?scope=all", nil)
				credential(r, minted, devices[0])
				w := httptest.NewRecorder()
				mux.ServeHTTP(w, r)
				return w.Code
			}
			store.once = true
			if status := out(); status != http.StatusServiceUnavailable || store.once {
				t.Errorf("while the database was away: %d; it was asked: %v", status, !store.once)
			}
			if status := out(); status != http.StatusNoContent {
				t.Errorf("when it was back: %d", status)
			}
			for i, device := range devices {
				var ended *session.EndedError
				if _, err := d.Sessions.Refresh(t.Context(), device.RefreshToken); !errors.As(err, &ended) {
					t.Errorf("session %d goes on: %v", i, err)
				}
			}
		})
	}
}

// open returns a door to rooms over a database of their own, which knows ada.
func open(t *testing.T) (*away, *door.Door) {
	t.Helper()
	db, err := sqlite.Open(t.Context(), sqlite.Options{Path: filepath.Join(t.TempDir(), "mayfly.db")})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	now := time.Now().Truncate(time.Millisecond)
	store := &away{
		Store: db.Sessions(),
		ada:   user.User{ID: uuid.Must(uuid.NewV7()), Email: "ada@example.com", Epoch: 1, CreatedAt: now, UpdatedAt: now},
	}
	if err := db.Users().Create(t.Context(), store.ada, ""); err != nil {
		t.Fatal(err)
	}
	secrets, err := secret.Parse(secret.Generate())
	if err != nil {
		t.Fatal(err)
	}
	key, err := keyset.NewShared([]byte(secret.Generate()))
	if err != nil {
		t.Fatal(err)
	}
	public := &url.URL{Scheme: "http", Host: "localhost"}
	tokens, err := accesstoken.NewIssuer(accesstoken.Config{Keys: key, Issuer: public.String()})
	if err != nil {
		t.Fatal(err)
	}
	sessions := session.New(session.Config{
		Store: store, Keys: secrets.Derive(session.TokenPurpose), Rule: session.Rule{Window: time.Minute, Recovery: true},
		IdleTimeout: time.Hour, TTL: time.Hour, Now: time.Now,
	})
	return store, door.New(door.Config{
		PublicURL: public, Sessions: sessions, Tokens: tokens, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
}
