package server

import (
	"context"
	"time"

	"github.com/mayfly-auth/mayfly/internal/revocation"
)

// openFeed makes the revocation feed. It reads when a chore runs it, and only while somebody follows.
func (s *Server) openFeed() *revocation.Feed {
	log := s.settings.Log
	feed := revocation.NewFeed(revocation.Config{
		Store:     s.rooms.store.Revocations(),
		AccessTTL: s.settings.AccessTTL,
		Report: func(err error) {
			if err != nil {
				log.Error("revocation feed cannot read the database; its followers are told nothing until it can", "error", err)
				return
			}
			log.Info("revocation feed reads the database again")
		},
	})
	if s.settings.sandbox { // nobody else checks its tokens, and its clock is turned while the feed counts real time
		feed.Close()
	}
	return feed
}

// EndStreams ends the answers that would never end by themselves, and begins no more. Run and Close do so. A program that
// embeds Mayfly into an http.Server of its own registers it there, or Shutdown would wait for them:
//
//	httpServer.RegisterOnShutdown(mayfly.EndStreams)
func (s *Server) EndStreams() { s.feed.Close() }

// followRevocations runs the feed until the server is closed.
func (s *Server) followRevocations(ctx context.Context) time.Duration {
	s.feed.Run(ctx)
	return cleanRest
}

func (s *Server) cleanRevocations(ctx context.Context) time.Duration {
	done, err := s.feed.Clean(ctx)
	return s.rest(ctx, "revocations", done, err)
}
