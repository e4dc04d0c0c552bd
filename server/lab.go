package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/fault"
	"github.com/mayfly-auth/mayfly/internal/lab"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// openLab opens the Lab, in development mode only.
func (s *Server) openLab(mux *http.ServeMux, base string) error {
	if !s.settings.development() || s.settings.sandbox {
		return nil
	}
	folder, err := s.labFolder()
	if err != nil {
		return err
	}
	s.labData = folder
	s.lab = lab.Mount(mux, base, lab.Config{
		Door: s.door,
		Open: func(ctx context.Context, id, path string, set lab.Settings) (lab.Sandbox, error) {
			return openSandbox(ctx, s.settings.sandboxConfig(filepath.Join(folder, id), path), set)
		},
	})
	return nil
}

// labFolder makes sure of an empty place for the sandboxes. It lies beside an embedded database: whoever holds that one's
// lock knows that folders found there at start were left by a server that was killed.
func (s *Server) labFolder() (string, error) {
	if s.settings.database.file == "" {
		folder, err := os.MkdirTemp("", "mayfly-lab-")
		if err != nil {
			return "", fmt.Errorf("make a folder for the lab: %w; fix: name one that can be written to with TMPDIR", err)
		}
		return folder, nil
	}
	folder := s.settings.database.file + ".lab"
	if err := os.RemoveAll(folder); err != nil {
		return "", fmt.Errorf("remove old sandboxes of the lab: %w; fix: remove the folder %s", err, folder)
	}
	return folder, nil
}

// closeLab closes the sandboxes and removes what is left of them.
func (s *Server) closeLab() error {
	if s.lab == nil {
		return nil
	}
	return errors.Join(s.lab.Close(), os.RemoveAll(s.labData))
}

// sandboxCookies have names of their own: signing out of a sandbox must not take the real pair from the browser.
var sandboxCookies = door.CookieNames{Access: "mayfly_lab_access", Refresh: "mayfly_lab_refresh", SignedIn: "mayfly_lab_signed_in"}

// sandboxConfig is a server at a path of this one, on data of its own.
func (s settings) sandboxConfig(folder, path string) Config {
	return Config{
		PublicURL:   s.publicURL.String() + path,
		Data:        folder,
		KeyRotation: -1, // by button alone
		Log:         s.Log.With("sandbox", filepath.Base(folder)),
	}
}

// farthestAhead is how far a sandbox's clock can be turned: further than anybody's patience, and far from the year 9999,
// after which no time can be written as JSON.
const farthestAhead = 20 * 365 * 24 * time.Hour

// sandbox is a Mayfly for the Lab: a whole server, whose clock is this machine's and what it was turned forward.
type sandbox struct {
	config Config
	ahead  atomic.Int64 // nanoseconds

	mu     sync.RWMutex // held for reading by every request and look
	server *Server      // nil when it is closed, or could not be restarted
}

func openSandbox(ctx context.Context, c Config, set lab.Settings) (*sandbox, error) {
	b := &sandbox{config: c}
	b.config.Now = b.now
	if err := b.open(ctx, set); err != nil {
		return nil, errors.Join(err, os.RemoveAll(c.Data))
	}
	return b, nil
}

func (b *sandbox) now() time.Time { return time.Now().Add(time.Duration(b.ahead.Load())) }

func (b *sandbox) open(ctx context.Context, s lab.Settings) error {
	c := b.config
	c.AccessTTL, c.RefreshWindow, c.IdleTimeout, c.SessionTTL = s.AccessTTL, s.RefreshWindow, s.IdleTimeout, s.SessionTTL
	set, err := c.check()
	if err != nil {
		return fmt.Errorf("open a sandbox: %w", err)
	}
	set.sandbox, set.cookies = true, sandboxCookies
	if b.server, err = start(ctx, set); err != nil {
		return fmt.Errorf("open a sandbox: %w", err)
	}
	return nil
}

// errSandboxClosed answers who still asks a sandbox that has just been closed.
var errSandboxClosed = &fault.Unavailable{Cause: errors.New("the sandbox is closed")}

// inside calls f with the running server, which stays open until f returns.
func (b *sandbox) inside(f func(*Server) error) error {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.server == nil {
		return errSandboxClosed
	}
	return f(b.server)
}

// ServeHTTP implements lab.Sandbox.
func (b *sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	err := b.inside(func(s *Server) error {
		s.ServeHTTP(w, r)
		return nil
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
	}
}

// Advance implements lab.Sandbox.
func (b *sandbox) Advance(d time.Duration) error {
	if ahead := b.ahead.Add(int64(d)); ahead > int64(farthestAhead) {
		b.ahead.Add(-int64(d))
		return lab.ErrTooFar
	}
	return nil
}

// RotateKeys implements lab.Sandbox.
func (b *sandbox) RotateKeys(ctx context.Context) error {
	return b.inside(func(s *Server) error {
		_, err := s.rooms.Keys.Rotate(ctx)
		return err
	})
}

// Look implements lab.Sandbox.
func (b *sandbox) Look(ctx context.Context, id uuid.UUID) (view lab.View, err error) {
	err = b.inside(func(s *Server) error {
		view.Now = b.now()
		if view.Keys, err = s.rooms.Keys.List(ctx); err != nil {
			return err
		}
		owner, err := s.rooms.Users.Find(ctx, id)
		if errors.Is(err, user.ErrNotFound) {
			return nil
		} else if err != nil {
			return fmt.Errorf("look into a sandbox: %w", err)
		}
		sessions, err := s.rooms.Sessions.List(ctx, owner, true)
		for _, one := range sessions {
			view.Sessions = append(view.Sessions, lab.Row{Session: one, IdleExpiresAt: s.rooms.Sessions.IdleExpiresAt(one)})
		}
		return err
	})
	return view, err
}

// Restart implements lab.Sandbox. Requests under way are answered first; those that come meanwhile wait. A page that is
// closed meanwhile leaves no half of a server behind.
func (b *sandbox) Restart(ctx context.Context, set lab.Settings) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.server == nil {
		return errSandboxClosed
	}
	old := b.server
	b.server = nil
	if err := old.Close(); err != nil {
		return fmt.Errorf("restart a sandbox: %w", err)
	}
	return b.open(context.WithoutCancel(ctx), set)
}

// Close implements lab.Sandbox.
func (b *sandbox) Close() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	var err error
	if b.server != nil {
		err = b.server.Close()
		b.server = nil
	}
	return errors.Join(err, os.RemoveAll(b.config.Data))
}
