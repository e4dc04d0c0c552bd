package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// transfers is the database as one side of a copy.
type transfers struct{ c *conns }

// Transfer returns the database as one side of a copy.
func (db *DB) Transfer() transfer.Target { return transfers{db.others} }

const (
	countUsers = `SELECT count(*) FROM users`

	pageOfUsers = `SELECT ` + userColumns + ` FROM users u WHERE u.id > $1 ORDER BY u.id LIMIT $2`

	// What belongs to a page of users is read by ranges of its own: a join would need statistics to be planned well, and a
	// table that has just been filled has none.
	identifiersOfUsers = `SELECT user_id, kind, key FROM identifiers WHERE user_id > $1 AND user_id <= $2`
	passwordsOfUsers   = `SELECT user_id, hash FROM passwords WHERE user_id > $1 AND user_id <= $2`
	sessionsOfUsers    = `SELECT ` + sessionColumns + ` FROM sessions s
WHERE s.user_id > $1 AND s.user_id <= $2 ORDER BY s.user_id, s.id`

	pageOfRevocations = `SELECT user_id, session_id, revoked_at FROM revocations
WHERE (user_id, session_id) > ($1, $2) ORDER BY user_id, session_id LIMIT $3`
)

func (s transfers) Count(ctx context.Context) (int, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (n int, err error) {
		return n, c.QueryRow(ctx, countUsers).Scan(&n)
	})
}

// oneMoment makes several queries see the same state.
var oneMoment = pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}

func (s transfers) People(ctx context.Context, after uuid.UUID, limit int) ([]transfer.Person, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (list []transfer.Person, err error) {
		err = pgx.BeginTxFunc(ctx, c, oneMoment, func(tx pgx.Tx) error {
			if list, err = readUsers(ctx, tx, after, limit); err != nil || len(list) == 0 {
				return err
			}
			return readBelongings(ctx, tx, after, list)
		})
		return list, err
	})
}

func readUsers(ctx context.Context, tx pgx.Tx, after uuid.UUID, limit int) (list []transfer.Person, err error) {
	rows, err := tx.Query(ctx, pageOfUsers, after, max(limit, 0))
	if err != nil {
		return nil, err
	}
	err = each(rows, func(row pgx.Rows) error {
		var u userRow
		err := row.Scan(u.columns()...)
		list = append(list, transfer.Person{User: u.user()})
		return err
	})
	return list, err
}

// readBelongings gives each of the people what is theirs. A row without a user is nobody's.
func readBelongings(ctx context.Context, tx pgx.Tx, after uuid.UUID, list []transfer.Person) error {
	people := make(map[uuid.UUID]*transfer.Person, len(list))
	for i := range list {
		people[list[i].ID] = &list[i]
	}
	last := list[len(list)-1].ID
	var batch pgx.Batch
	for text, read := range map[string]func(pgx.Rows, map[uuid.UUID]*transfer.Person) error{
		identifiersOfUsers: readIdentifier, passwordsOfUsers: readPassword, sessionsOfUsers: readSession,
	} {
		batch.Queue(text, after, last).Query(func(rows pgx.Rows) error {
			return each(rows, func(row pgx.Rows) error { return read(row, people) })
		})
	}
	return tx.SendBatch(ctx, &batch).Close()
}

func readIdentifier(row pgx.Rows, people map[uuid.UUID]*transfer.Person) error {
	var owner uuid.UUID
	var kind, key string
	err := row.Scan(&owner, &kind, &key)
	switch p := people[owner]; {
	case p == nil:
	case kind == "email":
		p.EmailKey = key
	default:
		p.UsernameKey = key
	}
	return err
}

func readPassword(row pgx.Rows, people map[uuid.UUID]*transfer.Person) error {
	var owner uuid.UUID
	var hash string
	err := row.Scan(&owner, &hash)
	if p := people[owner]; p != nil {
		p.PasswordHash = hash
	}
	return err
}

func readSession(row pgx.Rows, people map[uuid.UUID]*transfer.Person) error {
	var r sessionRow
	if err := row.Scan(r.columns()...); err != nil {
		return err
	}
	one, err := r.session()
	if p := people[one.User]; p != nil {
		p.Sessions = append(p.Sessions, one)
	}
	return err
}

func (s transfers) Keys(ctx context.Context) ([]keyset.StoredKey, error) {
	return signingKeys(s).List(ctx)
}

func (s transfers) Revocations(ctx context.Context, after session.Key, limit int) ([]transfer.Revoked, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (list []transfer.Revoked, err error) {
		rows, err := c.Query(ctx, pageOfRevocations, after.User, after.Session, max(limit, 0))
		if err != nil {
			return nil, err
		}
		return list, each(rows, func(row pgx.Rows) error {
			var one transfer.Revoked
			err := row.Scan(&one.User, &one.Session, &one.At)
			one.At = one.At.UTC().Truncate(time.Millisecond)
			list = append(list, one)
			return err
		})
	})
}
