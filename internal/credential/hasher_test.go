package credential

import (
	"context"
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

// cheap keeps the tests fast; nothing but the numbers differs.
var cheap = Config{Memory: 64, Time: 1}

func verify(t *testing.T, h *Hasher, password, hash string) (ok, rehash bool) {
	t.Helper()
	ok, rehash, err := h.Verify(t.Context(), password, hash)
	if err != nil {
		t.Fatalf("Verify(%s): %v", hash, err)
	}
	return ok, rehash
}

func hashOf(t *testing.T, h *Hasher, password string) string {
	t.Helper()
	hash, err := h.Hash(t.Context(), password)
	if err != nil {
		t.Fatal(err)
	}
	return hash
}

func TestHashIsArgon2idWithTheParametersOfOWASP(t *testing.T) {
	h := NewHasher(Config{})
	hash := hashOf(t, h, "correct horse")
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") {
		t.Errorf("Hash = %s", hash)
	}
	if ok, rehash := verify(t, h, "correct horse", hash); !ok || rehash {
		t.Errorf("Verify = %v, rehash %v", ok, rehash)
	}
	if hash == hashOf(t, h, "correct horse") {
		t.Error("two hashes of one password are the same: there is no salt")
	}
}

func TestHashesWithOtherParametersAreMadeAnew(t *testing.T) {
	old := hashOf(t, NewHasher(cheap), "correct horse")
	for _, now := range []Config{{Memory: 128, Time: 1}, {Memory: 64, Time: 2}, {Memory: 64, Time: 1, Threads: 2}} {
		if ok, rehash := verify(t, NewHasher(now), "correct horse", old); !ok || !rehash {
			t.Errorf("%+v: Verify = %v, rehash %v", now, ok, rehash)
		}
	}
}

func TestEveryCharacterCounts(t *testing.T) {
	h := NewHasher(cheap)
	long := strings.Repeat("я", MaxLength-1)
	for password, others := range map[string][]string{
		"Correct Horse": {"correct horse", "CORRECT HORSE", "Correct Horse ", " Correct Horse", "Correct  Horse", "Correct Hors", ""},
		long + "a":      {long + "b", long, long + "ab"},
		"ﬁsh & chips":   {"fish & chips"}, // compatibility forms stay apart: NFC, not NFKC
		"a\x00b":        {"a", "a\x00c"},
	} {
		hash := hashOf(t, h, password)
		if ok, _ := verify(t, h, password, hash); !ok {
			t.Errorf("%.20q does not fit its own hash", password)
		}
		for _, other := range others {
			if ok, _ := verify(t, h, other, hash); ok {
				t.Errorf("%.20q is taken for %.20q", other, password)
			}
		}
	}
}

func TestOnePasswordFromTwoKeyboardsIsOnePassword(t *testing.T) {
	h := NewHasher(cheap)
	composed, decomposed := "caf\u00e9 cr\u00e8me", "cafe\u0301 cre\u0300me"
	for _, pair := range [][2]string{{composed, decomposed}, {decomposed, composed}} {
		if ok, rehash := verify(t, h, pair[1], hashOf(t, h, pair[0])); !ok || rehash {
			t.Errorf("hashed as %q, typed as %q: %v, rehash %v", pair[0], pair[1], ok, rehash)
		}
	}
}

func TestAnUnknownUserCostsTheSameWork(t *testing.T) {
	h := NewHasher(cheap)
	hash := hashOf(t, h, "correct horse")
	for password, want := range map[string]int64{"wrong": 1, "": 1, "cafe\u0301": 2, strings.Repeat("x", MaxLength+1): 0} {
		before := h.Load().Done
		verify(t, h, password, hash)
		real := h.Load().Done - before
		if err := h.VerifyDummy(t.Context(), password); err != nil {
			t.Fatal(err)
		}
		if dummy := h.Load().Done - before - real; dummy != real || real != want {
			t.Errorf("%.10q: %d hashes for a user, %d for nobody", password, real, dummy)
		}
	}
	dummy, err := parse(h.dummy)
	if err != nil || !h.isCurrent(dummy) {
		t.Errorf("the dummy is not what Hash makes: %v, %v", dummy, err)
	}
}

