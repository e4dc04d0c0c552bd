package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/server"
)

func (p program) serve(set *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Start the server",
		Long: "Start the server. With nothing set it runs on http://localhost:8080 for a first try, with SQLite in ./mayfly-data.\n\n" +
			"Every setting can be given as a flag, as a variable (MAYFLY_ and its name in capitals: MAYFLY_REFRESH_WINDOW; secrets\n" +
			"also as a file: MAYFLY_SECRET_FILE), or in mayfly.toml (refresh_window = \"30s\"). A flag beats a variable beats the file.\n" +
			"PORT and DATABASE_URL are read too. Durations are written 30s, 10m, 12h, 30d.",
		Example: "  mayfly serve\n" +
			"  mayfly serve --listen :9090 --access-ttl 1m\n" +
			"  MAYFLY_PUBLIC_URL=https://auth.example.com mayfly serve --listen :8080",
		Args: exactly(),
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := set.load(set.logger(p.stderr))
			if err != nil {
				return err
			}
			return p.runServer(cmd.Context(), c)
		},
	}
	cmd.Flags().SortFlags = false
	set.addServeFlags(cmd.Flags())
	return cmd
}

func (p program) runServer(ctx context.Context, c server.Config) error {
	if os.Getenv("GOGC") == "" {
		tendHeap() // the variable beats it
	}
	if c.HashParallel == 0 {
		c.HashParallel = runtime.GOMAXPROCS(0)
	}
	// A password hash holds one of Go's processors for 20 ms, and whoever is next in its queue waits. With so many more of
	// them the kernel shares out the real ones, and it gives those who need little their turn first.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + c.HashParallel))
	s, err := server.New(ctx, c)
	if err != nil {
		return err
	}
	listener, err := s.Listen()
	if err != nil {
		return closing(s, err)
	}
	greet(p.stdout, s.Summary())
	err = s.Serve(ctx, listener)
	if err == nil {
		fmt.Fprintln(p.stdout, "\nstopped: everything that was running has been answered")
	}
	return closing(s, err)
}

// greet says where everything is.
func greet(w io.Writer, s server.Summary) {
	line := func(name, text string) { fmt.Fprintf(w, "  %-9s %s\n", name, text) }
	fmt.Fprintf(w, "\n  Mayfly %s is ready: open %s\n\n", buildVersion(), s.PublicURL)
	line("listens", s.Listen)
	if s.AdminListen != "" {
		line("admin", s.AdminListen+"  (/metrics, /healthz, /readyz)")
	}
	line("data", s.Database)
	line("secret", s.Secret)
	line("docs", s.PublicURL+"/docs")
	line("lifetimes", s.Lifetimes)
	if s.Development {
		line("lab", s.PublicURL+"/lab  (see the pair at work, lose it, steal it)")
		line("mode", "development: for this machine only. For others to sign in, set public_url to an https address.")
	}
	fmt.Fprintln(w)
}

// logger makes the log that log_level and log_format ask for. What is wrong with them is told by load, with all the rest.
func (s *settings) logger(w io.Writer) *slog.Logger {
	values, _ := s.gather()
	options := &slog.HandlerOptions{Level: slog.LevelInfo}
	if level, err := parseLevel(values["log_level"].text); err == nil {
		options.Level = level
	}
	if values["log_format"].text == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}
