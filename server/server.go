// Package server is the whole of Mayfly as one http.Handler, to run by itself or inside another Go program:
//
//	mayfly, err := server.New(ctx, server.Config{PublicURL: "http://localhost:8080"})
//	if err != nil { … }
//	defer mayfly.Close()
//	err = mayfly.Run(ctx) // or mount it: mux.Handle("/", mayfly)
//
// It owns the wiring, the listening and the files in the data folder, and nothing else: what a session is, how a
// password is judged and what an answer looks like live in the rooms that New puts together.
package server

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/api"
	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/lab"
	"github.com/mayfly-auth/mayfly/internal/pages"
	"github.com/mayfly-auth/mayfly/internal/revocation"
)

// Server is a running Mayfly. It answers requests from New until Close.
type Server struct {
	settings settings
	rooms    *Rooms
	door     *door.Door
	feed     *revocation.Feed
	handler  http.Handler
	ready    readiness
	lab      *lab.Lab // nil outside of development mode
	labData  string   // where its sandboxes lie
	unlock   func() error
	stop     context.CancelFunc // of the chores
	chores   sync.WaitGroup
}

// New opens the database, makes what is missing, and opens the doors. Every fault of c is reported at once.
func New(ctx context.Context, c Config) (*Server, error) {
	set, err := c.check()
	if err != nil {
		return nil, err
	}
	return start(ctx, set)
}

func start(ctx context.Context, set settings) (*Server, error) {
	unlock, err := claim(set)
	if err != nil {
		return nil, err
	}
	rooms, err := set.open(ctx)
	if err != nil {
		return nil, errors.Join(err, unlock())
	}
	if err := endCopy(ctx, rooms.store); err != nil {
		return nil, errors.Join(err, rooms.Close(), unlock())
	}
	s := &Server{settings: set, rooms: rooms, unlock: unlock, ready: readiness{check: rooms.store.Ping}}
	s.feed = s.openFeed()
	if err := s.openDoors(); err != nil {
		return nil, errors.Join(err, rooms.Close(), unlock())
	}
	for _, doubt := range set.doubts() {
		set.Log.WarnContext(ctx, doubt.Detail, "setting", doubt.What, "fix", doubt.Fix)
	}
	var chores context.Context
	chores, s.stop = context.WithCancel(context.WithoutCancel(ctx))
	s.startChores(chores)
	return s, nil
}

// openDoors mounts every door behind what every request passes first.
func (s *Server) openDoors() error {
	set, rooms := s.settings, s.rooms
	s.door = door.New(door.Config{
		PublicURL:      set.publicURL.URL,
		AllowedOrigins: set.origins,
		TrustedProxies: set.proxies,
		Cookies:        set.cookies,
		ClientID:       accesstoken.DefaultClientID,
		Sessions:       rooms.Sessions,
		Tokens:         rooms.Tokens,
		Log:            set.Log,
		Now:            set.Now,
	})
	mux := http.NewServeMux()
	base := s.door.Path("")
	api.Mount(mux, base, api.Config{
		Door:     s.door,
		Accounts: rooms.Accounts,
		Sessions: rooms.Sessions,
		JWKS:     rooms.jwks,
		Issuer:   set.publicURL.String(),
		Ready:    s.ready.Check,
		Feed:     s.feed,
	})
	pages.Mount(mux, base, pages.Config{
		Door:        s.door,
		Accounts:    rooms.Accounts,
		Sessions:    rooms.Sessions,
		Development: set.development() && !set.sandbox,
	})
	s.handler = s.door.Enter(s.door.Guard(mux))
	return s.openLab(mux, base)
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// Admin answers what is not for the public: /metrics, /healthz and /readyz.
func (s *Server) Admin() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", s.door.Metrics().Handler())
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) { fmt.Fprintln(w, "ok") })
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		if err := s.ready.Check(r.Context()); err != nil {
			http.Error(w, err.Error(), http.StatusServiceUnavailable)
			return
		}
		fmt.Fprintln(w, "ready")
	})
	return mux
}

// Close ends the streams, stops the chores and closes the database. What was acknowledged is kept.
func (s *Server) Close() error {
	s.EndStreams()
	s.stop()
	s.chores.Wait()
	return errors.Join(s.closeLab(), s.rooms.Close(), s.unlock())
}
