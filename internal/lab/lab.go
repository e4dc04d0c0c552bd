// Package lab is the door to the Lab: a page on which somebody who has just read about access and refresh tokens sees the
// pair at work, steals it, loses it, and turns the clock. It opens in development mode only.
//
// What the page shows is the real thing: each visit gets a sandbox, which is a whole Mayfly of its own with its own
// database, secret, keys and clock, and lies under a path of this server. Nothing that is done in it can reach the
// accounts of the server around it.
//
// The package owns the page, the handful of sandboxes that may be open at a time, and the calls with which the page turns
// a sandbox's clock, looks into its database and restarts it. How a sandbox is built it leaves to whoever opens the Lab
// (package server), because doors do not know the wiring.
package lab

import (
	"context"
	"errors"
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// Sandbox is a whole Mayfly of its own. All methods are safe for concurrent use.
type Sandbox interface {
	// Handler answers requests under the sandbox's own URL.
	http.Handler
	// Advance turns the sandbox's clock forward. ErrTooFar.
	Advance(d time.Duration) error
	// RotateKeys adds a signing key, which signs once it has been published for long enough.
	RotateKeys(ctx context.Context) error
	// Look reads the database: what is kept of the user's sessions, and the signing keys. An unknown user has no sessions.
	Look(ctx context.Context, user uuid.UUID) (View, error)
	// Restart closes the server and opens it anew on the same data, with these settings.
	Restart(ctx context.Context, s Settings) error
	// Close ends the sandbox and removes its data. Requests that are under way are answered first.
	Close() error
}

// ErrTooFar says that a sandbox's clock was turned forward so often that it would leave the years that its parts can
// write down.
var ErrTooFar = errors.New("lab: the clock was turned too far")

// View is a sandbox at one moment of its clock.
type View struct {
	Now      time.Time
	Sessions []Row // newest first
	Keys     []keyset.Key
}

// Row is a session as the database holds it, and when it ends if nobody uses it again.
type Row struct {
	session.Session
	IdleExpiresAt time.Time
}

// Opener makes a sandbox that is reached at the path, under the server's own base.
type Opener func(ctx context.Context, id, path string, s Settings) (Sandbox, error)

// Config is what the Lab opens to.
type Config struct {
	Door *door.Door
	Open Opener
}

const (
	// mostOpen is how many sandboxes may be open; a further one takes the place of the one unused for longest.
	mostOpen = 4
	// longestUnused is how long a sandbox stays open when nobody asks it for anything.
	longestUnused = 10 * time.Minute
)

// Lab is the open door. Close it before the server that it belongs to.
type Lab struct {
	Config
	page   page
	assets *door.Assets
	shelf  *shelf
}

type handler func(w http.ResponseWriter, r *http.Request) error

// Mount adds the Lab to mux, under base.
func Mount(mux *http.ServeMux, base string, c Config) *Lab {
	l := &Lab{Config: c, page: parsePage(), assets: door.ReadAssets(staticFiles, "static"), shelf: newShelf(mostOpen, longestUnused)}
	for _, route := range []struct {
		method, path string
		handle       handler
	}{
		{"GET", "", l.showPage},
		{"GET", "/static/{version}/{name}", l.assets.Serve},
		{"POST", "/sandboxes", l.create},
		{"GET", "/sandboxes/{id}", l.with(l.look)},
		{"POST", "/sandboxes/{id}/advance", l.with(l.advance)},
		{"POST", "/sandboxes/{id}/rotate-keys", l.with(l.rotateKeys)},
		{"POST", "/sandboxes/{id}/restart", l.with(l.restart)},
		{"DELETE", "/sandboxes/{id}", l.discard},
	} {
		mux.Handle(route.method+" "+base+root+route.path, l.answering(route.handle))
	}
	mux.Handle(base+root+"/s/{id}/", l.answering(l.with(l.visit)))
	return l
}

// root is where the Lab lies.
const root = "/lab"

// Close closes every sandbox and removes their data; the Lab opens no further one.
func (l *Lab) Close() error { return l.shelf.close() }

// longestBody is the most that a request of the page may carry.
const longestBody = 4 << 10

func (l *Lab) answering(h handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := h(w, r); err != nil {
			l.Door.Fail(w, r, err)
		}
	})
}
