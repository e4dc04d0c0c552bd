package sqlite

import (
	"context"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// sessions is the store of sessions.
type sessions struct {
	w    *writer
	r    *readers
	bell *revocation.Bell
}

const createSession = `
INSERT INTO sessions (user_id, id, generation, parent, rotated_at, epoch, expires_at, created_at, seed, delivery, amr,
    address, user_agent)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13
FROM users WHERE id = ?1 AND epoch = ?6 AND disabled_at IS NULL`

func (s sessions) Create(ctx context.Context, fresh session.Session) error {
	amr, err := words(fresh.AMR)
	if err != nil {
		return err
	}
	_, err = writeOne(ctx, s.w, func(c *conn) (none struct{}, err error) {
		n, err := c.exec(createSession, fresh.User[:], fresh.ID[:], int64(fresh.Generation), int64(fresh.Parent),
			millis(fresh.RotatedAt), fresh.Epoch, millis(fresh.ExpiresAt), millis(fresh.CreatedAt), fresh.Seed[:],
			string(fresh.Delivery), amr, address(fresh.Device.Address), fresh.Device.UserAgent)
		if err == nil && n == 0 {
			err = session.ErrUserChanged
		}
		return none, err
	})
	return err
}

// live is the condition under which a session of user ?1 goes on.
const live = `ended_at IS NULL AND epoch = (SELECT epoch FROM users WHERE id = ?1 AND disabled_at IS NULL)`

const rotateSession = `UPDATE sessions SET generation = ?, parent = ?, rotated_at = ? WHERE user_id = ? AND id = ?`

func (s sessions) Rotate(ctx context.Context, r session.Rotation) (session.Record, bool, error) {
	done, err := writeOne(ctx, s.w, func(c *conn) (rotated, error) { return rotate(c, r) })
	return done.Record, done.moved, err
}

// rotated is the outcome of a rotation.
type rotated struct {
	session.Record
	moved bool
}

// rotate reads the record and moves the lineage if it answers to r. Both are in one transaction, which took the lock
// when it began, so nobody writes in between; the other way round the same conditions would be looked up twice.
func rotate(c *conn, r session.Rotation) (done rotated, err error) {
	if done.Record, err = findRecord(c, r.User, r.Session); err != nil || !answers(done.Record, r) {
		return done, err
	}
	at := millis(r.Next.RotatedAt)
	if _, err = c.exec(rotateSession, int64(r.Next.Generation), int64(r.Next.Parent), at, r.User[:], r.Session[:]); err != nil {
		return done, err
	}
	done.Lineage, done.RotatedAt, done.moved = r.Next, fromMillis(at), true
	return done, nil
}

// answers reports whether the session is live and meets every condition of r.
func answers(rec session.Record, r session.Rotation) bool {
	rotatedAt := millis(rec.RotatedAt)
	return rec.EndedAt.IsZero() && !rec.Owner.Disabled() && rec.Epoch == rec.Owner.Epoch &&
		rec.Generation == r.Generation && rotatedAt < millis(r.RotatedBefore) && rotatedAt > millis(r.RotatedAfter) &&
		millis(rec.ExpiresAt) > millis(r.Now)
}

func (s sessions) Find(ctx context.Context, user, id uuid.UUID) (session.Record, error) {
	return read(ctx, s.r, func(c *conn) (session.Record, error) { return findRecord(c, user, id) })
}

// sessionColumns leaves out the key, which most queries name.
const sessionColumns = `s.generation, s.parent, s.rotated_at, s.epoch, s.expires_at, s.ended_at, s.end_reason, s.created_at,
    s.seed, s.delivery, s.amr, s.address, s.user_agent`

var findSession = `SELECT ` + bare(sessionColumns+`, `+userColumns) + `
FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.user_id = ? AND s.id = ?`

func findRecord(c *conn, user, id uuid.UUID) (rec session.Record, err error) {
	found, err := c.row(func(r *row) {
		rec.Session, rec.Owner = r.session(user, id), r.user(user)
	}, findSession, user[:], id[:])
	if err == nil && !found {
		err = session.ErrNotFound
	}
	return rec, err
}

const listSessions = `SELECT s.id, ` + sessionColumns + ` FROM sessions s WHERE s.user_id = ? ORDER BY s.created_at DESC, s.id DESC`

func (s sessions) List(ctx context.Context, user uuid.UUID) ([]session.Session, error) {
	return read(ctx, s.r, func(c *conn) (list []session.Session, err error) {
		err = c.each(func(r *row) { list = append(list, r.session(user, r.id())) }, listSessions, user[:])
		return list, err
	})
}

// session reads the columns of sessionColumns.
func (r *row) session(user, id uuid.UUID) (s session.Session) {
	s.User, s.ID = user, id
	s.Generation, s.Parent, s.RotatedAt = uint32(r.integer()), uint32(r.integer()), r.time()
	s.Epoch, s.ExpiresAt = r.integer(), r.time()
	s.EndedAt, s.EndReason = r.time(), session.Reason(r.text())
	s.CreatedAt = r.time()
	r.fixed(s.Seed[:])
	s.Delivery, s.AMR = session.Delivery(r.text()), r.words()
	s.Device.Address, s.Device.UserAgent = r.address(), r.text()
	return s
}
