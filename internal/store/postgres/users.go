package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// users is the store of users.
type users struct {
	c     *conns
	bells *bells
}

const (
	createIdentifier = `INSERT INTO identifiers (kind, key, user_id) VALUES ($1, $2, $3)`

	createUser = `
INSERT INTO users (id, epoch, disabled_at, created_at, updated_at, email_verified, email, username, name, roles, metadata)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11::json)`

	createPassword = `INSERT INTO passwords (user_id, hash) VALUES ($1, $2)`
)

func (s users) Create(ctx context.Context, fresh user.User, passwordHash string) error {
	email, username := user.Key(fresh.Email), user.Key(fresh.Username)
	if err := s.free(ctx, fresh.ID, email, username); err != nil {
		return err
	}
	parts := []part{query(createIdentifier, "email", email, fresh.ID)}
	if username != "" {
		parts = append(parts, query(createIdentifier, "username", username, fresh.ID))
	}
	parts = append(parts, query(createUser, fresh.ID, fresh.Epoch, orNull(fresh.DisabledAt), moment(fresh.CreatedAt),
		moment(fresh.UpdatedAt), fresh.EmailVerified, fresh.Email, textOrNull(fresh.Username), fresh.Name, fresh.Roles,
		metadata(fresh.Metadata)))
	if passwordHash != "" {
		parts = append(parts, query(createPassword, fresh.ID, passwordHash))
	}
	_, err := once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		return none, together(ctx, c, parts...)
	})
	switch {
	case isTaken(err, 0):
		return &user.TakenError{Field: "email"}
	case username != "" && isTaken(err, 1):
		return &user.TakenError{Field: "username"}
	}
	return err
}

const identifierOwners = `
SELECT EXISTS (SELECT FROM identifiers WHERE kind = 'email' AND key = $2 AND user_id <> $1),
    EXISTS (SELECT FROM identifiers WHERE kind = 'username' AND key = $3 AND user_id <> $1)`

// free returns *user.TakenError if an identifier belongs to another user than id. It decides nothing, since the primary
// key does; but what the primary key refuses is written into the database's log, with the identifier.
func (s users) free(ctx context.Context, id uuid.UUID, email, username string) error {
	type owners struct{ email, username bool }
	taken, err := repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (taken owners, err error) {
		err = c.QueryRow(ctx, identifierOwners, id, email, username).Scan(&taken.email, &taken.username)
		return taken, err
	})
	switch {
	case err != nil:
		return err
	case taken.email:
		return &user.TakenError{Field: "email"}
	case taken.username:
		return &user.TakenError{Field: "username"}
	}
	return nil
}

// metadata is stored as the text that was given.
func metadata(m json.RawMessage) any { return textOrNull(string(m)) }

const (
	userColumns = `u.id, u.epoch, u.disabled_at, u.created_at, u.updated_at, u.email_verified, u.email, u.username,
    u.name, u.roles, u.metadata`

	findUser         = `SELECT ` + userColumns + ` FROM users u WHERE u.id = $1`
	findByIdentifier = `SELECT ` + userColumns + ` FROM identifiers i JOIN users u ON u.id = i.user_id WHERE i.key = $1`
	listUsers        = `SELECT ` + userColumns + ` FROM users u WHERE u.id > $1 ORDER BY u.id LIMIT $2`
)

func (s users) Find(ctx context.Context, id uuid.UUID) (user.User, error) {
	return s.one(ctx, findUser, id)
}

func (s users) FindByIdentifier(ctx context.Context, key string) (user.User, error) {
	return s.one(ctx, findByIdentifier, key)
}

func (s users) one(ctx context.Context, text string, arg any) (user.User, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (user.User, error) {
		var r userRow
		err := c.QueryRow(ctx, text, arg).Scan(r.columns()...)
		if errors.Is(err, pgx.ErrNoRows) {
			err = user.ErrNotFound
		}
		return r.user(), err
	})
}

func (s users) List(ctx context.Context, after uuid.UUID, limit int) ([]user.User, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (list []user.User, err error) {
		rows, err := c.Query(ctx, listUsers, after, max(limit, 0))
		if err != nil {
			return nil, err
		}
		err = each(rows, func(row pgx.Rows) error {
			var r userRow
			err := row.Scan(r.columns()...)
			list = append(list, r.user())
			return err
		})
		return list, err
	})
}

const disableUser = `
WITH raised AS (
    UPDATE users SET epoch = epoch + 1, disabled_at = $3 WHERE id = $1 AND disabled_at IS NULL
    RETURNING epoch, false AS was_disabled
), ended AS (` + endLive + `)` + writeDown

const enableUser = `UPDATE users SET disabled_at = NULL WHERE id = $1 AND disabled_at IS NOT NULL`

func (s users) Disable(ctx context.Context, id uuid.UUID, disabled bool, at time.Time) error {
	change := query(enableUser, id)
	if disabled {
		change = query(disableUser, id, uuid.Nil, moment(at), string(session.UserDisabled))
	}
	_, err := once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		err = together(ctx, c, query(lockUser, id).orElse(user.ErrNotFound), change)
		return none, s.bells.after(err)
	})
	return err
}

// The user goes first: sign-ins under way have then either made their session or find no user.
const (
	deleteUser     = `DELETE FROM users WHERE id = $1`
	deleteSessions = `
WITH ended AS (DELETE FROM sessions WHERE user_id = $1 RETURNING user_id, id, ended_at IS NULL AS over)` + writeDown
	deletePassword    = `DELETE FROM passwords WHERE user_id = $1`
	deleteIdentifiers = `DELETE FROM identifiers WHERE user_id = $1`
)

func (s users) Delete(ctx context.Context, id uuid.UUID) error {
	_, err := once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		err = together(ctx, c, query(deleteUser, id).orElse(user.ErrNotFound), query(deleteSessions, id),
			query(deletePassword, id), query(deleteIdentifiers, id))
		return none, s.bells.after(err)
	})
	return err
}

// userRow takes the columns of userColumns.
type userRow struct {
	u          user.User
	disabledAt *time.Time
	username   *string
	metadata   []byte
}

func (r *userRow) columns() []any {
	return []any{
		bytesOf(&r.u.ID), &r.u.Epoch, &r.disabledAt, &r.u.CreatedAt, &r.u.UpdatedAt, &r.u.EmailVerified, &r.u.Email, &r.username,
		&r.u.Name, &r.u.Roles, &r.metadata,
	}
}

func (r *userRow) user() user.User {
	u := r.u
	u.DisabledAt, u.CreatedAt, u.UpdatedAt = fromNull(r.disabledAt), u.CreatedAt.UTC(), u.UpdatedAt.UTC()
	if r.username != nil {
		u.Username = *r.username
	}
	u.Metadata = r.metadata
	return u
}
