//go:build e2e

package e2e

import (
	"context"
	"database/sql"
	"errors"
	neturl "net/url"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	_ "github.com/jackc/pgx/v5/stdlib" // to look into PostgreSQL behind the servers' back
	"go.mongodb.org/mongo-driver/v2/bson"
	"go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"
	_ "modernc.org/sqlite" // and into a file that a killed server left

	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
	"github.com/mayfly-auth/mayfly/internal/store/postgres/pgtest"
)

// stores are what the promises are kept on. A row is a database, and a way to look into it that is not mayfly's.
var stores = []store{
	{"SQLite", 1, emptyFile, lookIntoFile},
	{"PostgreSQL", 2, emptySchema, lookIntoPostgres},
	{"MongoDB", 2, emptyMongo, lookIntoMongo},
}

type store struct {
	name  string
	nodes int                                               // how many processes work on it in the tests
	empty func(*testing.T) (url string)                     // makes an empty database
	look  func(t *testing.T, url string) map[string]inStore // the sessions, by id
}

// inStore is what the database has of a session.
type inStore struct {
	Generation uint32
	Ended      bool
}

// deployment is an empty database, on which any number of nodes may be started.
type deployment struct {
	store
	url    string
	secret string
}

// onEveryStore runs the test on each store. Processes that it starts find the database by themselves.
func onEveryStore(t *testing.T, test func(*testing.T, deployment)) {
	for _, one := range stores {
		t.Run(one.name, func(t *testing.T) { test(t, deploy(t, one)) })
	}
}

func deploy(t *testing.T, on store) deployment {
	t.Helper()
	d := deployment{store: on, url: on.empty(t), secret: "a secret that all the nodes of a test share"}
	t.Setenv("MAYFLY_DATABASE_URL", d.url)
	t.Setenv("MAYFLY_SECRET", d.secret)
	t.Setenv("MAYFLY_PUBLIC_URL", "http://localhost:8080") // an access token of one node is good at every other
	return d
}

// sessions looks into the database.
func (d deployment) sessions(t *testing.T) map[string]inStore {
	t.Helper()
	return d.look(t, d.url)
}

func emptyFile(t *testing.T) string { return "sqlite:" + filepath.Join(t.TempDir(), "mayfly.db") }

// lookIntoFile only reads: what a server that was killed left unfinished is for the next server to put right.
func lookIntoFile(t *testing.T, url string) map[string]inStore {
	t.Helper()
	return sessionsIn(t, openSQL(t, "sqlite", "file://"+strings.TrimPrefix(url, "sqlite:")+"?mode=ro&_pragma=busy_timeout(10000)"))
}

func lookIntoPostgres(t *testing.T, url string) map[string]inStore {
	t.Helper()
	return sessionsIn(t, openSQL(t, "pgx", url))
}

func openSQL(t *testing.T, driver, url string) *sql.DB {
	t.Helper()
	db, err := sql.Open(driver, url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	return db
}

func sessionsIn(t *testing.T, db *sql.DB) map[string]inStore {
	t.Helper()
	defer db.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	rows, err := db.QueryContext(ctx, "SELECT id, generation, ended_at IS NOT NULL FROM sessions")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	found := map[string]inStore{}
	for rows.Next() {
		var id uuid.UUID
		var one inStore
		if err := rows.Scan(&id, &one.Generation, &one.Ended); err != nil {
			t.Fatal(err)
		}
		found[id.String()] = one
	}
	if err := rows.Err(); err != nil {
		t.Fatal(err)
	}
	return found
}

// lookIntoMongo reads the documents of users, each of which holds its sessions under the hexadecimal digits of their ids.
func lookIntoMongo(t *testing.T, url string) map[string]inStore {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	client, err := mongo.Connect(options.Client().ApplyURI(url))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = client.Disconnect(context.WithoutCancel(ctx)) }()
	address, err := neturl.Parse(url)
	if err != nil {
		t.Fatal(err)
	}
	cursor, err := client.Database(strings.Trim(address.Path, "/")).Collection("users").Find(ctx, bson.D{})
	if err != nil {
		t.Fatal(err)
	}
	var users []struct {
		Sessions map[string]struct {
			Generation uint32     `bson:"generation"`
			EndedAt    *time.Time `bson:"ended_at"`
		} `bson:"sessions"`
	}
	if err := cursor.All(ctx, &users); err != nil {
		t.Fatal(err)
	}
	found := map[string]inStore{}
	for _, one := range users {
		for name, s := range one.Sessions {
			id, err := uuid.Parse(name)
			if err != nil {
				t.Fatal(err)
			}
			found[id.String()] = inStore{Generation: s.Generation, Ended: s.EndedAt != nil}
		}
	}
	return found
}

// shared is the PostgreSQL of all tests that do not stop it, started by the first that asks.
var shared struct {
	start sync.Once
	*pgtest.Server
	err error
}

// sharedMongo is the same for MongoDB's wire protocol.
var sharedMongo struct {
	start sync.Once
	*mongotest.Server
	err error
}

func emptyMongo(t *testing.T) string {
	t.Helper()
	sharedMongo.start.Do(func() { sharedMongo.Server, sharedMongo.err = mongotest.Start() })
	if sharedMongo.err != nil {
		t.Fatal(sharedMongo.err)
	}
	return sharedMongo.Database(t)
}

func emptySchema(t *testing.T) string {
	t.Helper()
	shared.start.Do(func() { shared.Server, shared.err = pgtest.Start() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.Schema(t)
}

func stopShared() error {
	var errs []error
	if shared.Server != nil {
		errs = append(errs, shared.Stop())
	}
	if sharedMongo.Server != nil {
		errs = append(errs, sharedMongo.Stop(), mongotest.Clear())
	}
	return errors.Join(errs...)
}

// postgresOfItsOwn is for a test that stops it, fills it up or fails it over.
func postgresOfItsOwn(t *testing.T, settings ...string) *pgtest.Server {
	t.Helper()
	server, err := pgtest.Start(settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() }) // it may be stopped already
	return server
}

// mongoOfItsOwn is the same for MongoDB's wire protocol.
func mongoOfItsOwn(t *testing.T) *mongotest.Server {
	t.Helper()
	server, err := mongotest.Start()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = server.Stop() }) // it may be stopped already
	return server
}

// impatient lets a node tell soon that its database is away: what is waited for is bounded, and otherwise by much more.
func impatient(url string) string {
	return strings.Replace(url, "timeoutMS=60000", "timeoutMS=3000&serverSelectionTimeoutMS=150", 1)
}
