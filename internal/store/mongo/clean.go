package mongo

import (
	"bytes"
	"context"
	"slices"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// Clean looks first, so that a walk over living sessions writes nothing. What it found dead is looked at once more by the
// change that deletes.
//
// It reads as many documents as it may look at sessions: one without any counts as a look too.
func (s sessions) Clean(ctx context.Context, b session.CleanBatch) (next session.Key, deleted int, err error) {
	if b.Limit <= 0 {
		return session.Key{}, 0, ctx.Err()
	}
	_, err = step(ctx, s.steps, func(ctx context.Context) (none struct{}, err error) {
		seen, err := s.look(ctx, b)
		if err != nil {
			return none, err
		}
		for _, owner := range seen.dead {
			n, err := s.deleteDead(ctx, owner, b, seen.last)
			if err != nil {
				return none, err
			}
			deleted += n
		}
		if !seen.end {
			next = seen.last
		}
		return none, nil
	})
	if err != nil {
		return session.Key{}, 0, err
	}
	return next, deleted, nil
}

// batchSeen is what one step of the cleaner has looked at.
type batchSeen struct {
	last session.Key
	rows int
	dead []uuid.UUID // users who have something to delete
	end  bool
}

// look walks the sessions of users in the order of their ids. The user of After comes again: there may be more of theirs.
func (s sessions) look(ctx context.Context, b session.CleanBatch) (batchSeen, error) {
	return repeat(ctx, func(ctx context.Context) (seen batchSeen, err error) {
		cursor, err := s.in.users.Find(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$gte", Value: binaryID(b.After.User)}}}},
			options.Find().SetSort(fields("_id")).SetLimit(int64(b.Limit)+1).SetProjection(fields("sessions")))
		if err != nil {
			return seen, err
		}
		defer cursor.Close(context.WithoutCancel(ctx))
		users := 0
		for ; cursor.Next(ctx); users++ {
			var d userDocument
			if err := cursor.Decode(&d); err != nil {
				return seen, err
			}
			if !seen.lookAt(&d, b) {
				return seen, nil
			}
		}
		seen.end = users <= b.Limit
		return seen, cursor.Err()
	})
}

// lookAt reports whether there is room in the batch for another user.
func (seen *batchSeen) lookAt(d *userDocument, b session.CleanBatch) bool {
	owner := fromBinaryID(d.ID)
	dead := false
	for _, id := range d.order() {
		key := session.Key{User: owner, Session: id}
		if !after(key, b.After) {
			continue
		}
		if seen.rows == b.Limit {
			break
		}
		seen.rows++
		seen.last = key
		dead = dead || isDead(d.of(id), b)
	}
	if dead {
		seen.dead = append(seen.dead, owner)
	}
	if seen.rows < b.Limit {
		seen.last = session.Key{User: owner, Session: uuid.Max} // nothing is left of this one
		return true
	}
	return false
}

// deleteDead deletes what is dead of a user in a batch that ends with last. One that was idle for too long may be refreshed
// at this moment: the change is then not made, and decided anew.
func (s sessions) deleteDead(ctx context.Context, owner uuid.UUID, b session.CleanBatch, last session.Key) (deleted int, err error) {
	err = s.changeUser(ctx, owner, func(_ context.Context, d *userDocument) (*change, error) {
		deleted = 0
		if d == nil {
			return nil, nil
		}
		var c change
		for _, id := range d.order() {
			key := session.Key{User: owner, Session: id}
			if !after(key, b.After) || after(key, last) || !isDead(d.of(id), b) {
				continue
			}
			c.remove(within(id))
			c.when(within(id, "rotated_at"), d.of(id).RotatedAt)
			deleted++
		}
		if deleted == 0 {
			return nil, nil
		}
		c.add("kept", -deleted)
		return &c, nil
	})
	return deleted, err
}

func isDead(s sessionDocument, b session.CleanBatch) bool {
	return s.EndedAt != nil && s.EndedAt.Before(moment(b.EndedBefore)) || s.ExpiresAt.Before(moment(b.EndedBefore)) ||
		s.RotatedAt.Before(moment(b.IdleBefore))
}

// order returns the ids of the document's sessions in their order.
func (d *userDocument) order() []uuid.UUID {
	ids := make([]uuid.UUID, 0, len(d.Sessions))
	for name := range d.Sessions {
		ids = append(ids, fromName(name))
	}
	slices.SortFunc(ids, func(a, b uuid.UUID) int { return bytes.Compare(a[:], b[:]) })
	return ids
}

// after reports whether a comes after b in the order of keys.
func after(a, b session.Key) bool {
	if c := bytes.Compare(a.User[:], b.User[:]); c != 0 {
		return c > 0
	}
	return bytes.Compare(a.Session[:], b.Session[:]) > 0
}
