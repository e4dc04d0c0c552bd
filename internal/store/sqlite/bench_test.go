package sqlite

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// BenchmarkRotate measures durable rotations against what the disk and the driver give at best: bare updates of one
// small row, one to a transaction and 64 to a transaction. The ratios are of rates: 1 is as fast as the yardstick.
func BenchmarkRotate(b *testing.B) {
	alone, together := yardstick(b, 1), yardstick(b, 64)
	for _, goroutines := range []int{1, 16, 64} {
		b.Run(fmt.Sprintf("goroutines=%d", goroutines), func(b *testing.B) {
			benchmarkRotate(b, goroutines)
			perSecond := float64(b.N) / b.Elapsed().Seconds()
			b.ReportMetric(perSecond, "rotations/s")
			b.ReportMetric(perSecond/alone, "×1-per-tx")
			b.ReportMetric(perSecond/together, "×64-per-tx")
		})
	}
	b.Logf("yardstick: %.0f updates/s one per transaction, %.0f updates/s 64 per transaction", alone, together)
}

func benchmarkRotate(b *testing.B, goroutines int) {
	const people = 1000
	db, err := Open(b.Context(), Options{Path: filepath.Join(b.TempDir(), "mayfly.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	sessions := make([]session.Session, people)
	for i := range sessions {
		u := somebody()
		if err := db.Users().Create(b.Context(), u, "$argon2id$"); err != nil {
			b.Fatal(err)
		}
		s := signedIn(u)
		if err := db.Sessions().Create(b.Context(), s); err != nil {
			b.Fatal(err)
		}
		sessions[i] = s
	}
	store := db.Sessions()
	var left atomic.Int64
	left.Store(int64(b.N))
	b.ReportAllocs()
	b.ResetTimer()
	var group sync.WaitGroup
	for g := range goroutines {
		group.Go(func() {
			own := sessions[g*people/goroutines : (g+1)*people/goroutines] // nobody else's
			for i := 0; left.Add(-1) >= 0; i++ {
				s := &own[i%len(own)]
				rec, moved, err := store.Rotate(context.Background(), nextOf(*s))
				if err != nil || !moved {
					b.Errorf("moved %v, error %v", moved, err)
					return
				}
				*s = rec.Session
			}
		})
	}
	group.Wait()
	b.StopTimer()
}

// yardstick returns how many single-row durable updates a second the driver makes, so many to a transaction.
func yardstick(b *testing.B, perTransaction int) float64 {
	path := filepath.Join(b.TempDir(), "yardstick.db")
	if err := makeFile(path); err != nil {
		b.Fatal(err)
	}
	c, err := dial(path, inWAL)
	if err != nil {
		b.Fatal(err)
	}
	defer c.close()
	run := func(text string, args ...any) {
		if _, err := c.exec(text, args...); err != nil {
			b.Fatal(err)
		}
	}
	run("CREATE TABLE t (id INTEGER PRIMARY KEY, n INTEGER, padding TEXT)")
	for i := range 1000 {
		run("INSERT INTO t VALUES (?, 0, ?)", i, strings.Repeat("x", 240)) // about as wide as a session
	}
	updates, start := 0, time.Now()
	for time.Since(start) < time.Second {
		run("BEGIN IMMEDIATE")
		for range perTransaction {
			run("UPDATE t SET n = n + 1 WHERE id = ?", updates*7919%1000)
			updates++
		}
		run("COMMIT")
	}
	return float64(updates) / time.Since(start).Seconds()
}
