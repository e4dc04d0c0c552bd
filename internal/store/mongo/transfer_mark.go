package mongo

import (
	"context"
	"errors"
	"time"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// markDocument is the one document of the collection `copying`, and is there only as long as the mark is.
type markDocument struct {
	ID       string    `bson:"_id"`
	Source   string    `bson:"source"`
	BegunAt  time.Time `bson:"begun_at"`
	Complete bool      `bson:"complete"`
}

const markID = "mark"

func (s transfers) copying() *driver.Collection { return s.in.users.Database().Collection("copying") }

func (s transfers) Mark(ctx context.Context) (transfer.Mark, error) {
	return step(ctx, s.steps, func(ctx context.Context) (transfer.Mark, error) {
		d, err := repeat(ctx, func(ctx context.Context) (d markDocument, err error) {
			err = s.copying().FindOne(ctx, bson.D{{Key: "_id", Value: markID}}).Decode(&d)
			return d, err
		})
		if errors.Is(err, driver.ErrNoDocuments) {
			return transfer.Mark{}, nil
		}
		return transfer.Mark{Source: d.Source, BegunAt: d.BegunAt.UTC(), Complete: d.Complete}, err
	})
}

func (s transfers) SetMark(ctx context.Context, m transfer.Mark) error {
	this := bson.D{{Key: "_id", Value: markID}}
	_, err := step(ctx, s.steps, func(ctx context.Context) (none struct{}, err error) {
		return repeat(ctx, func(ctx context.Context) (struct{}, error) {
			if m == (transfer.Mark{}) {
				_, err := s.copying().DeleteOne(ctx, this)
				return none, err
			}
			d := markDocument{ID: markID, Source: m.Source, BegunAt: moment(m.BegunAt), Complete: m.Complete}
			_, err := s.copying().ReplaceOne(ctx, this, d, options.Replace().SetUpsert(true))
			return none, err
		})
	})
	return err
}
