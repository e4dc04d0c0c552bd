//go:build e2e

package postgres

import (
	"strings"
	"sync"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/store/storetest"
)

// rotateSingly is the setting for an engine that shards by user: a statement concerns one.
const rotateSingly = "&mayfly_rotate=single"

// TestContractOnPartitionsOneRotationAStatement is as near to such an engine as PostgreSQL itself comes: nothing asks for
// a uniqueness or a reference that a schema split by user id cannot hold.
func TestContractOnPartitionsOneRotationAStatement(t *testing.T) {
	storetest.Run(t, func(t *testing.T) storetest.Stores {
		url := server.Schema(t)
		partition(t, url)
		return storesOf(openDB(t, url+rotateSingly))
	})
}

// TestOneRotationAStatement rotates a crowd at once: nobody shares.
func TestOneRotationAStatement(t *testing.T) {
	f := fixtureAt(t, server.Schema(t)+rotateSingly)
	const people, rounds = 60, 5
	all := make([]session.Session, people)
	for i := range all {
		all[i] = f.signIn()
	}
	f.told.take()
	var group sync.WaitGroup
	for _, s := range all {
		group.Go(func() {
			for range rounds {
				rec, moved, err := f.Sessions().Rotate(t.Context(), nextOf(s))
				if err != nil || !moved {
					t.Errorf("moved %v, error %v", moved, err)
					return
				}
				s = rec.Session
			}
		})
	}
	group.Wait()
	sent := f.told.take()
	for _, text := range sent {
		if text != rotateOne {
			t.Fatalf("sent %s", text)
		}
	}
	if len(sent) != people*rounds {
		t.Errorf("%d statements for %d rotations", len(sent), people*rounds)
	}
}

// TestTheDatabaseIsNotToldHowRotationsAreSent, since it knows no such setting.
func TestTheDatabaseIsNotToldHowRotationsAreSent(t *testing.T) {
	for _, how := range []string{"single", "together"} {
		config, err := parse("postgres://mayfly@db/mayfly?mayfly_rotate=" + how)
		if err != nil {
			t.Fatal(err)
		}
		for name := range config.ConnConfig.RuntimeParams {
			if strings.Contains(name, "mayfly") {
				t.Errorf("%s: the database is told %s", how, name)
			}
		}
		if refreshes, others := config.divide(); refreshes.MaxConns+others.MaxConns != defaultConns {
			t.Errorf("%s: %d and %d connections", how, refreshes.MaxConns, others.MaxConns)
		}
	}
}
