package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	_ "modernc.org/sqlite" // the driver
)

// busyTimeout is how long a step waits for another process that writes, such as a backup or an administrator's command.
const busyTimeout = 4 * time.Second

// conn is one connection with the statements that were prepared on it. One goroutine uses it at a time.
//
// Nothing on it runs with a caller's context: the driver watches a context that can end with a goroutine for each
// statement, and a statement that is interrupted half-way through a shared commit would hurt its neighbours.
type conn struct {
	db    *sql.DB
	sql   *sql.Conn
	stmts map[string]*sql.Stmt
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

// dial opens one connection. The pool of database/sql has room for only this one, so that closing it closes the file.
func dial(path string, with ...string) (*conn, error) {
	db, err := sql.Open("sqlite", dsn(path, with...))
	if err != nil {
		return nil, err
	}
	db.SetMaxOpenConns(1)
	c, err := db.Conn(context.Background())
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &conn{db: db, sql: c, stmts: map[string]*sql.Stmt{}}, nil
}

func (c *conn) close() error {
	var errs []error
	for _, s := range c.stmts {
		errs = append(errs, s.Close())
	}
	return errors.Join(append(errs, c.sql.Close(), c.db.Close())...)
}

// prepared returns the statement for a text, which is parsed once in the life of the connection.
func (c *conn) prepared(text string) (*sql.Stmt, error) {
	if s, ok := c.stmts[text]; ok {
		return s, nil
	}
	s, err := c.sql.PrepareContext(context.Background(), text)
	if err != nil {
		return nil, err
	}
	c.stmts[text] = s
	return s, nil
}

// exec runs a statement and returns how many rows it changed.
func (c *conn) exec(text string, args ...any) (int, error) {
	s, err := c.prepared(text)
	if err != nil {
		return 0, err
	}
	res, err := s.ExecContext(context.Background(), args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

// row runs a query for one row and scans it with f. It reports false when there is none.
func (c *conn) row(f func(scanner) error, text string, args ...any) (bool, error) {
	s, err := c.prepared(text)
	if err != nil {
		return false, err
	}
	err = f(s.QueryRowContext(context.Background(), args...))
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, err
}

// each runs a query and hands every row to f.
func (c *conn) each(f func(scanner) error, text string, args ...any) error {
	s, err := c.prepared(text)
	if err != nil {
		return err
	}
	rows, err := s.QueryContext(context.Background(), args...)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

// scanner is a row to read: *sql.Row or *sql.Rows.
type scanner interface{ Scan(dest ...any) error }

// into scans a row whose columns stand for plain values.
func into(dest ...any) func(scanner) error {
	return func(s scanner) error { return s.Scan(dest...) }
}
