package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/keyset"
)

// signingKeys is the store of signing keys.
type signingKeys struct{ c *conns }

const (
	listKeys = `SELECT id, algorithm, public, sealed, created_at, signs_at, revoked_at FROM signing_keys
ORDER BY signs_at, id`

	// lockKeys lets one node at a time add a key.
	lockKeys = `SELECT id FROM mayfly WHERE id = 1 FOR UPDATE`

	addKey = `
INSERT INTO signing_keys (id, algorithm, public, sealed, created_at, signs_at, revoked_at)
SELECT $1::text, $2::text, $3::bytea, $4::bytea, $5::timestamptz, $6::timestamptz, $7::timestamptz
WHERE $8::text = coalesce((SELECT id FROM signing_keys ORDER BY signs_at DESC, id DESC LIMIT 1), '')
ON CONFLICT DO NOTHING`

	resealKey = `
WITH resealed AS (
    UPDATE signing_keys SET sealed = $3 WHERE id = $1 AND sealed = $2 RETURNING id
)
SELECT EXISTS (SELECT FROM resealed), EXISTS (SELECT FROM signing_keys WHERE id = $1)`

	revokeKey = `UPDATE signing_keys SET revoked_at = coalesce(revoked_at, $2) WHERE id = $1`
	deleteKey = `DELETE FROM signing_keys WHERE id = $1`
)

func (s signingKeys) List(ctx context.Context) ([]keyset.StoredKey, error) {
	return repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (list []keyset.StoredKey, err error) {
		rows, err := c.Query(ctx, listKeys)
		if err != nil {
			return nil, err
		}
		err = each(rows, func(row pgx.Rows) error {
			var k keyset.StoredKey
			var revokedAt *time.Time
			err := row.Scan(&k.ID, &k.Algorithm, &k.Public, &k.Sealed, &k.CreatedAt, &k.SignsAt, &revokedAt)
			k.CreatedAt, k.SignsAt, k.RevokedAt = k.CreatedAt.UTC(), k.SignsAt.UTC(), fromNull(revokedAt)
			list = append(list, k)
			return err
		})
		return list, err
	})
}

func (s signingKeys) Add(ctx context.Context, k keyset.StoredKey, last string) error {
	_, err := once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		return none, together(ctx, c,
			query(lockKeys).orElse(errNoMayflyRow),
			query(addKey, k.ID, k.Algorithm, k.Public, k.Sealed, moment(k.CreatedAt), moment(k.SignsAt),
				orNull(k.RevokedAt), last).orElse(keyset.ErrConflict),
		)
	})
	return err
}

func (s signingKeys) Reseal(ctx context.Context, id string, old, sealed []byte) error {
	_, err := once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		var resealed, known bool
		err = c.QueryRow(ctx, resealKey, id, old, sealed).Scan(&resealed, &known)
		switch {
		case err != nil || resealed:
			return none, err
		case !known:
			return none, keyset.ErrNotFound
		}
		return none, keyset.ErrConflict
	})
	return err
}

func (s signingKeys) Revoke(ctx context.Context, id string, at time.Time) error {
	_, err := repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		tag, err := c.Exec(ctx, revokeKey, id, moment(at))
		if err == nil && tag.RowsAffected() == 0 {
			err = keyset.ErrNotFound
		}
		return none, err
	})
	return err
}

func (s signingKeys) Delete(ctx context.Context, id string) error {
	_, err := repeat(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (none struct{}, err error) {
		_, err = c.Exec(ctx, deleteKey, id)
		return none, err
	})
	return err
}
