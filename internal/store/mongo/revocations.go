package mongo

import (
	"context"
	"slices"
	"strings"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/revocation"
)

// revocations is the store of what was ended early. A session's is a field of its user's document, with the moment of the
// database's clock, written by the change that ended it.
type revocations struct{ *DB }

// revokedPrefix and the session's id are the name of that field.
const revokedPrefix = "revoked_"

// notRevoked leaves out of an answer what is not about revocations.
var notRevoked = func() (projection bson.D) {
	for _, name := range []string{"sessions", "roles", "metadata", "password", "name"} {
		projection = append(projection, bson.E{Key: name, Value: 0})
	}
	return projection
}()

// revoked returns the revocations of the document that are younger than since, and the names of the fields of the others.
func (d *userDocument) revoked(since time.Time) (young []revocation.Revocation, old []string) {
	for name, value := range d.Rest {
		id, ok := strings.CutPrefix(name, revokedPrefix)
		at, isTime := value.TimeOK()
		switch {
		case !ok || !isTime:
		case at.After(since):
			young = append(young, revocation.Revocation{Session: fromName(id), At: at.UTC()})
		default:
			old = append(old, name)
		}
	}
	return young, old
}

// Recent reads those users first who had a session ended last. Each has one at least of what is asked for, so as many users
// as the limit are enough.
func (s revocations) Recent(ctx context.Context, within time.Duration, limit int) (revocation.Reading, error) {
	return step(ctx, s.steps, func(ctx context.Context) (seen revocation.Reading, err error) {
		if seen.Now, err = s.Clock(ctx); err != nil || limit <= 0 {
			return seen, err
		}
		since := seen.Now.Add(-within)
		seen.Revocations, err = repeat(ctx, func(ctx context.Context) (all []revocation.Revocation, err error) {
			err = s.each(ctx, bson.D{{Key: "revoked_at", Value: bson.D{{Key: "$gt", Value: since}}}}, -1, limit,
				func(d *userDocument) bool {
					young, _ := d.revoked(since)
					all = append(all, young...)
					return true
				})
			return all, err
		})
		slices.SortStableFunc(seen.Revocations, func(a, b revocation.Revocation) int { return a.At.Compare(b.At) })
		seen.Revocations = seen.Revocations[max(0, len(seen.Revocations)-limit):]
		return seen, err
	})
}

// each reads at most limit documents, by the moment of the latest revocation, until f returns false.
func (s revocations) each(ctx context.Context, filter bson.D, order, limit int, f func(*userDocument) bool) error {
	cursor, err := s.in.users.Find(ctx, filter, options.Find().
		SetSort(bson.D{{Key: "revoked_at", Value: order}}).SetLimit(int64(limit)).SetProjection(notRevoked))
	if err != nil {
		return err
	}
	defer cursor.Close(context.WithoutCancel(ctx))
	for cursor.Next(ctx) {
		var d userDocument
		if err := cursor.Decode(&d); err != nil {
			return err
		}
		if !f(&d) {
			return nil
		}
	}
	return cursor.Err()
}

// Await hears of what this process revokes. What other nodes do is found by reading.
func (s revocations) Await(ctx context.Context) {
	select {
	case <-s.bell.Next():
	case <-ctx.Done():
	}
}

// Clean looks at users whose latest revocation is old, and at those who have several, of which the first may be.
func (s revocations) Clean(ctx context.Context, olderThan time.Duration, limit int) (int, error) {
	return step(ctx, s.steps, func(ctx context.Context) (cleaned int, err error) {
		now, err := s.Clock(ctx)
		if err != nil || limit <= 0 {
			return 0, err
		}
		before := now.Add(-olderThan)
		for _, filter := range []bson.D{
			{{Key: "revoked_at", Value: bson.D{{Key: "$lt", Value: before}}}},
			{{Key: "revocations", Value: bson.D{{Key: "$gt", Value: 1}}}, {Key: "revoked_at", Value: bson.D{{Key: "$gte", Value: before}}}},
		} {
			found, err := repeat(ctx, func(ctx context.Context) (found []userDocument, err error) {
				room := limit - cleaned
				err = s.each(ctx, filter, 1, limit, func(d *userDocument) bool {
					if _, old := d.revoked(before.Add(-time.Millisecond)); len(old) > 0 || d.Gone {
						found = append(found, *d)
						room -= len(old)
					}
					return room > 0
				})
				return found, err
			})
			if err != nil {
				return cleaned, err
			}
			for i := range found {
				n, err := s.forget(ctx, &found[i], before, limit-cleaned)
				cleaned += n
				if err != nil || cleaned == limit {
					return cleaned, err
				}
			}
		}
		return cleaned, nil
	})
}

// forget removes at most limit old revocations of a user, and with the last one of somebody who was deleted what is left of
// them. If the user is changed at the same moment it leaves that to the next time.
func (s revocations) forget(ctx context.Context, d *userDocument, before time.Time, limit int) (int, error) {
	young, old := d.revoked(before.Add(-time.Millisecond))
	forgotten := old[:min(limit, len(old))]
	left := len(young) + len(old) - len(forgotten)
	same := bson.D{{Key: "_id", Value: d.ID}, {Key: "version", Value: d.Version}}
	if d.Gone && left == 0 {
		deleted, err := repeat(ctx, func(ctx context.Context) (*driver.DeleteResult, error) {
			return s.in.users.DeleteOne(ctx, same)
		})
		if err != nil || deleted.DeletedCount == 0 {
			return 0, err
		}
		return len(forgotten), nil
	}
	c := change{unset: fields(forgotten...), inc: fields("version")}
	c.add("revocations", -len(forgotten))
	if left == 0 {
		c.remove("revoked_at")
	}
	changed, err := once(ctx, func(ctx context.Context) (*driver.UpdateResult, error) {
		return s.in.users.UpdateOne(ctx, same, c.update())
	})
	if err != nil || changed.MatchedCount == 0 {
		return 0, err
	}
	return len(forgotten), nil
}
