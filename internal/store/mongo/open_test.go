//go:build e2e

package mongo

import (
	"errors"
	"strings"
	"testing"

	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

// TestManyNodesStartAtOnceOnAnEmptyDatabase and each finds the schema made.
func TestManyNodesStartAtOnceOnAnEmptyDatabase(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		where := at.Database(t)
		errs := make(chan error)
		const nodes = 8
		for range nodes {
			go func() {
				db, err := Open(t.Context(), Options{URL: where})
				if err == nil {
					err = errors.Join(db.Ping(t.Context()), db.Close())
				}
				errs <- err
			}()
		}
		for range nodes {
			if err := <-errs; err != nil {
				t.Error(err)
			}
		}
	})
}

func TestStatusTellsWhatMigrateWillDo(t *testing.T) {
	everywhere(t, func(t *testing.T, at place) {
		where := at.Database(t)
		want := func(current int64) {
			t.Helper()
			got, latest, err := Status(t.Context(), where)
			if err != nil || latest < 1 || got != min(current, latest) {
				t.Fatalf("schema %d of %d, error %v, want %d", got, latest, err, current)
			}
		}
		want(0)
		_, err := Open(t.Context(), Options{URL: where, NoMigrate: true})
		var tooOld *SchemaTooOldError
		if !errors.As(err, &tooOld) || tooOld.Have != 0 || !strings.Contains(err.Error(), "mayfly migrate") {
			t.Fatalf("error %v", err)
		}
		want(0)
		for range 2 {
			if err := Migrate(t.Context(), where); err != nil {
				t.Fatal(err)
			}
			want(1 << 40)
		}
		db, err := Open(t.Context(), Options{URL: where, NoMigrate: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	})
}

// TestAnOldNodeStartsBesideNewOnes, unless a migration says that it cannot.
func TestAnOldNodeStartsBesideNewOnes(t *testing.T) {
	f := newFixture(t, server)
	schema := func(fields bson.D) {
		_, err := f.in.mayfly.UpdateOne(t.Context(), bson.D{{Key: "_id", Value: schemaID}}, bson.D{{Key: "$set", Value: fields}})
		f.must(err)
	}
	latest := latestSchema()
	schema(bson.D{{Key: "version", Value: latest + 2}})
	s := f.signIn()
	if _, moved, err := openDB(t, f.url).Sessions().Rotate(t.Context(), nextOf(s)); err != nil || !moved {
		t.Errorf("moved %v, error %v", moved, err)
	}
	schema(bson.D{{Key: "oldest_program", Value: latest + 2}})
	_, err := Open(t.Context(), Options{URL: f.url})
	var tooNew *SchemaTooNewError
	if !errors.As(err, &tooNew) || tooNew.Needs != latest+2 || tooNew.Known != latest {
		t.Errorf("error %v", err)
	}
}

func TestOpenTellsThatNobodyIsThere(t *testing.T) {
	db, err := Open(t.Context(), Options{URL: "mongodb://stranger:s3cret@127.0.0.1:1/x?timeoutMS=800&serverSelectionTimeoutMS=200"})
	if err == nil {
		_ = db.Close()
	}
	wantFix(t, err, "MongoDB runs")
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error holds the password: %v", err)
	}
}

func TestAClosedDatabaseIsToldAsSuch(t *testing.T) {
	f := newFixture(t, server)
	s := f.signIn()
	if err := errors.Join(f.Close(), f.Close()); err != nil {
		t.Fatal(err)
	}
	_, _, rotating := f.Sessions().Rotate(t.Context(), nextOf(s))
	_, finding := f.Sessions().Find(t.Context(), s.User, s.ID)
	for _, err := range []error{rotating, finding, f.Ping(t.Context())} {
		if !fault.IsUnavailable(err) {
			t.Errorf("error %v", err)
		}
	}
}
