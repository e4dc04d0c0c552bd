package server

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"
)

// Summary says where a server is and how it is set, for people.
type Summary struct {
	PublicURL   string
	Listen      string
	AdminListen string
	Database    string
	Secret      string
	Lifetimes   string
	Development bool // the public URL is loopback
}

// Summary returns what an operator wants to see at start.
func (s *Server) Summary() Summary {
	set := s.settings
	sum := Summary{
		PublicURL:   set.publicURL.String(),
		Listen:      set.Listen,
		AdminListen: set.AdminListen,
		Database:    set.database.name,
		Secret:      "from the settings",
		Lifetimes: fmt.Sprintf("access tokens live %s; a session ends %s after its last use, at most %s after sign-in",
			words(set.AccessTTL), words(set.IdleTimeout), words(set.SessionTTL)),
		Development: set.development(),
	}
	if len(set.Secrets) == 0 {
		sum.Secret = absolute(filepath.Join(set.Data, secretFile)) + " (keep it with your backups, apart from the database)"
	}
	return sum
}

// Listen opens the address of the settings.
func (s *Server) Listen() (net.Listener, error) {
	listener, err := net.Listen("tcp", s.settings.Listen)
	if err != nil {
		return nil, listenError("listen", s.settings.Listen, err)
	}
	return listener, nil
}

// Schema returns the schema that a configuration's database has, 0 if there is none yet, and the newest one known.
func Schema(ctx context.Context, c Config) (current, latest int64, err error) {
	set, err := c.check()
	if err != nil {
		return 0, 0, err
	}
	return set.database.schema(ctx)
}

// Migrate brings the schema of a configuration's database up to date, and makes the database if it is an embedded one.
func Migrate(ctx context.Context, c Config) error {
	set, err := c.check()
	if err != nil {
		return err
	}
	if err := set.makeFolder(); err != nil {
		return err
	}
	if set.database.own { // a database without the secret that belongs to it would be refused at the next start
		if _, err := set.secrets(); err != nil {
			return err
		}
	}
	db, err := set.openStore(ctx)
	if err != nil {
		return err
	}
	return db.Close()
}

func absolute(path string) string {
	if whole, err := filepath.Abs(path); err == nil {
		return whole
	}
	return path
}

// words says a duration as people do: "10 minutes", "30 days".
func words(d time.Duration) string {
	for _, unit := range []struct {
		length time.Duration
		name   string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if n := d / unit.length; n > 0 && d%unit.length == 0 {
			if n == 1 {
				return "1 " + unit.name
			}
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return d.String()
}
