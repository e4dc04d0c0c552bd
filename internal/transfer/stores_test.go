//go:build e2e

package transfer_test

import (
	"net/netip"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/mongo"
	"github.com/mayfly-auth/mayfly/internal/store/mongo/mongotest"
	"github.com/mayfly-auth/mayfly/internal/store/postgres"
	"github.com/mayfly-auth/mayfly/internal/store/postgres/pgtest"
	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// A copy goes through every kind of store and comes back as it was.
func TestEveryStoreHoldsTheSame(t *testing.T) {
	from := crowd(t, 9)
	odd := person(9)
	odd.Username, odd.UsernameKey = "Ünï", "ünï"
	odd.Roles, odd.Metadata, odd.EmailVerified = []string{}, []byte(`{ "b":1, "a":"\u0000","n":1e400 }`), true
	odd.DisabledAt, odd.Epoch = noon.Add(time.Millisecond), 1<<40
	s := odd.Sessions[0]
	s.EndedAt, s.EndReason, s.AMR = noon, session.UserDisabled, []string{}
	s.Device = session.Device{UserAgent: "curl", Address: netip.MustParseAddr("::ffff:192.0.2.7")}
	odd.Sessions[0] = s
	bare := person(10)
	bare.PasswordHash, bare.Sessions = "", nil
	must(t, from.Write(t.Context(), transfer.Change{Put: []transfer.Person{odd, bare}}))

	first, err := transfer.Copy(t.Context(), from, empty(t), options)
	must(t, err)
	for _, next := range []struct {
		name string
		to   transfer.Target
	}{{"PostgreSQL", inPostgres(t)}, {"MongoDB", inMongo(t)}, {"PostgreSQL again", inPostgres(t)}, {"SQLite", empty(t)}, {"MongoDB again", inMongo(t)}} {
		report, err := transfer.Copy(t.Context(), from, next.to, options)
		if err != nil {
			t.Fatalf("%s: %v\n%v", next.name, err, report.Differences)
		}
		for i, table := range report.Tables {
			if table != first.Tables[i] {
				t.Errorf("%s: %s is %d rows, %s; it was %d, %s", next.name, table.Name, table.To.Rows, table.To.Checksum(),
					first.Tables[i].To.Rows, first.Tables[i].To.Checksum())
			}
		}
		from = next.to
	}
}

func inPostgres(t *testing.T) transfer.Target {
	t.Helper()
	server, err := pgtest.Start()
	must(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	db, err := postgres.Open(t.Context(), postgres.Options{URL: server.URL("postgres")})
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db.Transfer()
}

func inMongo(t *testing.T) transfer.Target {
	t.Helper()
	server, err := mongotest.Start()
	must(t, err)
	t.Cleanup(func() { _ = server.Stop() })
	db, err := mongo.Open(t.Context(), mongo.Options{URL: server.Database(t)})
	must(t, err)
	t.Cleanup(func() { _ = db.Close() })
	return db.Transfer()
}
