package sqlite

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// users is the store of users.
type users struct {
	w    *writer
	r    *readers
	bell *revocation.Bell
}

const createUser = `
INSERT INTO users (id, epoch, disabled_at, created_at, updated_at, email, email_key, email_verified, username,
    username_key, name, roles, metadata)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

const createPassword = `INSERT INTO passwords (user_id, hash) VALUES (?, ?)`

func (s users) Create(ctx context.Context, fresh user.User, passwordHash string) error {
	roles, err := words(fresh.Roles)
	if err != nil {
		return err
	}
	_, err = writeAll(ctx, s.w, func(c *conn) (none struct{}, err error) {
		if err := free(c, fresh.ID, fresh.Email, fresh.Username); err != nil {
			return none, err
		}
		if _, err := c.exec(createUser, fresh.ID[:], fresh.Epoch, orNull(fresh.DisabledAt), millis(fresh.CreatedAt),
			millis(fresh.UpdatedAt), fresh.Email, user.Key(fresh.Email), fresh.EmailVerified, textOrNull(fresh.Username),
			keyOrNull(fresh.Username), fresh.Name, roles, metadata(fresh.Metadata)); err != nil {
			return none, err
		}
		if passwordHash != "" {
			_, err = c.exec(createPassword, fresh.ID[:], passwordHash)
		}
		return none, err
	})
	return err
}

const (
	emailOwner    = `SELECT id FROM users WHERE email_key = ?`
	usernameOwner = `SELECT id FROM users WHERE username_key = ?`
)

// free returns *user.TakenError if an identifier belongs to another user than id. The writer alone makes users, and
// within a transaction, so what is free stays free until the change.
func free(c *conn, id uuid.UUID, email, username string) error {
	for _, identifier := range []struct{ field, value, query string }{
		{"email", email, emailOwner},
		{"username", username, usernameOwner},
	} {
		if identifier.value == "" {
			continue
		}
		var owner uuid.UUID
		found, err := c.row(func(r *row) { owner = r.id() }, identifier.query, user.Key(identifier.value))
		if err != nil {
			return err
		}
		if found && owner != id {
			return &user.TakenError{Field: identifier.field}
		}
	}
	return nil
}

func keyOrNull(username string) any {
	if username == "" {
		return nil
	}
	return user.Key(username)
}

// metadata is stored as the text that was given.
func metadata(m json.RawMessage) any { return textOrNull(string(m)) }

// userColumns leaves out the id, as sessionColumns does.
const userColumns = `u.epoch, u.disabled_at, u.created_at, u.updated_at, u.email, u.email_verified, u.username, u.name,
    u.roles, u.metadata`

const (
	findUser         = `SELECT u.id, ` + userColumns + ` FROM users u WHERE u.id = ?`
	findByIdentifier = `SELECT u.id, ` + userColumns + ` FROM users u WHERE u.email_key = ?1 OR u.username_key = ?1`
	listUsers        = `SELECT u.id, ` + userColumns + ` FROM users u WHERE u.id > ? ORDER BY u.id LIMIT ?`
)

func (s users) Find(ctx context.Context, id uuid.UUID) (user.User, error) {
	return read(ctx, s.r, func(c *conn) (user.User, error) { return oneUser(c, findUser, id[:]) })
}

func (s users) FindByIdentifier(ctx context.Context, key string) (user.User, error) {
	return read(ctx, s.r, func(c *conn) (user.User, error) { return oneUser(c, findByIdentifier, key) })
}

func (s users) List(ctx context.Context, after uuid.UUID, limit int) ([]user.User, error) {
	return read(ctx, s.r, func(c *conn) (list []user.User, err error) {
		// SQLite takes a negative limit for none.
		err = c.each(func(r *row) { list = append(list, r.user(r.id())) }, listUsers, after[:], max(limit, 0))
		return list, err
	})
}

func oneUser(c *conn, query string, arg any) (u user.User, err error) {
	found, err := c.row(func(r *row) { u = r.user(r.id()) }, query, arg)
	if err == nil && !found {
		err = user.ErrNotFound
	}
	return u, err
}

const changeUser = `
UPDATE users SET updated_at = ?, email = ?, email_key = ?, email_verified = ?, username = ?, username_key = ?, name = ?,
    roles = ?, metadata = ?
