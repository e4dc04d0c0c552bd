package mongo

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/limit"
)

// limits is the store of attempts. A bucket is a document with the key as its id, and empty_at in nanoseconds since 1970:
// the waits that are counted from it are exact.
type limits struct{ *DB }

// Take puts the attempt into an empty bucket, or else into one that has room for it. Each is one command that says of what
// the bucket must be. A crowd that is refused writes nothing.
func (s limits) Take(ctx context.Context, key string, b limit.Bucket, now time.Time) (time.Duration, error) {
	room := time.Duration(b.Burst) * b.Interval
	return step(ctx, s.steps, func(ctx context.Context) (time.Duration, error) {
		for wait := firstWait; ; wait = min(2*wait, longWait) {
			taken, err := s.take(ctx, key, b.Interval, room, now)
			if err != nil || taken {
				return 0, err
			}
			stored, err := s.find(ctx, key)
			if err != nil {
				return 0, err
			}
			emptyAt := time.Unix(0, max(stored, now.UnixNano())).Add(b.Interval)
			if wait := emptyAt.Sub(now) - room; wait > 0 {
				return wait, nil
			}
			if !pause(ctx, wait) { // somebody gave an attempt back in the meantime
				return 0, errContended
			}
		}
	})
}

func (s limits) take(ctx context.Context, key string, interval, room time.Duration, now time.Time) (bool, error) {
	if interval > room {
		return false, nil
	}
	at := now.UnixNano()
	var start change
	start.put("empty_at", at+int64(interval))
	filled, err := s.update(ctx, key, bson.D{{Key: "$lte", Value: at}}, start, true)
	if err != nil && !driver.IsDuplicateKeyError(err) || filled {
		return filled, err
	}
	more := change{inc: bson.D{{Key: "empty_at", Value: int64(interval)}}}
	return s.update(ctx, key, bson.D{{Key: "$gt", Value: at}, {Key: "$lte", Value: at + int64(room-interval)}}, more, false)
}

// update changes a bucket whose empty_at is as said, or makes one if there is none.
func (s limits) update(ctx context.Context, key string, emptyAt any, c change, upsert bool) (bool, error) {
	result, err := once(ctx, func(ctx context.Context) (*driver.UpdateResult, error) {
		return s.in.limits.UpdateOne(ctx, bson.D{{Key: "_id", Value: key}, {Key: "empty_at", Value: emptyAt}}, c.update(),
			options.UpdateOne().SetUpsert(upsert))
	})
	return err == nil && result.MatchedCount+result.UpsertedCount > 0, err
}

// find returns when the key's bucket is empty, or 0 if it is.
func (s limits) find(ctx context.Context, key string) (int64, error) {
	found, err := repeat(ctx, func(ctx context.Context) (found struct {
		EmptyAt int64 `bson:"empty_at"`
	}, err error,
	) {
		err = s.in.limits.FindOne(ctx, bson.D{{Key: "_id", Value: key}}).Decode(&found)
		return found, err
	})
	if errors.Is(err, driver.ErrNoDocuments) {
		err = nil
	}
	return found.EmptyAt, err
}

func (s limits) GiveBack(ctx context.Context, key string, b limit.Bucket) error {
	_, err := step(ctx, s.steps, func(ctx context.Context) (bool, error) {
		less := change{inc: bson.D{{Key: "empty_at", Value: -int64(b.Interval)}}}
		return s.update(ctx, key, bson.D{{Key: "$exists", Value: true}}, less, false)
	})
	return err
}

func (s limits) Forget(ctx context.Context, key string) error {
	_, err := step(ctx, s.steps, func(ctx context.Context) (*driver.DeleteResult, error) {
		return once(ctx, func(ctx context.Context) (*driver.DeleteResult, error) {
			return s.in.limits.DeleteOne(ctx, bson.D{{Key: "_id", Value: key}})
		})
	})
	return err
}

// Clean looks first, and deletes of what it found only what is still empty.
func (s limits) Clean(ctx context.Context, now time.Time, limit int) (int, error) {
	return step(ctx, s.steps, func(ctx context.Context) (int, error) {
		if limit <= 0 { // which means no limit to the database
			return 0, nil
		}
		empty := bson.E{Key: "empty_at", Value: bson.D{{Key: "$lte", Value: now.UnixNano()}}}
		keys, err := repeat(ctx, func(ctx context.Context) (keys bson.A, err error) {
			cursor, err := s.in.limits.Find(ctx, bson.D{empty},
				options.Find().SetLimit(int64(limit)).SetProjection(fields("_id")))
			if err != nil {
				return nil, err
			}
			var found []struct {
				Key string `bson:"_id"`
			}
			err = cursor.All(ctx, &found)
			for _, one := range found {
				keys = append(keys, one.Key)
			}
			return keys, err
		})
		if err != nil || len(keys) == 0 {
			return 0, err
		}
		deleted, err := repeat(ctx, func(ctx context.Context) (*driver.DeleteResult, error) {
			return s.in.limits.DeleteMany(ctx, bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: keys}}}, empty})
		})
		if err != nil {
			return 0, err
		}
		return int(deleted.DeletedCount), nil
	})
}
