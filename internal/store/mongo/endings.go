package mongo

import (
	"context"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"

	"github.com/mayfly-auth/mayfly/internal/session"
)

func (s sessions) End(ctx context.Context, user, id uuid.UUID, e session.Ending) (bool, error) {
	return ending(ctx, s.DB, func(ctx context.Context) (bool, error) {
		c := change{inc: fields("version")}
		c.end(id, e)
		c.revoke(id)
		ended, err := once(ctx, func(ctx context.Context) (*driver.UpdateResult, error) {
			return s.in.users.UpdateOne(ctx, bson.D{
				{Key: "_id", Value: binaryID(user)},
				{Key: "disabled_at", Value: nil},
				{Key: within(id, "generation"), Value: bson.D{{Key: "$exists", Value: true}}},
				{Key: within(id, "ended_at"), Value: nil},
			}, c.update())
		})
		return err == nil && ended.MatchedCount == 1, err
	})
}

func (s sessions) EndAll(ctx context.Context, user, keep uuid.UUID, e session.Ending) (int, error) {
	return ending(ctx, s.DB, func(ctx context.Context) (ended int, err error) {
		err = s.changeUser(ctx, user, func(_ context.Context, d *userDocument) (*change, error) {
			if d == nil {
				return nil, nil
			}
			var c change
			ended = c.endLive(d, keep, e)
			return &c, nil
		})
		return ended, err
	})
}

// ending makes a step that may end sessions, and wakes whoever waits for revocations.
func ending[T any](ctx context.Context, db *DB, run func(context.Context) (T, error)) (T, error) {
	return step(ctx, db.steps, func(ctx context.Context) (T, error) {
		result, err := run(ctx)
		if err == nil {
			db.bell.Ring()
		}
		return result, err
	})
}
