package postgres

import (
	"context"
	"errors"
	"fmt"
	"net"
	neturl "net/url"
	"strconv"
	"strings"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
)

const (
	defaultConns   = 16 // of one node; refreshes have theirs of them
	mostPlanes     = 2
	connectTimeout = 5 * time.Second
	// stepTimeout bounds a step with all that is waited for within it. serverTimeout bounds a statement within the
	// database, so that nothing goes on there that nobody waits for.
	stepTimeout   = 10 * time.Second
	serverTimeout = "9s"
	// lockTimeout is long for rows that are held for the length of one message, and short for a plane that waits.
	lockTimeout = "3s"
)

// parse reads the URL. Whatever it says itself stands; what it leaves open is set for a server of many short steps:
//
//   - connect_timeout=5
//   - pool_max_conns=16, 2 at least
//   - default_query_exec_mode=cache_statement; behind a pooler that gives every transaction another connection, `exec`
//   - mayfly_rotate=together; with `single`, refreshes never share a statement
//   - statement_timeout, lock_timeout and default_transaction_isolation of the connections, and plan_cache_mode of those
//     that carry refreshes together, unless the mode is `exec` or simple_protocol: such a pooler refuses settings of a
//     connection that it does not know
//
// An error never holds the password.
func parse(url string) (*settings, error) {
	read, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, tellParseError(url, err)
	}
	config := &settings{Config: read}
	if err := config.takeRotate(); err != nil {
		return nil, err
	}
	if !strings.Contains(url, "pool_max_conns") {
		config.MaxConns = defaultConns
	}
	if config.MaxConns < 2 {
		return nil, errors.New("pool_max_conns must be 2 or more: refreshes have connections of their own")
	}
	c := config.ConnConfig
	if c.ConnectTimeout <= 0 || !strings.Contains(url, "connect_timeout") {
		c.ConnectTimeout = connectTimeout
	}
	config.PingTimeout = c.ConnectTimeout
	config.MaxConnLifetimeJitter = config.MaxConnLifetime / 10
	if !isPooled(c) {
		for name, value := range map[string]string{
			"statement_timeout":             serverTimeout,
			"lock_timeout":                  lockTimeout,
			"default_transaction_isolation": "read committed",
		} {
			setUnlessSet(c.RuntimeParams, name, value)
		}
	}
	setUnlessSet(c.RuntimeParams, "application_name", "mayfly")
	setUnlessSet(c.RuntimeParams, "timezone", "UTC")
	// Behind some poolers announcements for another connection arrive on ours; pgx would keep them for ever.
	c.OnNotification = func(*pgconn.PgConn, *pgconn.Notification) {}
	return config, nil
}

func setUnlessSet(params map[string]string, name, value string) {
	for have := range params {
		if strings.EqualFold(have, name) {
			return
		}
	}
	params[name] = value
}

const writeURL = "write postgres://user:password@host:5432/database and escape what is special in the password (@ is %40)"

// tellParseError says what is wrong with a setting. What is wrong with the URL itself is left out: its parser quotes
// what it stumbled over, and that may be a part of the password.
func tellParseError(url string, err error) error {
	var parsing *pgconn.ParseConfigError
	if !errors.As(err, &parsing) {
		return errors.New("the database URL cannot be read: " + writeURL)
	}
	if _, broken := neturl.Parse(url); broken != nil || !strings.Contains(url, "://") {
		return errors.New("the database URL cannot be read: " + writeURL)
	}
	_, setting, _ := strings.Cut(parsing.Error(), "`: ")
	return fmt.Errorf("the database URL cannot be used: %s", setting)
}

// settings are what a URL says: to pgx, and to this package.
type settings struct {
	*pgxpool.Config
	single bool // one rotation a statement
}

// takeRotate reads mayfly_rotate, which pgx would send to the database.
func (s *settings) takeRotate() error {
	const name = "mayfly_rotate"
	value := s.ConnConfig.RuntimeParams[name]
	delete(s.ConnConfig.RuntimeParams, name)
	switch value {
	case "", "together":
	case "single":
		s.single = true
	default:
		return fmt.Errorf("%s is %q; write single, or together, which it is without", name, value)
	}
	return nil
}

// aboard is how many sessions one statement rotates at most.
func (s *settings) aboard() int {
	if s.single {
		return 1
	}
	return mostAboard
}

// divide gives a part of the connections to refreshes: a few, so that those that wait share a statement, or half of them
// where none may.
func (s *settings) divide() (refreshes, others *pgxpool.Config) {
	config := s.Config
	refreshes, others = config.Copy(), config.Copy()
	refreshes.MaxConns = max(1, min(config.MaxConns/4, mostPlanes))
	if s.single {
		refreshes.MaxConns = config.MaxConns / 2
	}
	others.MaxConns = config.MaxConns - refreshes.MaxConns
	for _, part := range []*pgxpool.Config{refreshes, others} {
		part.MinConns = min(part.MinConns, part.MaxConns)
		part.MinIdleConns = min(part.MinIdleConns, part.MaxConns)
	}
	// Left to itself, the database plans a flight of a few anew each time, which takes longer than the flight. An engine
	// that shards by user must know the user before it plans.
	if !s.single && !isPooled(refreshes.ConnConfig) {
		setUnlessSet(refreshes.ConnConfig.RuntimeParams, "plan_cache_mode", "force_generic_plan")
	}
	// A connection that was idle is tried before it is given a step which could not be repeated if it turned out to be
	// dead. A rotation can be, and is spared the extra message.
	refreshes.ShouldPing = func(ctx context.Context, _ pgxpool.ShouldPingParams) bool { return isRepeated(ctx) }
	others.ShouldPing = func(ctx context.Context, p pgxpool.ShouldPingParams) bool {
		return p.IdleDuration > time.Second || isRepeated(ctx)
	}
	return refreshes, others
}

// Name says which database a URL means, without user and password, or what is wrong with the URL. It connects to nothing.
func Name(url string) (string, error) {
	config, err := parse(url)
	if err != nil {
		return "", err
	}
	return nameOf(config), nil
}

// nameOf says which database is meant, without user and password.
func nameOf(config *settings) string {
	c := config.ConnConfig
	return net.JoinHostPort(c.Host, strconv.Itoa(int(c.Port))) + "/" + c.Database
}
