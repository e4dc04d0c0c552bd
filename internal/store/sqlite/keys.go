package sqlite

import (
	"bytes"
	"context"
	"time"

	"github.com/mayfly-auth/mayfly/internal/keyset"
)

// signingKeys is the store of signing keys.
type signingKeys struct {
	w *writer
	r *readers
}

const (
	listKeys = `SELECT id, algorithm, public, sealed, created_at, signs_at, revoked_at FROM signing_keys
ORDER BY signs_at, id`
	lastKey = `SELECT id FROM signing_keys ORDER BY signs_at DESC, id DESC LIMIT 1`
	addKey  = `INSERT INTO signing_keys (id, algorithm, public, sealed, created_at, signs_at, revoked_at)
VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`
	sealedKey = `SELECT sealed FROM signing_keys WHERE id = ?`
	resealKey = `UPDATE signing_keys SET sealed = ?2 WHERE id = ?1`
	revokeKey = `UPDATE signing_keys SET revoked_at = coalesce(revoked_at, ?2) WHERE id = ?1`
	deleteKey = `DELETE FROM signing_keys WHERE id = ?`
)

func (s signingKeys) List(ctx context.Context) ([]keyset.StoredKey, error) {
	return read(ctx, s.r, func(c *conn) (list []keyset.StoredKey, err error) {
		err = c.each(func(r *row) {
			list = append(list, keyset.StoredKey{
				ID: r.text(), Algorithm: r.text(), Public: r.blob(), Sealed: r.blob(),
				CreatedAt: r.time(), SignsAt: r.time(), RevokedAt: r.time(),
			})
		}, listKeys)
		return list, err
	})
}

func (s signingKeys) Add(ctx context.Context, k keyset.StoredKey, last string) error {
	_, err := writeOne(ctx, s.w, func(c *conn) (none struct{}, err error) {
		var current string
		if _, err := c.row(func(r *row) { current = r.text() }, lastKey); err != nil {
			return none, err
		}
		if current != last {
			return none, keyset.ErrConflict
		}
		n, err := c.exec(addKey, k.ID, k.Algorithm, k.Public, k.Sealed, millis(k.CreatedAt), millis(k.SignsAt),
			orNull(k.RevokedAt))
		if err == nil && n == 0 { // another key has this id
			err = keyset.ErrConflict
		}
		return none, err
	})
	return err
}

func (s signingKeys) Reseal(ctx context.Context, id string, old, sealed []byte) error {
	_, err := writeOne(ctx, s.w, func(c *conn) (none struct{}, err error) {
		var current []byte
		switch found, err := c.row(func(r *row) { current = r.blob() }, sealedKey, id); {
		case err != nil:
			return none, err
		case !found:
			return none, keyset.ErrNotFound
		case !bytes.Equal(current, old):
			return none, keyset.ErrConflict
		}
		_, err = c.exec(resealKey, id, sealed)
		return none, err
	})
	return err
}

func (s signingKeys) Revoke(ctx context.Context, id string, at time.Time) error {
	_, err := writeOne(ctx, s.w, func(c *conn) (none struct{}, err error) {
		n, err := c.exec(revokeKey, id, millis(at))
		if err == nil && n == 0 {
			err = keyset.ErrNotFound
		}
		return none, err
	})
	return err
}

func (s signingKeys) Delete(ctx context.Context, id string) error {
	_, err := writeOne(ctx, s.w, func(c *conn) (int, error) { return c.exec(deleteKey, id) })
	return err
}
