package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
)

// SchemaTooNewError says that a newer mayfly has brought the database to a schema that this program cannot work with. A
// schema that is merely newer is no error: nodes of two versions run side by side while they are replaced.
type SchemaTooNewError struct {
	Needs, Known int64 // the oldest schema a program must know to work here, and the newest this program knows
}

func (e *SchemaTooNewError) Error() string {
	return fmt.Sprintf("the database needs a mayfly that knows schema %d, this one knows up to %d: use the newer binary or "+
		"restore a backup", e.Needs, e.Known)
}

// SchemaTooOldError says that the database has to be brought up to date first.
type SchemaTooOldError struct {
	Have, Want int64 // the schema of the database, and the one this program needs
}

func (e *SchemaTooOldError) Error() string {
	return fmt.Sprintf("the database has schema %d, this mayfly needs %d: run `mayfly migrate`", e.Have, e.Want)
}

// migrations make the schema, one after the other. Each may be made again, and by many nodes at once: it asks for what is
// to be there.
//
// What a refresh changes is in no index.
var migrations = []func(context.Context, collections) error{
	func(ctx context.Context, in collections) error {
		for _, one := range []struct {
			in    *driver.Collection
			field string
		}{{in.users, "revoked_at"}, {in.users, "revocations"}, {in.limits, "empty_at"}} {
			_, err := one.in.Indexes().CreateOne(ctx, driver.IndexModel{
				Keys: fields(one.field), Options: options.Index().SetSparse(true),
			})
			if err != nil {
				return err
			}
		}
		return nil
	},
}

// schemaID is the id of the one document about the database itself.
const schemaID = "schema"

// schemaDocument has the number of the last migration, and the oldest schema that a program must know to work here: a
// migration that old nodes cannot live with raises it. Ping counts in it.
type schemaDocument struct {
	ID            string `bson:"_id"`
	Version       int64  `bson:"version"`
	OldestProgram int64  `bson:"oldest_program"`
}

func latestSchema() int64 { return int64(len(migrations)) }

// Migrate brings the schema up to date, and makes it if there is none.
func Migrate(ctx context.Context, url string) error {
	db, err := Open(ctx, Options{URL: url})
	if err != nil {
		return err
	}
	return db.Close()
}

// Status returns the schema that the database has, 0 if there is none yet, and the newest this program knows. It changes
// nothing.
func Status(ctx context.Context, url string) (current, latest int64, err error) {
	latest = latestSchema()
	db, err := connect(ctx, Options{URL: url})
	if err != nil {
		return 0, latest, fmt.Errorf("read schema: %w", err)
	}
	d, err := db.schema(ctx)
	if err := errors.Join(err, db.Close()); err != nil {
		return 0, latest, fmt.Errorf("read schema: %w", err)
	}
	return d.Version, latest, nil
}

// openSchema migrates if the schema is older than this program, and refuses what it cannot work with.
func (db *DB) openSchema(ctx context.Context, migrate bool) error {
	d, err := db.schema(ctx)
	latest := latestSchema()
	switch {
	case err != nil:
		return err
	case d.OldestProgram > latest:
		return &SchemaTooNewError{Needs: d.OldestProgram, Known: latest}
	case d.Version >= latest:
		return nil
	case !migrate:
		return &SchemaTooOldError{Have: d.Version, Want: latest}
	}
	for next := d.Version; next < latest; next++ {
		if err := db.migrateTo(ctx, next+1); err != nil {
			return fmt.Errorf("migrate to schema %d: %w", next+1, err)
		}
	}
	return nil
}

// migrateTo makes one migration. An index over many documents takes longer than a step may: the caller's context bounds it.
func (db *DB) migrateTo(ctx context.Context, schema int64) error {
	if err := migrations[schema-1](ctx, db.in); err != nil {
		return asFault(err)
	}
	_, err := step(ctx, db.steps, func(ctx context.Context) (*driver.UpdateResult, error) {
		for {
			result, err := repeat(ctx, func(ctx context.Context) (*driver.UpdateResult, error) {
				return db.in.mayfly.UpdateOne(ctx, bson.D{{Key: "_id", Value: schemaID}}, bson.D{
					{Key: "$max", Value: bson.D{{Key: "version", Value: schema}, {Key: "oldest_program", Value: int64(1)}}},
				}, options.UpdateOne().SetUpsert(true))
			})
			if !driver.IsDuplicateKeyError(err) { // or another node has just made it
				return result, err
			}
		}
	})
	return err
}

func (db *DB) schema(ctx context.Context) (schemaDocument, error) {
	return step(ctx, db.steps, func(ctx context.Context) (schemaDocument, error) {
		d, err := repeat(ctx, func(ctx context.Context) (d schemaDocument, err error) {
			err = db.in.mayfly.FindOne(ctx, bson.D{{Key: "_id", Value: schemaID}}).Decode(&d)
			return d, err
		})
		if errors.Is(err, driver.ErrNoDocuments) {
			err = nil
		}
		return d, err
	})
}
