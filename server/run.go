package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"time"
)

// Time-outs of connections: long enough for a slow phone, short enough that slow clients cannot pile up.
const (
	headerTimeout = 5 * time.Second
	readTimeout   = 15 * time.Second
	writeTimeout  = 60 * time.Second // a password may wait in a queue
	idleTimeout   = 2 * time.Minute
	stopTimeout   = 20 * time.Second // for what is running when a stop is asked for
	headerBytes   = 32 << 10
)

// Run listens and answers until ctx ends, then finishes what is running. It does not Close.
func (s *Server) Run(ctx context.Context) error {
	listener, err := s.Listen()
	if err != nil {
		return err
	}
	return s.Serve(ctx, listener)
}

// Serve is Run on a listener that is already there.
func (s *Server) Serve(ctx context.Context, listener net.Listener) error {
	servers := []*http.Server{s.http(s)}
	servers[0].RegisterOnShutdown(s.EndStreams)
	listeners := []net.Listener{listener}
	if address := s.settings.AdminListen; address != "" {
		admin, err := net.Listen("tcp", address)
		if err != nil {
			return errors.Join(listenError("admin_listen", address, err), listener.Close())
		}
		servers, listeners = append(servers, s.http(s.Admin())), append(listeners, admin)
	}
	failed := make(chan error, len(servers))
	for i, one := range servers {
		go func() { failed <- one.Serve(listeners[i]) }()
	}
	var err error
	select {
	case err = <-failed:
	case <-ctx.Done():
	}
	return errors.Join(err, stopAll(servers))
}

func (s *Server) http(h http.Handler) *http.Server {
	return &http.Server{
		Handler:           h,
		ReadHeaderTimeout: headerTimeout,
		ReadTimeout:       readTimeout,
		WriteTimeout:      writeTimeout,
		IdleTimeout:       idleTimeout,
		MaxHeaderBytes:    headerBytes,
		ErrorLog:          slog.NewLogLogger(s.settings.Log.Handler(), slog.LevelDebug), // clients that hang up
	}
}

// stopAll lets running requests finish, and ends them when they take too long.
func stopAll(servers []*http.Server) error {
	ctx, cancel := context.WithTimeout(context.Background(), stopTimeout)
	defer cancel()
	var errs []error
	for _, one := range servers {
		if err := one.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop: %w", err), one.Close())
		}
	}
	return errors.Join(errs...)
}

func listenError(setting, address string, err error) error {
	return fmt.Errorf("%s %s: %w; fix: stop what uses the port, or choose another address with --%s", setting, address, err, dashed(setting))
}

func dashed(name string) string {
	out := []byte(name)
	for i, c := range out {
		if c == '_' {
			out[i] = '-'
		}
	}
	return string(out)
}
