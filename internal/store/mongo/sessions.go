package mongo

import (
	"bytes"
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// sessions is the store of sessions.
type sessions struct{ *DB }

// Create may be repeated: a session that is there already is not made twice.
func (s sessions) Create(ctx context.Context, fresh session.Session) error {
	_, err := step(ctx, s.steps, func(ctx context.Context) (none struct{}, err error) {
		for {
			made, err := s.insert(ctx, fresh)
			if err != nil || made {
				return none, err
			}
			d, err := s.readUser(ctx, fresh.User, "version", "epoch", "disabled_at", "kept", within(fresh.ID))
			if err != nil {
				return none, err
			}
			switch {
			case d == nil:
				return none, session.ErrUserChanged
			case bytes.Equal(d.Sessions[nameOf(fresh.ID)].Seed, fresh.Seed[:]): // by a try whose answer was lost
				return none, nil
			case d.Epoch != fresh.Epoch || d.DisabledAt != nil:
				return none, session.ErrUserChanged
			case int(d.Kept) < s.crowd.kept:
				continue // somebody made room, or the cleaner did
			}
			if err := s.makeRoom(ctx, fresh); err != nil {
				return none, err
			}
		}
	})
	return err
}

func (s sessions) insert(ctx context.Context, fresh session.Session) (bool, error) {
	c := change{inc: fields("kept", "version")}
	c.put(within(fresh.ID), newSessionDocument(fresh))
	made, err := repeat(ctx, func(ctx context.Context) (*driver.UpdateResult, error) {
		return s.in.users.UpdateOne(ctx, bson.D{
			{Key: "_id", Value: binaryID(fresh.User)},
			{Key: "epoch", Value: fresh.Epoch},
			{Key: "disabled_at", Value: nil},
			{Key: "kept", Value: bson.D{{Key: "$lt", Value: s.crowd.kept}}},
			{Key: within(fresh.ID), Value: bson.D{{Key: "$exists", Value: false}}},
		}, c.update())
	})
	return err == nil && made.MatchedCount == 1, err
}

// Rotate is one command if the lineage moves, and a read after it if not.
func (s sessions) Rotate(ctx context.Context, r session.Rotation) (session.Record, bool, error) {
	type outcome struct {
		rec   session.Record
		moved bool
	}
	o, err := step(ctx, s.steps, func(ctx context.Context) (o outcome, err error) {
		projection := append(slices.Clone(userFields), within(r.Session))
		d, err := repeat(ctx, func(ctx context.Context) (*userDocument, error) {
			var d userDocument
			err := s.in.users.FindOneAndUpdate(ctx, mayRotate(r), rotated(r),
				options.FindOneAndUpdate().SetReturnDocument(options.After).SetProjection(fields(projection...))).Decode(&d)
			return &d, err
		})
		o.moved = err == nil
		if errors.Is(err, driver.ErrNoDocuments) {
			d, err = s.readUser(ctx, r.User, projection...)
		}
		if err != nil {
			return outcome{}, err
		}
		if d == nil {
			return outcome{}, session.ErrNotFound
		}
		o.rec, err = d.record(r.Session)
		// Whoever changes an epoch by hand, and no session with it, ends them all too.
		o.moved = o.moved && o.rec.Epoch == o.rec.Owner.Epoch
		return o, err
	})
	if err != nil {
		return session.Record{}, false, err
	}
	return o.rec, o.moved, nil
}

// mayRotate is the condition of a rotation. The epoch is in it by the way: the change that raises a user's epoch ends every
// session, or gives it the new one.
func mayRotate(r session.Rotation) bson.D {
	return bson.D{
		{Key: "_id", Value: binaryID(r.User)},
		{Key: "disabled_at", Value: nil},
		{Key: within(r.Session, "generation"), Value: int64(r.Generation)},
		{Key: within(r.Session, "ended_at"), Value: nil},
		{Key: within(r.Session, "rotated_at"), Value: bson.D{
			{Key: "$lt", Value: moment(r.RotatedBefore)}, {Key: "$gt", Value: moment(r.RotatedAfter)},
		}},
		{Key: within(r.Session, "expires_at"), Value: bson.D{{Key: "$gt", Value: moment(r.Now)}}},
	}
}

func rotated(r session.Rotation) bson.D {
	var c change
	c.put(within(r.Session, "generation"), int64(r.Next.Generation))
	c.put(within(r.Session, "parent"), int64(r.Next.Parent))
	c.put(within(r.Session, "rotated_at"), moment(r.Next.RotatedAt))
	return c.update()
}

func (s sessions) Find(ctx context.Context, user, id uuid.UUID) (session.Record, error) {
	return step(ctx, s.steps, func(ctx context.Context) (session.Record, error) {
		d, err := s.findUser(ctx, s.in.users, user, append(slices.Clone(userFields), within(id))...)
		if err != nil {
			return session.Record{}, err
		}
		if d == nil {
			return session.Record{}, session.ErrNotFound
		}
		return d.record(id)
	})
}

func (s sessions) List(ctx context.Context, user uuid.UUID) ([]session.Session, error) {
	return step(ctx, s.steps, func(ctx context.Context) (list []session.Session, err error) {
		d, err := s.findUser(ctx, s.in.users, user, "gone", "sessions")
		if err != nil || d == nil {
			return nil, err
		}
		for name, document := range d.Sessions {
			one, err := document.session(user, fromName(name))
			if err != nil {
				return nil, err
			}
			list = append(list, one)
		}
		slices.SortFunc(list, func(a, b session.Session) int {
			if c := b.CreatedAt.Compare(a.CreatedAt); c != 0 {
				return c
			}
			return strings.Compare(string(b.ID[:]), string(a.ID[:]))
		})
		return list, nil
	})
}
