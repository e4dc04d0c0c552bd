package sqlite

import (
	"context"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// transfers is the database as one side of a copy.
type transfers struct {
	w *writer
	r *readers
}

// Transfer returns the database as one side of a copy.
func (db *DB) Transfer() transfer.Target { return transfers{db.writer, db.readers} }

const (
	countUsers = `SELECT count(*) FROM users`

	wholeUsers = `SELECT u.id, ` + userColumns + `, u.email_key, u.username_key, p.hash
FROM users u LEFT JOIN passwords p ON p.user_id = u.id WHERE u.id > ? ORDER BY u.id LIMIT ?`

	sessionsOfUsers = `SELECT s.user_id, s.id, ` + sessionColumns + ` FROM sessions s
WHERE s.user_id > ? AND s.user_id <= ? ORDER BY s.user_id, s.id`

	pageOfRevocations = `SELECT user_id, session_id, revoked_at FROM revocations
WHERE (user_id, session_id) > (?, ?) ORDER BY user_id, session_id LIMIT ?`
)

func (s transfers) Count(ctx context.Context) (int, error) {
	return read(ctx, s.r, func(c *conn) (n int, err error) {
		_, err = c.row(func(r *row) { n = int(r.integer()) }, countUsers)
		return n, err
	})
}

func (s transfers) People(ctx context.Context, after uuid.UUID, limit int) ([]transfer.Person, error) {
	return snapshot(ctx, s.r, func(c *conn) (list []transfer.Person, err error) {
		err = c.each(func(r *row) {
			list = append(list, transfer.Person{User: r.user(r.id()), EmailKey: r.text(), UsernameKey: r.text(), PasswordHash: r.text()})
		}, wholeUsers, after[:], max(limit, 0))
		if err != nil || len(list) == 0 {
			return nil, err
		}
		return list, addSessions(c, after, list)
	})
}

// addSessions gives each of the people their sessions. Both come in the order of the user's id.
func addSessions(c *conn, after uuid.UUID, list []transfer.Person) error {
	last, at := list[len(list)-1].ID, 0
	return c.each(func(r *row) {
		owner := r.id()
		one := r.session(owner, r.id())
		for list[at].ID != owner { // a foreign key sees to it that the owner is among them
			at++
		}
		list[at].Sessions = append(list[at].Sessions, one)
	}, sessionsOfUsers, after[:], last[:])
}

// snapshot runs several queries on one committed state.
func snapshot[T any](ctx context.Context, r *readers, run func(*conn) (T, error)) (T, error) {
	return read(ctx, r, func(c *conn) (result T, err error) {
		if _, err := c.exec("BEGIN"); err != nil {
			return result, err
		}
		result, err = run(c)
		if _, end := c.exec("ROLLBACK"); err == nil { // nothing was written
			err = end
		}
		return result, err
	})
}

func (s transfers) Keys(ctx context.Context) ([]keyset.StoredKey, error) {
	return signingKeys(s).List(ctx)
}

func (s transfers) Revocations(ctx context.Context, after session.Key, limit int) ([]transfer.Revoked, error) {
	return read(ctx, s.r, func(c *conn) (list []transfer.Revoked, err error) {
		err = c.each(func(r *row) {
			list = append(list, transfer.Revoked{Key: session.Key{User: r.id(), Session: r.id()}, At: r.time()})
		}, pageOfRevocations, after.User[:], after.Session[:], max(limit, 0))
		return list, err
	})
}
