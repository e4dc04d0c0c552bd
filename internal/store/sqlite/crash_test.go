package sqlite

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// pathVariable tells a child which database to use.
const pathVariable = "MAYFLY_SQLITE_TEST_PATH"

// TestPromise18_KillNineLosesNoAcknowledgedRotation starts a process that signs in and rotates from many goroutines
// and tells every answer it got, kills it in the middle, and looks for each of them in the file.
func TestPromise18_KillNineLosesNoAcknowledgedRotation(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mayfly.db")
	told := map[session.Key]uint32{}
	for range 6 {
		tellUntilKilled(t, path, 50+rand.IntN(400), told)
		db, err := Open(t.Context(), Options{Path: path})
		if err != nil {
			t.Fatal(err)
		}
		for key, generation := range told {
			rec, err := db.Sessions().Find(t.Context(), key.User, key.Session)
			if err != nil {
				t.Fatalf("a session that was acknowledged: %v", err)
			}
			if rec.Generation < generation || rec.Generation > generation+1 { // the last answer may be on its way
				t.Fatalf("generation %d is stored, %d was acknowledged", rec.Generation, generation)
			}
			told[key] = rec.Generation
		}
		if err := db.Ping(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := db.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if len(told) == 0 {
		t.Fatal("nothing was acknowledged")
	}
}

// tellUntilKilled reads so many answers from a child, kills it, and reads what it had told besides.
func tellUntilKilled(t *testing.T, path string, answers int, told map[session.Key]uint32) {
	t.Helper()
	child := exec.Command(os.Args[0])
	child.Env = append(os.Environ(), childVariable+"=rotate", pathVariable+"="+path)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	var complaints strings.Builder
	child.Stderr = &complaints
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewReader(out)
	for n := 0; ; n++ {
		if n == answers {
			if err := child.Process.Kill(); err != nil {
				t.Fatal(err)
			}
		}
		line, err := lines.ReadString('\n')
		if err != nil {
			if n < answers {
				t.Fatalf("the child ended after %d answers: %v\n%s", n, err, complaints.String())
			}
			break
		}
		var owner, id string
		var generation uint32
		if _, err := fmt.Sscan(line, &owner, &id, &generation); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		told[session.Key{User: uuid.MustParse(owner), Session: uuid.MustParse(id)}] = generation
	}
	_, _ = io.Copy(io.Discard, out)
	_ = child.Wait() // killed
}

// rotateUntilKilled is the child: each goroutine signs a new person in and rotates; every line is an answer it got.
func rotateUntilKilled() {
	ctx := context.Background()
	db, err := Open(ctx, Options{Path: os.Getenv(pathVariable)})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	var mu sync.Mutex
	tell := func(s session.Session) {
		mu.Lock()
		defer mu.Unlock()
		fmt.Println(s.User, s.ID, s.Generation)
	}
	var all sync.WaitGroup
	for range 16 {
		all.Go(func() {
			for err == nil {
				err = signInAndRotate(ctx, db, tell)
			}
			fmt.Fprintln(os.Stderr, err)
		})
	}
	all.Wait()
	os.Exit(1)
}

func signInAndRotate(ctx context.Context, db *DB, tell func(session.Session)) error {
	u := somebody()
	if err := db.Users().Create(ctx, u, "$argon2id$"); err != nil {
		return err
	}
	s := signedIn(u)
	if err := db.Sessions().Create(ctx, s); err != nil {
		return err
	}
	tell(s)
	for range 20 {
		rec, moved, err := db.Sessions().Rotate(ctx, nextOf(s))
		if err != nil || !moved {
			return fmt.Errorf("moved %v: %w", moved, err)
		}
		s = rec.Session
		tell(s)
	}
	return nil
}

// somebody returns a user, signedIn a session of theirs, nextOf its rotation an hour later.
func somebody() user.User {
	id := uuid.Must(uuid.NewV7())
	return user.User{ID: id, Email: id.String() + "@example.org", Name: "A Person", Roles: []string{"reader"}}
}

func signedIn(u user.User) session.Session {
	return session.Session{
		User: u.ID, ID: uuid.Must(uuid.NewV7()), Epoch: u.Epoch,
		Lineage:  session.Lineage{Generation: 1, RotatedAt: noon},
		Delivery: session.Cookie, AMR: []string{"pwd"},
		Device:    session.Device{UserAgent: "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"},
		CreatedAt: noon, ExpiresAt: noon.AddDate(10, 0, 0),
	}
}

func nextOf(s session.Session) session.Rotation {
	return session.Rotation{
		User: s.User, Session: s.ID, Generation: s.Generation,
		RotatedBefore: noon.AddDate(1, 0, 0), RotatedAfter: noon.AddDate(-1, 0, 0), Now: noon,
		Next: session.Lineage{Generation: s.Generation + 1, Parent: s.Generation, RotatedAt: noon},
	}
}