func TestTooManyWaitingIsUnavailableAndHangingUpLeavesTheQueue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := NewHasher(Config{Memory: 64, Time: 1, Parallel: 2, Queue: 3})
		release := make(chan struct{})
		var group sync.WaitGroup
		start := func(ctx context.Context) (err error) {
			return h.run(ctx, func() { <-release })
		}
		for range 2 {
			group.Go(func() { start(t.Context()) })
		}
		synctest.Wait()
		impatient, hangUp := context.WithCancel(t.Context())
		var left error
		group.Go(func() { left = start(impatient) })
		for range 2 {
			group.Go(func() { start(t.Context()) })
		}
		synctest.Wait()
		if load := h.Load(); load.Running != 2 || load.Waiting != 3 {
			t.Errorf("load %+v", load)
		}
		if _, err := h.Hash(t.Context(), "one too many"); !fault.IsUnavailable(err) {
			t.Errorf("Hash = %v with a full queue", err)
		}
		if err := h.VerifyDummy(t.Context(), "one too many"); !fault.IsUnavailable(err) {
			t.Errorf("VerifyDummy = %v with a full queue", err)
		}
		hangUp()
		synctest.Wait()
		if load := h.Load(); !errors.Is(left, context.Canceled) || load.Waiting != 2 {
			t.Errorf("after hanging up: %v, load %+v", left, load)
		}
		close(release)
		group.Wait()
		if load := h.Load(); load != (Load{Done: 4}) {
			t.Errorf("in the end: load %+v", load)
		}
	})
}

func TestAVisitorWhoIsGoneCostsNoHash(t *testing.T) {
	h := NewHasher(cheap)
	gone, hangUp := context.WithCancel(t.Context())
	hangUp()
	if _, err := h.Hash(gone, "correct horse"); !errors.Is(err, context.Canceled) || h.Load().Done != 0 {
		t.Errorf("Hash = %v after %d hashes", err, h.Load().Done)
	}
}

// Whoever must wait because others need the processors does so at the head of the queue, and no longer than they do.
func TestOneOfSeveralHashesRestsWhileOthersNeedTheProcessors(t *testing.T) {
	for _, tt := range []struct{ parallel, busy, free int }{{1, 1, 1}, {2, 1, 2}, {4, 3, 4}} {
		synctest.Test(t, func(t *testing.T) {
			var busy atomic.Bool
			busy.Store(true)
			h := NewHasher(Config{Parallel: tt.parallel, Busy: busy.Load})
			end := make(chan struct{})
			served := make(chan int, 6)
			var group sync.WaitGroup
			for i := range 6 {
				group.Go(func() {
					if err := h.run(t.Context(), func() { served <- i; <-end }); err != nil {
						t.Error(err)
					}
				})
				synctest.Wait()
			}
			if load := h.Load(); load.Running != tt.busy || load.Waiting != 6-tt.busy {
				t.Errorf("%d in parallel, others busy: load %+v", tt.parallel, load)
			}
			busy.Store(false)
			time.Sleep(pause)
			synctest.Wait()
			if load := h.Load(); load.Running != tt.free || load.Waiting != 6-tt.free {
				t.Errorf("%d in parallel, nobody busy: load %+v", tt.parallel, load)
			}
			busy.Store(true)
			for range 6 {
				end <- struct{}{}
			}
			group.Wait()
			for i := range 6 {
				if got := <-served; got != i {
					t.Errorf("%d was served in place of %d", got, i)
				}
			}
			if load := h.Load(); load != (Load{Done: 6}) {
				t.Errorf("in the end: load %+v", load)
			}
		})
	}
}
