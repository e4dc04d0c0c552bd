package mongo

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/mayfly-auth/mayfly/internal/keyset"
)

// signingKeys is the store of signing keys. All of them are one document, so that what is said of the last one holds while
// another is added; there are never many.
type signingKeys struct{ *DB }

const keysID = "all"

type keysDocument struct {
	ID      string        `bson:"_id"`
	Version int64         `bson:"version"` // 0 while there is no document
	Keys    []keyDocument `bson:"keys"`
}

type keyDocument struct {
	ID        string     `bson:"id"`
	Algorithm string     `bson:"algorithm"`
	Public    []byte     `bson:"public"`
	Sealed    []byte     `bson:"sealed"`
	CreatedAt time.Time  `bson:"created_at"`
	SignsAt   time.Time  `bson:"signs_at"`
	RevokedAt *time.Time `bson:"revoked_at,omitempty"`
}

func (d *keysDocument) index(id string) int {
	return slices.IndexFunc(d.Keys, func(k keyDocument) bool { return k.ID == id })
}

// read returns the keys in their order.
func (s signingKeys) read(ctx context.Context) (*keysDocument, error) {
	d, err := repeat(ctx, func(ctx context.Context) (*keysDocument, error) {
		var d keysDocument
		return &d, s.in.keys.FindOne(ctx, bson.D{{Key: "_id", Value: keysID}}).Decode(&d)
	})
	if errors.Is(err, driver.ErrNoDocuments) {
		return &keysDocument{ID: keysID}, nil
	}
	if err != nil {
		return nil, err
	}
	slices.SortFunc(d.Keys, func(a, b keyDocument) int {
		return cmp.Or(a.SignsAt.Compare(b.SignsAt), cmp.Compare(a.ID, b.ID))
	})
	return d, nil
}

// change reads the keys, lets edit change them, and writes them if they are still the same; edit reports whether it has
// changed anything, and is called again whenever somebody else was faster.
func (s signingKeys) change(ctx context.Context, edit func(*keysDocument) (bool, error)) error {
	_, err := step(ctx, s.steps, func(ctx context.Context) (none struct{}, err error) {
		for wait := firstWait; ; wait = min(2*wait, longWait) {
			d, err := s.read(ctx)
			if err != nil {
				return none, err
			}
			if changed, err := edit(d); err != nil || !changed {
				return none, err
			}
			written, err := s.write(ctx, d)
			if err != nil || written {
				return none, err
			}
			if !pause(ctx, wait) {
				return none, errContended
			}
		}
	})
	return err
}

func (s signingKeys) write(ctx context.Context, d *keysDocument) (bool, error) {
	read := d.Version
	d.Version++
	if read == 0 {
		_, err := once(ctx, func(ctx context.Context) (*driver.InsertOneResult, error) {
			return s.in.keys.InsertOne(ctx, d)
		})
		if driver.IsDuplicateKeyError(err) {
			return false, nil
		}
		return err == nil, err
	}
	written, err := once(ctx, func(ctx context.Context) (*driver.UpdateResult, error) {
		return s.in.keys.ReplaceOne(ctx, bson.D{{Key: "_id", Value: keysID}, {Key: "version", Value: read}}, d)
	})
	return err == nil && written.MatchedCount == 1, err
}

func (s signingKeys) List(ctx context.Context) ([]keyset.StoredKey, error) {
	return step(ctx, s.steps, func(ctx context.Context) (list []keyset.StoredKey, err error) {
		d, err := s.read(ctx)
		if err != nil {
			return nil, err
		}
		for _, k := range d.Keys {
			list = append(list, keyset.StoredKey{
				ID: k.ID, Algorithm: k.Algorithm, Public: k.Public, Sealed: k.Sealed,
				CreatedAt: k.CreatedAt.UTC(), SignsAt: k.SignsAt.UTC(), RevokedAt: fromNone(k.RevokedAt),
			})
		}
		return list, nil
	})
}

func (s signingKeys) Add(ctx context.Context, k keyset.StoredKey, last string) error {
	return s.change(ctx, func(d *keysDocument) (bool, error) {
		have := ""
		if n := len(d.Keys); n > 0 {
			have = d.Keys[n-1].ID
		}
		if have != last || d.index(k.ID) >= 0 {
			return false, keyset.ErrConflict
		}
		d.Keys = append(d.Keys, keyDocument{
			ID: k.ID, Algorithm: k.Algorithm, Public: k.Public, Sealed: k.Sealed,
			CreatedAt: moment(k.CreatedAt), SignsAt: moment(k.SignsAt), RevokedAt: orNone(k.RevokedAt),
		})
		return true, nil
	})
}

func (s signingKeys) Reseal(ctx context.Context, id string, old, sealed []byte) error {
	return s.change(ctx, func(d *keysDocument) (bool, error) {
		i := d.index(id)
		switch {
		case i < 0:
			return false, keyset.ErrNotFound
		case !bytes.Equal(d.Keys[i].Sealed, old):
			return false, keyset.ErrConflict
		}
		d.Keys[i].Sealed = sealed
		return true, nil
	})
}

func (s signingKeys) Revoke(ctx context.Context, id string, at time.Time) error {
	return s.change(ctx, func(d *keysDocument) (bool, error) {
		i := d.index(id)
		switch {
		case i < 0:
			return false, keyset.ErrNotFound
		case d.Keys[i].RevokedAt != nil:
			return false, nil
		}
		at = moment(at)
		d.Keys[i].RevokedAt = &at
		return true, nil
	})
}

func (s signingKeys) Delete(ctx context.Context, id string) error {
	return s.change(ctx, func(d *keysDocument) (bool, error) {
		i := d.index(id)
		if i < 0 {
			return false, nil
		}
		d.Keys = slices.Delete(d.Keys, i, i+1)
		return true, nil
	})
}
