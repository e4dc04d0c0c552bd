package server

import (
	"context"
	"time"

	"github.com/mayfly-auth/mayfly/internal/api"
)

// How often the chores are done. The cleaner takes a small step often, so that no refresh waits long behind it: at this
// pace it walks a million rows in about half an hour.
const (
	keysEvery  = 5 * time.Second
	cleanEvery = time.Second
	cleanRest  = 10 * time.Minute // after a walk that came to its end
	limitLot   = 500

	// publishFor is how long a new key is shown before it signs: longer than any verifier may keep an old key set.
	publishFor = 2 * api.JWKSMaxAge
	// verifierLeeway is how long after its expiry a verifier may still accept a token.
	verifierLeeway = time.Minute
)

// chore is work that comes back: it returns how long to rest.
type chore func(context.Context) time.Duration

// startChores runs each chore in a goroutine of its own until the context ends.
func (s *Server) startChores(ctx context.Context) {
	for _, work := range []chore{s.followClock, s.reloadKeys, s.cleanSessions, s.cleanAttempts, s.followRevocations, s.cleanRevocations} {
		s.chores.Go(func() {
			timer := time.NewTimer(0)
			defer timer.Stop()
			for {
				select {
				case <-ctx.Done():
					return
				case <-timer.C:
					timer.Reset(work(ctx))
				}
			}
		})
	}
}

// reloadKeys lets this process see keys that another one made or revoked, and keeps the schedule.
func (s *Server) reloadKeys(ctx context.Context) time.Duration {
	if s.rooms.Keys == nil {
		return cleanRest
	}
	if err := s.rooms.Keys.Load(ctx); err != nil && ctx.Err() == nil {
		s.settings.Log.ErrorContext(ctx, "signing keys not reloaded; the ones at hand stay in use", "error", err)
	}
	return keysEvery
}

// cleanSessions and cleanAttempts keep tables from growing for ever.
func (s *Server) cleanSessions(ctx context.Context) time.Duration {
	_, done, err := s.rooms.Sessions.Clean(ctx)
	return s.rest(ctx, "sessions", done, err)
}

func (s *Server) cleanAttempts(ctx context.Context) time.Duration {
	n, err := s.rooms.limiter.Clean(ctx, limitLot)
	return s.rest(ctx, "attempts", n < limitLot, err)
}

func (s *Server) rest(ctx context.Context, what string, done bool, err error) time.Duration {
	switch {
	case err != nil:
		if ctx.Err() == nil {
			s.settings.Log.ErrorContext(ctx, "cleaning failed; it will be tried again", "what", what, "error", err)
		}
		return cleanRest
	case done:
		return cleanRest
	}
	return cleanEvery
}
