package sqlite

import (
	"context"
	"database/sql/driver"
	"errors"
	"fmt"
	"io"
	"math"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"

	sqlitedriver "modernc.org/sqlite"
)

// busyTimeout is how long a step waits for another process that writes, such as a backup or an administrator's command.
const busyTimeout = 4 * time.Second

// conn is one connection with the statements that were prepared on it. One goroutine uses it at a time.
//
// It speaks to the driver itself: a connection that one goroutine owns needs nothing of database/sql, whose locks and
// conversions cost a fifth of a rotation.
//
// Nothing on it runs with a caller's context: the driver watches a context that can end with a goroutine for each
// statement, and a statement that is interrupted half-way through a shared commit would hurt its neighbours.
type conn struct {
	file  driver.Conn
	stmts map[string]*stmt
}

// stmt is a prepared statement. Each run puts its arguments and its rows where the last one had them.
type stmt struct {
	prepared
	args []driver.NamedValue
	row  row
}

// prepared is what the driver makes of a text.
type prepared interface {
	driver.Stmt
	driver.StmtExecContext
	driver.StmtQueryContext
}

// What a connection is opened with besides what all have.
const (
	readOnly  = "_pragma=query_only(1)"
	inWAL     = "_pragma=journal_mode(WAL)" // the file remembers it
	lockFirst = "_txlock=immediate"         // a transaction takes the write lock when it begins
)

// dsn names the file. It must exist: a database that was moved away is a fault, not a reason to begin an empty one.
func dsn(path string, with ...string) string {
	query := append([]string{
		"mode=rw",
		fmt.Sprintf("_pragma=busy_timeout(%d)", busyTimeout.Milliseconds()),
		"_pragma=synchronous(FULL)", // in WAL mode, only this syncs on every commit
		"_pragma=foreign_keys(1)",
		"_pragma=trusted_schema(0)",
		"_pragma=temp_store(MEMORY)",
	}, with...)
	slashed := filepath.ToSlash(path)
	if !strings.HasPrefix(slashed, "/") { // a drive letter
		slashed = "/" + slashed
	}
	name := url.URL{Path: slashed} // escapes what a file name may hold and a URI may not
	return "file://" + name.EscapedPath() + "?" + strings.Join(query, "&")
}

// dial opens one connection.
func dial(path string, with ...string) (*conn, error) {
	file, err := new(sqlitedriver.Driver).Open(dsn(path, with...))
	if err != nil {
		return nil, err
	}
	return &conn{file: file, stmts: map[string]*stmt{}}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.file.Close())...)
}

// stmt returns the statement for a text, which is parsed once in the life of the connection, with its arguments.
func (c *conn) stmt(text string, args []any) (*stmt, error) {
	s, ok := c.stmts[text]
	if !ok {
		made, err := c.file.Prepare(text)
		if err != nil {
			return nil, err
		}
		s = &stmt{prepared: made.(prepared)}
		c.stmts[text] = s
	}
	s.args = s.args[:0]
	for i, arg := range args {
		value, err := driver.DefaultParameterConverter.ConvertValue(arg)
		if err != nil {
			return nil, fmt.Errorf("sqlite: argument %d: %w", i+1, err)
		}
		s.args = append(s.args, driver.NamedValue{Ordinal: i + 1, Value: value})
	}
	return s, nil
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(text string, args ...any) (int, error) {
	s, err := c.stmt(text, args)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), s.args)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// row runs a query and hands its first row to f. It reports false when there is none.
func (c *conn) row(f func(*row), text string, args ...any) (bool, error) {
	n, err := c.query(1, f, text, args)
	return n == 1 && err == nil, err
}

// each runs a query and hands every row to f.
func (c *conn) each(f func(*row), text string, args ...any) error {
	_, err := c.query(math.MaxInt, f, text, args)
	return err
}

// query hands up to limit rows to f and returns how many. A row that f cannot read is the last.
func (c *conn) query(limit int, f func(*row), text string, args []any) (n int, err error) {
	s, err := c.stmt(text, args)
	if err != nil {
		return 0, err
	}
	found, err := s.QueryContext(context.Background(), s.args)
	if err != nil {
		return 0, err
	}
	defer func() {
		if end := found.Close(); err == nil {
			err = end
		}
	}()
	s.row.values = slices.Grow(s.row.values[:0], len(found.Columns()))[:len(found.Columns())]
	for ; n < limit; n++ {
		if err := found.Next(s.row.values); err != nil {
			if err == io.EOF {
				err = nil
			}
			return n, err
		}
		s.row.at, s.row.err = 0, nil
		if f(&s.row); s.row.err != nil {
			return n, s.row.err
		}
	}
	return n, nil
}
