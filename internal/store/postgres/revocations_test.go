//go:build e2e

package postgres

import (
	"context"
	"io/fs"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5/stdlib"
	"github.com/pressly/goose/v3"

	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/session"
)

var signOut = session.Ending{At: noon, Reason: session.SignedOut}

// end ends a session at a node.
func (f *fixture) end(node *DB, s session.Session) {
	f.Helper()
	if ended, err := node.Sessions().End(f.Context(), s.User, s.ID, signOut); err != nil || !ended {
		f.Fatalf("ended %v, error %v", ended, err)
	}
}

// revoked returns the sessions that were ended early, as a node sees them.
func (f *fixture) revoked(node *DB) (ids []uuid.UUID) {
	f.Helper()
	seen, err := node.Revocations().Recent(f.Context(), time.Hour, 10_000)
	if err != nil {
		f.Fatal(err)
	}
	for _, r := range seen.Revocations {
		ids = append(ids, r.Session)
	}
	return ids
}

// TestANodeAwaitsWhatAnotherOneRevokes by LISTEN and NOTIFY, also after the connection that listens was lost.
func TestANodeAwaitsWhatAnotherOneRevokes(t *testing.T) {
	f := newFixture(t)
	other := openDB(t, f.url)
	hears := func(what string) {
		t.Helper()
		heard := make(chan struct{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		go func() { f.Revocations().Await(ctx); close(heard) }()
		waitFor(t, what, func() bool {
			f.end(other, f.signIn()) // until the connection listens, nobody hears
			select {
			case <-heard:
				return true
			case <-time.After(10 * time.Millisecond):
				return false
			}
		})
		if ctx.Err() != nil {
			t.Fatalf("%s: the wait has ended by itself", what)
		}
	}
	hears("an announcement")
	hears("another one")
	for range 2 {
		f.exec("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' OR query LIKE '-- ping%'")
		hears("an announcement after the connection that listens was lost")
	}
}

func TestListeningTakesOneConnectionAndOnlyWhileSomebodyAwaits(t *testing.T) {
	f := newFixture(t)
	listening := func() int {
		return ask[int](f, "SELECT count(*) FROM pg_stat_activity WHERE query LIKE 'LISTEN %' OR query LIKE '-- ping%'")
	}
	if n := listening(); n != 0 {
		t.Fatalf("%d connections listen for nobody", n)
	}
	ctx, cancel := context.WithCancel(t.Context())
	var waiting sync.WaitGroup
	for range 5 {
		waiting.Go(func() {
			for ctx.Err() == nil {
				f.Revocations().Await(ctx)
			}
		})
	}
	waitFor(t, "one to listen", func() bool { return listening() == 1 })
	f.end(f.DB, f.signIn())
	if n := listening(); n != 1 {
		t.Errorf("%d connections listen", n)
	}
	cancel()
	waiting.Wait()
	waitFor(t, "it to be closed", func() bool { return listening() == 0 })
}

// TestPromise10_AFeedNamesWhatAnotherNodeRevokes with announcements, and without any: as behind a pooler that gives every
// transaction another connection.
func TestPromise10_AFeedNamesWhatAnotherNodeRevokes(t *testing.T) {
	for name, mode := range map[string]string{"listening": "", "by reading alone": "&default_query_exec_mode=exec"} {
		t.Run(name, func(t *testing.T) {
			f := newFixture(t)
			node := openDB(t, f.url+mode)
			if name != "listening" && node.bells.listen != nil {
				t.Fatal("the node would listen")
			}
			feed := revocation.NewFeed(revocation.Config{Store: node.Revocations(), AccessTTL: 10 * time.Minute})
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			var running sync.WaitGroup
			defer running.Wait()
			defer cancel()
			running.Go(func() { feed.Run(ctx) })
			follower, err := feed.Follow("", "")
			if err != nil {
				t.Fatal(err)
			}
			defer follower.Leave()
			next := func(want string) {
				t.Helper()
				for {
					text, err := follower.Next(ctx)
					if err != nil {
						t.Fatalf("waiting for %q: %v", want, err)
					}
					if strings.HasPrefix(string(text), "event: "+want+"\n") {
						return
					}
				}
			}
			next("current")
			for range 5 {
				f.end(f.DB, f.signIn())
				next("revoked")
			}
		})
	}
}

// TestAnAnnouncementSpeaksForManyEndings: a crowd that signs out does not send one each.
func TestAnAnnouncementSpeaksForManyEndings(t *testing.T) {
	f := newFixture(t)
	all := make([]session.Session, 200)
	for i := range all {
		all[i] = f.signIn()
	}
	f.told.take()
	began := time.Now()
	var group sync.WaitGroup
	for _, s := range all {
		group.Go(func() {
			if _, err := f.Sessions().End(t.Context(), s.User, s.ID, signOut); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	took := time.Since(began)
	announced := 0
	for _, text := range f.told.take() {
		if strings.Contains(text, "pg_notify") {
			announced++
		}
	}
	if most := 2 + int(took/announceGap); announced == 0 || announced > most {
		t.Errorf("%d announcements of %d endings in %v, want 1 to %d", announced, len(all), took, most)
	}
	if got := f.revoked(f.DB); len(got) != len(all) {
		t.Errorf("%d are revoked", len(got))
	}
}

// TestAnEngineWithoutNotifySignsOutAllTheSame hides the function, as CockroachDB does not have it.
func TestAnEngineWithoutNotifySignsOutAllTheSame(t *testing.T) {
	where := server.Schema(t)
	// What is in pg_temp or before pg_catalog in the path is found first.
	schema := where[strings.LastIndex(where, "=")+1:]
	server.Exec(t, "CREATE FUNCTION "+schema+".pg_notify(text, text) RETURNS void LANGUAGE plpgsql AS "+
		"$$ BEGIN RAISE feature_not_supported; END $$")
	f := fixtureAt(t, where+",pg_catalog")
	if _, err := f.look.Exec(t.Context(), "SELECT pg_notify('x', '')"); err == nil {
		t.Fatal("this engine notifies")
	}
	for range 3 {
		s := f.signIn()
		f.end(f.DB, s)
		if got := f.revoked(f.DB); !slices.Contains(got, s.ID) {
			t.Error("it is not revoked")
		}
	}
}

// TestAStepThatFailsHalfWayRevokesNothing: what is written down belongs to the step.
func TestAStepThatFailsHalfWayRevokesNothing(t *testing.T) {
	f := newFixture(t)
	f.exec(`CREATE FUNCTION half() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'half way'; END $$`)
	for name, c := range map[string]struct {
		half string
		step func(s session.Session) error
	}{
		"End": {"AFTER UPDATE ON sessions", func(s session.Session) error {
			_, err := f.Sessions().End(t.Context(), s.User, s.ID, signOut)
			return err
		}},
		"EndAll": {"AFTER UPDATE ON sessions", func(s session.Session) error {
			_, err := f.Sessions().EndAll(t.Context(), s.User, uuid.Nil, signOut)
			return err
		}},
		"Disable": {"AFTER UPDATE ON sessions", func(s session.Session) error {
			return f.Users().Disable(t.Context(), s.User, true, noon)
		}},
		"Delete": {"BEFORE DELETE ON passwords", func(s session.Session) error { return f.Users().Delete(t.Context(), s.User) }},
	} {
		t.Run(name, func(t *testing.T) {
			f.exec("DELETE FROM revocations")
			s := f.signIn()
			table := c.half[strings.LastIndex(c.half, " ")+1:]
			f.exec("CREATE TRIGGER half " + c.half + " FOR EACH ROW EXECUTE FUNCTION half()")
			err := c.step(s)
			f.exec("DROP TRIGGER half ON " + table)
			if err == nil {
				t.Fatal("it did not fail")
			}
			if got := f.revoked(f.DB); len(got) != 0 {
				t.Errorf("revoked are %v", got)
			}
			if err := c.step(s); err != nil {
				t.Fatal(err)
			}
			if got := f.revoked(f.DB); len(got) != 1 || got[0] != s.ID {
				t.Errorf("revoked are %v", got)
			}
		})
	}
}

// downTo brings a schema back to an older one, as an older mayfly made it.
func downTo(t *testing.T, url string, version int64) {
	t.Helper()
	config, err := parse(url)
	if err != nil {
		t.Fatal(err)
	}
	db := stdlib.OpenDB(*config.ConnConfig)
	defer db.Close()
	files, err := fs.Sub(migrations, "migrations")
	if err != nil {
		t.Fatal(err)
	}
	provider, err := goose.NewProvider(goose.DialectPostgres, db, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := provider.DownTo(context.Background(), version); err != nil {
		t.Fatal(err)
	}
}

// TestSessionsOfTheFirstSchemaGoOnInTheNext, and a node that knows only the first goes on beside those that know more: its
// statements, as it has them, still work.
func TestSessionsOfTheFirstSchemaGoOnInTheNext(t *testing.T) {
	url := server.Schema(t)
	first := openDB(t, url)
	old := &fixture{T: t, DB: first, url: url, look: connectTo(t, url)}
	s, beside := old.signIn(), old.signIn()
	if err := first.Close(); err != nil {
		t.Fatal(err)
	}
	downTo(t, url, 1)
	if current, latest, err := Status(t.Context(), url); err != nil || current != 1 || latest < 2 {
		t.Fatalf("schema %d of %d, error %v", current, latest, err)
	}
	f := fixtureAt(t, url)
	s = f.move(s)
	const endOfTheFirst = `UPDATE sessions s SET ended_at = $3, end_reason = $4 FROM users u
		WHERE s.user_id = $1 AND s.id = $2 AND u.id = $1 AND s.ended_at IS NULL AND u.disabled_at IS NULL AND u.epoch = s.epoch`
	old.exec(endOfTheFirst, beside.User, beside.ID, noon, "signed_out")
	old.exec("DELETE FROM users WHERE id = $1", beside.User)
	if oldest := ask[int64](f, "SELECT oldest_program FROM mayfly"); oldest != 1 {
		t.Errorf("the schema needs a program that knows schema %d: a node of the version before would not start", oldest)
	}
	if n, err := f.Sessions().EndAll(t.Context(), s.User, uuid.Nil, signOut); err != nil || n != 1 {
		t.Fatalf("ended %d, error %v", n, err)
	}
	if got := f.revoked(f.DB); len(got) != 1 || got[0] != s.ID {
		t.Errorf("revoked are %v, want %v", got, s.ID)
	}
}
