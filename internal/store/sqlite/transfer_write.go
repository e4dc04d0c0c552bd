package sqlite

import (
	"context"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/transfer"
)

const (
	// makeRoom takes away whoever has the id or an identifier, with all that is theirs.
	makeRoom = `DELETE FROM users WHERE id = ?1 OR email_key = ?2 OR username_key = ?3`

	putSession = `
INSERT INTO sessions (user_id, id, generation, parent, rotated_at, epoch, expires_at, ended_at, end_reason, created_at,
    seed, delivery, amr, address, user_agent)
VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

	putKey = `INSERT OR REPLACE INTO signing_keys (id, algorithm, public, sealed, created_at, signs_at, revoked_at)
VALUES (?, ?, ?, ?, ?, ?, ?)`

	putRevocation  = `INSERT OR REPLACE INTO revocations (user_id, session_id, revoked_at) VALUES (?, ?, ?)`
	dropRevocation = `DELETE FROM revocations WHERE user_id = ? AND session_id = ?`
)

func (s transfers) Write(ctx context.Context, change transfer.Change) error {
	_, err := writeAll(ctx, s.w, func(c *conn) (none struct{}, err error) {
		if err := putPeople(c, change); err != nil {
			return none, err
		}
		if err := putKeys(c, change); err != nil {
			return none, err
		}
		return none, putRevocations(c, change)
	})
	return err
}

// putPeople makes room for all before it puts the first: two may have exchanged their names.
func putPeople(c *conn, change transfer.Change) error {
	for _, id := range change.Gone {
		if _, err := c.exec(deleteUser, id[:]); err != nil {
			return err
		}
	}
	for _, p := range change.Put {
		if _, err := c.exec(makeRoom, p.ID[:], p.EmailKey, textOrNull(p.UsernameKey)); err != nil {
			return err
		}
	}
	for _, p := range change.Put {
		if err := putPerson(c, p); err != nil {
			return err
		}
	}
	return nil
}

func putPerson(c *conn, p transfer.Person) error {
	roles, err := words(p.Roles)
	if err != nil {
		return err
	}
	if _, err := c.exec(createUser, p.ID[:], p.Epoch, orNull(p.DisabledAt), millis(p.CreatedAt), millis(p.UpdatedAt),
		p.Email, p.EmailKey, p.EmailVerified, textOrNull(p.Username), textOrNull(p.UsernameKey), p.Name, roles,
		metadata(p.Metadata)); err != nil {
		return err
	}
	if p.PasswordHash != "" {
		if _, err := c.exec(createPassword, p.ID[:], p.PasswordHash); err != nil {
			return err
		}
	}
	for _, s := range p.Sessions {
		if err := insertSession(c, s); err != nil {
			return err
		}
	}
	return nil
}

func insertSession(c *conn, s session.Session) error {
	amr, err := words(s.AMR)
	if err != nil {
		return err
	}
	_, err = c.exec(putSession, s.User[:], s.ID[:], int64(s.Generation), int64(s.Parent), millis(s.RotatedAt), s.Epoch,
		millis(s.ExpiresAt), orNull(s.EndedAt), textOrNull(string(s.EndReason)), millis(s.CreatedAt), s.Seed[:],
		string(s.Delivery), amr, address(s.Device.Address), s.Device.UserAgent)
	return err
}

func putKeys(c *conn, change transfer.Change) error {
	for _, id := range change.GoneKeys {
		if _, err := c.exec(deleteKey, id); err != nil {
			return err
		}
	}
	for _, k := range change.PutKeys {
		if _, err := c.exec(putKey, k.ID, k.Algorithm, k.Public, k.Sealed, millis(k.CreatedAt), millis(k.SignsAt),
			orNull(k.RevokedAt)); err != nil {
			return err
		}
	}
	return nil
}

func putRevocations(c *conn, change transfer.Change) error {
	for _, key := range change.GoneRevocations {
		if _, err := c.exec(dropRevocation, key.User[:], key.Session[:]); err != nil {
			return err
		}
	}
	for _, r := range change.PutRevocations {
		if _, err := c.exec(putRevocation, r.User[:], r.Session[:], millis(r.At)); err != nil {
			return err
		}
	}
	return nil
}
