package mongo

import (
	"context"
	"errors"
	"fmt"

	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/event"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	"go.mongodb.org/mongo-driver/v2/mongo/readconcern"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Options say which database is opened and how.
type Options struct {
	// URL is mongodb://user:password@host:port/database?setting=value, or mongodb+srv. See parse for what is set and what
	// is refused.
	URL string
	// NoMigrate refuses a database with an older schema (*SchemaTooOldError) instead of bringing it up to date.
	NoMigrate bool
	// Monitor is told of every command. It may be nil.
	Monitor *event.CommandMonitor
}

// DB is an open database. Its stores may be used by any number of goroutines, and any number of DBs, in any number of
// processes, may be open on one database.
type DB struct {
	client *driver.Client
	steps  *steps
	in     collections
	crowd  crowd
	bell   revocation.Bell // rings when a session may have been ended
}

// collections are the parts of the database. What is read from the one that ends in Now is the truth at some moment of the
// reading, whatever an old primary believes; it costs a round to the majority.
type collections struct {
	users, usersNow             *driver.Collection
	identifiers, identifiersNow *driver.Collection
	limits                      *driver.Collection
	keys                        *driver.Collection
	mayfly                      *driver.Collection
}

// Open connects to the database and brings its schema up to date. Many nodes may do so at once.
//
// A database that does not answer or lets nobody in comes back as *fault.Unavailable with the fix; a schema that this
// program cannot work with as *SchemaTooNewError.
func Open(ctx context.Context, o Options) (*DB, error) {
	db, err := connect(ctx, o)
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := db.openSchema(ctx, !o.NoMigrate); err != nil {
		name, _ := Name(o.URL)
		return nil, errors.Join(fmt.Errorf("open database %s: %w", name, err), db.Close())
	}
	return db, nil
}

func connect(ctx context.Context, o Options) (*DB, error) {
	config, err := parse(o.URL)
	if err != nil {
		return nil, err
	}
	client, err := driver.Connect(config.client.SetMonitor(watch(o.Monitor)))
	if err != nil {
		return nil, err
	}
	db := &DB{client: client, crowd: usualCrowd, steps: &steps{timeout: config.timeout}}
	replicated, err := step(ctx, db.steps, func(ctx context.Context) (bool, error) {
		h, err := hello(ctx, client)
		return h.SetName != "" || h.Msg == "isdbgrid", err
	})
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	db.in = collectionsOf(client.Database(config.database), replicated)
	return db, nil
}

// collectionsOf reads with majority where there is one server alone: it refuses to be asked for more, and needs nobody's
// consent.
func collectionsOf(d *driver.Database, replicated bool) collections {
	now := options.Collection()
	if replicated {
		now.SetReadConcern(readconcern.Linearizable())
	}
	return collections{
		users: d.Collection("users"), usersNow: d.Collection("users", now),
		identifiers: d.Collection("identifiers"), identifiersNow: d.Collection("identifiers", now),
		limits: d.Collection("limits"),
		keys:   d.Collection("signing_keys", now),
		mayfly: d.Collection("mayfly", now),
	}
}

// Sessions returns the store of sessions.
func (db *DB) Sessions() session.Store { return sessions{db} }

// Users returns the store of users.
func (db *DB) Users() user.Store { return users{db} }

// Credentials returns the store of password hashes.
func (db *DB) Credentials() credential.Store { return credentials{db} }

// Limits returns the store of attempts.
func (db *DB) Limits() limit.Store { return limits{db} }

// Keys returns the store of signing keys.
func (db *DB) Keys() keyset.Store { return signingKeys{db} }

// Revocations returns the store of what was ended early.
func (db *DB) Revocations() revocation.Store { return revocations{db} }

// Close waits for the steps that run and closes the connections. Steps that come later get *fault.Unavailable.
func (db *DB) Close() error {
	db.steps.close()
	ctx, cancel := context.WithTimeout(context.Background(), db.steps.timeout)
	defer cancel()
	if err := db.client.Disconnect(ctx); err != nil && !errors.Is(err, driver.ErrClientDisconnected) {
		return err
	}
	return nil
}

// Ping makes a durable write and a read, as a refresh does. It fails with *fault.Unavailable where a refresh would.
func (db *DB) Ping(ctx context.Context) error {
	_, err := step(ctx, db.steps, func(ctx context.Context) (none struct{}, err error) {
		return repeat(ctx, func(ctx context.Context) (struct{}, error) {
			return none, db.in.mayfly.FindOneAndUpdate(ctx, bson.D{{Key: "_id", Value: schemaID}}, change{inc: fields("writes")}.update()).Err()
		})
	})
	if errors.Is(err, driver.ErrNoDocuments) {
		return errNoMayflyDocument
	}
	return err
}

// greeting is what a server says of itself.
type greeting struct {
	SetName   string        `bson:"setName"`
	Msg       string        `bson:"msg"`
	LocalTime bson.DateTime `bson:"localTime"`
}

func hello(ctx context.Context, client *driver.Client) (greeting, error) {
	return repeat(ctx, func(ctx context.Context) (h greeting, err error) {
		err = client.Database("admin").RunCommand(ctx, bson.D{{Key: "hello", Value: 1}}).Decode(&h)
		return h, err
	})
}