WHERE id = ?`

func (s users) Update(ctx context.Context, id uuid.UUID, change user.Change, at time.Time) (user.User, error) {
	return writeAll(ctx, s.w, func(c *conn) (user.User, error) {
		u, err := oneUser(c, findUser, id[:])
		if err != nil {
			return user.User{}, err
		}
		apply(&u, change, at)
		if err := free(c, id, u.Email, u.Username); err != nil {
			return user.User{}, err
		}
		roles, err := words(u.Roles)
		if err != nil {
			return user.User{}, err
		}
		if _, err = c.exec(changeUser, millis(u.UpdatedAt), u.Email, user.Key(u.Email), u.EmailVerified,
			textOrNull(u.Username), keyOrNull(u.Username), u.Name, roles, metadata(u.Metadata), id[:]); err != nil {
			return user.User{}, err
		}
		return oneUser(c, findUser, id[:])
	})
}

// apply makes the change to u. An email in another spelling is a new one: its key is the same, its mailbox need not be.
func apply(u *user.User, change user.Change, at time.Time) {
	if change.Email != nil && *change.Email != u.Email {
		u.Email, u.EmailVerified = *change.Email, false
	}
	if change.Username != nil {
		u.Username = *change.Username
	}
	if change.Name != nil {
		u.Name = *change.Name
	}
	if change.Roles != nil {
		u.Roles = *change.Roles
	}
	if change.Metadata != nil {
		u.Metadata = *change.Metadata
	}
	u.UpdatedAt = at
}

const (
	disableUser = `UPDATE users SET disabled_at = ?2 WHERE id = ?1 AND disabled_at IS NULL`
	enableUser  = `UPDATE users SET disabled_at = NULL WHERE id = ?1`
	deleteUser  = `DELETE FROM users WHERE id = ?` // sessions and passwords go with it, by their foreign keys
)

func (s users) Disable(ctx context.Context, id uuid.UUID, disabled bool, at time.Time) error {
	_, err := ending(ctx, s.w, s.bell, func(c *conn) (none struct{}, err error) {
		u, err := oneUser(c, findUser, id[:])
		switch {
		case err != nil:
		case u.Disabled() == disabled:
		case !disabled:
			_, err = c.exec(enableUser, id[:])
		default:
			// First the sessions: nothing of a disabled user is live.
			if _, err = endAll(c, id, uuid.Nil, session.Ending{At: at, Reason: session.UserDisabled}); err == nil {
				_, err = c.exec(disableUser, id[:], millis(at))
			}
		}
		return none, err
	})
	return err
}

func (s users) Delete(ctx context.Context, id uuid.UUID) error {
	_, err := ending(ctx, s.w, s.bell, func(c *conn) (none struct{}, err error) {
		if _, err := c.exec(revokeAll, id[:]); err != nil {
			return none, err
		}
		n, err := c.exec(deleteUser, id[:])
		if err == nil && n == 0 {
			err = user.ErrNotFound
		}
		return none, err
	})
	return err
}

// user reads the columns of userColumns.
func (r *row) user(id uuid.UUID) (u user.User) {
	u.ID, u.Epoch, u.DisabledAt = id, r.integer(), r.time()
	u.CreatedAt, u.UpdatedAt = r.time(), r.time()
	u.Email, u.EmailVerified, u.Username, u.Name = r.text(), r.flag(), r.text(), r.text()
	u.Roles = r.words()
	if m := r.text(); m != "" {
		u.Metadata = json.RawMessage(m)
	}
	return u
}
