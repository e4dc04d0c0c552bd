package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
)

const (
	listenLinger = 5 * time.Second // the connection is kept so long when nobody awaits any more, and tried so often
	listenAgain  = time.Second     // before the second try to listen; then twice as long each time
	listenRest   = time.Minute     // no wait is longer
)

// listen calls heard at each announcement, and once when it begins to hear them, for as long as wanted says. It returns
// at the first fault.
type listen func(ctx context.Context, heard func(), wanted func() bool) error

// listenerOf returns how to listen on a connection of its own, or nil where announcements never arrive: the modes `exec`
// and simple_protocol are for poolers that give every transaction another connection.
func listenerOf(config *pgx.ConnConfig) listen {
	if isPooled(config) {
		return nil
	}
	config = config.Copy()
	config.OnNotification = nil // they are waited for
	return func(ctx context.Context, heard func(), wanted func() bool) error {
		c, err := pgx.ConnectConfig(ctx, config)
		if err != nil {
			return err
		}
		defer func() {
			closing, cancel := context.WithTimeout(context.WithoutCancel(ctx), connectTimeout)
			defer cancel()
			_ = c.Close(closing)
		}()
		if _, err := c.Exec(ctx, "LISTEN "+channel); err != nil {
			return err
		}
		heard() // what was announced before, nobody heard
		for wanted() {
			switch err := hear(ctx, c); {
			case err == nil:
				heard()
			case ctx.Err() != nil || !pgconn.Timeout(err):
				return err
			default:
				if err := alive(ctx, c); err != nil {
					return err
				}
			}
		}
		return nil
	}
}

func hear(ctx context.Context, c *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, listenLinger)
	defer cancel()
	_, err := c.WaitForNotification(ctx)
	return err
}

// alive finds out whether anybody is there at the other end of a connection on which nothing is heard.
func alive(ctx context.Context, c *pgx.Conn) error {
	ctx, cancel := context.WithTimeout(ctx, connectTimeout)
	defer cancel()
	return c.Ping(ctx)
}

// isPooled reports whether the URL names a pooler in transaction mode.
func isPooled(config *pgx.ConnConfig) bool {
	return config.DefaultQueryExecMode == pgx.QueryExecModeExec || config.DefaultQueryExecMode == pgx.QueryExecModeSimpleProtocol
}

// keepListening listens while it is wanted. That it cannot is told to nobody: the feed reads on.
func (b *bells) keepListening() {
	wait := listenAgain
	for b.goesOnListening() {
		err := b.listen(b.ctx, func() { wait = listenAgain; b.Ring() }, b.wanted)
		if err != nil && b.wanted() {
			b.rest(wait)
			wait = min(2*wait, listenRest)
		}
	}
}

// goesOnListening is asked under the lock under which the next one who awaits looks whether somebody listens.
func (b *bells) goesOnListening() bool {
	wanted := b.wanted()
	b.mu.Lock()
	defer b.mu.Unlock()
	b.listening = wanted || b.awaited > 0 && b.ctx.Err() == nil
	return b.listening
}
