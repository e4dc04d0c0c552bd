package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgtype"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/transfer"
)

const (
	identifierHolders = `
SELECT i.user_id FROM identifiers i
JOIN unnest($1::text[], $2::text[]) AS k (kind, key) ON i.kind = k.kind AND i.key = k.key`

	deleteUsers            = `DELETE FROM users WHERE id = ANY($1::uuid[])`
	deleteIdentifiersOf    = `DELETE FROM identifiers WHERE user_id = ANY($1::uuid[])`
	deletePasswordsOf      = `DELETE FROM passwords WHERE user_id = ANY($1::uuid[])`
	deleteSessionsOf       = `DELETE FROM sessions WHERE user_id = ANY($1::uuid[])`
	deleteKeys             = `DELETE FROM signing_keys WHERE id = ANY($1::text[])`
	deleteTheseRevocations = `DELETE FROM revocations WHERE (user_id, session_id) IN (SELECT * FROM unnest($1::uuid[], $2::uuid[]))`
	putKey                 = `
INSERT INTO signing_keys (id, algorithm, public, sealed, created_at, signs_at, revoked_at) VALUES ($1, $2, $3, $4, $5, $6, $7)
ON CONFLICT (id) DO UPDATE SET algorithm = excluded.algorithm, public = excluded.public, sealed = excluded.sealed,
    created_at = excluded.created_at, signs_at = excluded.signs_at, revoked_at = excluded.revoked_at`
	putRevocation = `
INSERT INTO revocations (user_id, session_id, revoked_at) VALUES ($1, $2, $3)
ON CONFLICT (user_id, session_id) DO UPDATE SET revoked_at = excluded.revoked_at`
)

// Write may be made twice without harm.
func (s transfers) Write(ctx context.Context, change transfer.Change) error {
	_, err := repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		return none, pgx.BeginFunc(ctx, c, func(tx pgx.Tx) error {
			if err := removePeople(ctx, tx, change); err != nil {
				return err
			}
			if err := insertPeople(ctx, tx, change.Put); err != nil {
				return err
			}
			return writeRest(ctx, tx, change)
		})
	})
	return err
}

// removePeople takes away those who are gone, what the others were before, and whoever else has a name of theirs.
func removePeople(ctx context.Context, tx pgx.Tx, change transfer.Change) error {
	if len(change.Gone)+len(change.Put) == 0 {
		return nil
	}
	var ids []pgtype.UUID
	for _, id := range change.Gone {
		ids = append(ids, pgUUID(id))
	}
	var kinds, keys []string
	for _, p := range change.Put {
		ids = append(ids, pgUUID(p.ID))
		kinds, keys = append(kinds, "email", "username"), append(keys, p.EmailKey, p.UsernameKey)
	}
	rows, err := tx.Query(ctx, identifierHolders, kinds, keys)
	if err != nil {
		return err
	}
	holders, err := pgx.CollectRows(rows, pgx.RowTo[pgtype.UUID])
	if err != nil {
		return err
	}
	ids = append(ids, holders...)
	for _, text := range []string{deleteUsers, deleteIdentifiersOf, deletePasswordsOf, deleteSessionsOf} {
		if _, err := tx.Exec(ctx, text, ids); err != nil {
			return err
		}
	}
	return nil
}

// insertPeople puts people where nothing of them is, by COPY, which is several times faster than INSERT.
func insertPeople(ctx context.Context, tx pgx.Tx, people []transfer.Person) error {
	var rows tableRows
	for _, p := range people {
		rows.add(p)
	}
	for _, one := range []struct {
		table   string
		columns []string
		rows    [][]any
	}{
		{"users", []string{
			"id", "epoch", "disabled_at", "created_at", "updated_at", "email_verified", "email", "username", "name", "roles",
			"metadata",
		}, rows.users},
		{"identifiers", []string{"kind", "key", "user_id"}, rows.identifiers},
		{"passwords", []string{"user_id", "hash"}, rows.passwords},
		{"sessions", []string{
			"user_id", "id", "generation", "parent", "rotated_at", "epoch", "expires_at", "created_at", "ended_at", "end_reason",
			"seed", "delivery", "amr", "address", "user_agent",
		}, rows.sessions},
	} {
		if len(one.rows) == 0 {
			continue
		}
		if _, err := tx.CopyFrom(ctx, pgx.Identifier{one.table}, one.columns, pgx.CopyFromRows(one.rows)); err != nil {
			return err
		}
	}
	return nil
}

// tableRows are the rows that people are divided into.
type tableRows struct{ users, identifiers, passwords, sessions [][]any }

func (r *tableRows) add(p transfer.Person) {
	id := pgUUID(p.ID)
	r.users = append(r.users, []any{
		id, p.Epoch, orNull(p.DisabledAt), moment(p.CreatedAt), moment(p.UpdatedAt), p.EmailVerified, p.Email,
		textOrNull(p.Username), p.Name, p.Roles, metadata(p.Metadata),
	})
	for _, one := range [][2]string{{"email", p.EmailKey}, {"username", p.UsernameKey}} {
		if one[1] != "" {
			r.identifiers = append(r.identifiers, []any{one[0], one[1], id})
		}
	}
	if p.PasswordHash != "" {
		r.passwords = append(r.passwords, []any{id, p.PasswordHash})
	}
	for _, s := range p.Sessions {
		r.sessions = append(r.sessions, wholeSession(s))
	}
}

func wholeSession(s session.Session) []any {
	return []any{
		pgUUID(s.User), pgUUID(s.ID), int64(s.Generation), int64(s.Parent), moment(s.RotatedAt), s.Epoch, moment(s.ExpiresAt),
		moment(s.CreatedAt), orNull(s.EndedAt), textOrNull(string(s.EndReason)), s.Seed[:], string(s.Delivery), s.AMR,
		address(s.Device.Address), plain(s.Device.UserAgent),
	}
}

// writeRest writes what is no person's: keys are few, revocations a page.
func writeRest(ctx context.Context, tx pgx.Tx, change transfer.Change) error {
	var batch pgx.Batch
	if len(change.GoneKeys) > 0 {
		batch.Queue(deleteKeys, change.GoneKeys)
	}
	for _, k := range change.PutKeys {
		batch.Queue(putKey, k.ID, k.Algorithm, k.Public, k.Sealed, moment(k.CreatedAt), moment(k.SignsAt), orNull(k.RevokedAt))
	}
	if len(change.GoneRevocations) > 0 {
		var users, sessions []pgtype.UUID
		for _, key := range change.GoneRevocations {
			users, sessions = append(users, pgUUID(key.User)), append(sessions, pgUUID(key.Session))
		}
		batch.Queue(deleteTheseRevocations, users, sessions)
	}
	for _, r := range change.PutRevocations {
		batch.Queue(putRevocation, r.User, r.Session, moment(r.At))
	}
	if batch.Len() == 0 {
		return nil
	}
	return tx.SendBatch(ctx, &batch).Close()
}
