package storetest

import (
	"bytes"
	"errors"
	"fmt"
	"time"

	"github.com/mayfly-auth/mayfly/internal/keyset"
)

var keyCases = []testCase{
	{"AKeyComesBackAsItWasAdded", aKeyComesBack},
	{"KeysAreOrderedBySignsAtThenID", keysAreOrdered},
	{"AddingWantsTheLastKey", addingWantsTheLast},
	{"OneOfManyNodesAddsAKey", oneAdds},
	{"ResealingComparesAndSwaps", resealing},
	{"OneOfManyReseals", oneReseals},
	{"RevokingIsDoneOnce", revoking},
	{"DeletingWhatIsGoneIsNoError", deletingKeys},
}

func signingKey(id string, signsAt time.Duration) keyset.StoredKey {
	return keyset.StoredKey{
		ID: id, Algorithm: "ES256", Public: []byte(`{"kty":"EC"}`), Sealed: []byte("sealed " + id),
		CreatedAt: start, SignsAt: start.Add(signsAt),
	}
}

func (w *world) keys() []keyset.StoredKey {
	w.Helper()
	list, err := w.Keys.List(w.Context())
	w.must(err)
	for i := range list {
		k := &list[i]
		k.CreatedAt, k.SignsAt, k.RevokedAt = k.CreatedAt.UTC(), k.SignsAt.UTC(), k.RevokedAt.UTC()
	}
	return list
}

// wantKeys fails the case unless these keys are stored, in this order.
func (w *world) wantKeys(want ...keyset.StoredKey) {
	w.Helper()
	got := w.keys()
	if len(got) != len(want) {
		w.Fatalf("%d keys, want %d", len(got), len(want))
	}
	for i := range want {
		w.same("key", got[i], want[i])
	}
}

func aKeyComesBack(w *world) {
	w.wantKeys()
	odd := signingKey("kid-ünï '\"%", time.Hour)
	odd.Algorithm = "EdDSA"
	odd.Public, odd.Sealed = []byte{0, 1, 0xff, 0, 0x27, 0x80}, bytes.Repeat([]byte{0, 0xfe}, 3000)
	odd.RevokedAt = start.Add(ms)
	fine := signingKey("z", 2*time.Hour)
	fine.CreatedAt, fine.SignsAt = fine.CreatedAt.Add(987*time.Microsecond), fine.SignsAt.Add(987*time.Microsecond)
	w.must(w.Keys.Add(w.Context(), odd, ""))
	w.must(w.Keys.Add(w.Context(), fine, odd.ID))
	w.wantKeys(odd, signingKey("z", 2*time.Hour))
}

func keysAreOrdered(w *world) {
	last := ""
	for _, k := range []keyset.StoredKey{
		signingKey("m", time.Hour), signingKey("a", 2*time.Hour), signingKey("n", 2*time.Hour),
		signingKey("b", 2*time.Hour), signingKey("z", 0), signingKey("c", 3*time.Hour),
	} {
		w.must(w.Keys.Add(w.Context(), k, last))
		list := w.keys()
		last = list[len(list)-1].ID
	}
	w.wantKeys(signingKey("z", 0), signingKey("m", time.Hour), signingKey("a", 2*time.Hour),
		signingKey("b", 2*time.Hour), signingKey("n", 2*time.Hour), signingKey("c", 3*time.Hour))
}

func addingWantsTheLast(w *world) {
	first, second := signingKey("first", 0), signingKey("second", time.Hour)
	w.wantError(w.Keys.Add(w.Context(), first, "another"), keyset.ErrConflict)
	w.wantKeys()
	w.must(w.Keys.Add(w.Context(), first, ""))
	w.wantError(w.Keys.Add(w.Context(), second, ""), keyset.ErrConflict)
	w.wantError(w.Keys.Add(w.Context(), second, "second"), keyset.ErrConflict)
	w.must(w.Keys.Add(w.Context(), second, "first"))
	w.wantError(w.Keys.Add(w.Context(), signingKey("third", 2*time.Hour), "first"), keyset.ErrConflict)
	again := signingKey("first", 3*time.Hour) // an id is never given twice
	w.wantError(w.Keys.Add(w.Context(), again, "second"), keyset.ErrConflict)
	w.wantKeys(first, second)
}

func oneAdds(w *world) {
	last := ""
	for round := range 4 {
		winners := together(30, func(i int) bool {
			k := signingKey(fmt.Sprintf("kid-%d-%d", round, i), time.Duration(round)*time.Hour)
			err := w.Keys.Add(w.Context(), k, last)
			if err != nil && !errors.Is(err, keyset.ErrConflict) {
				w.Error(err)
			}
			return err == nil
		})
		list := w.keys()
		if winners != 1 || len(list) != round+1 {
			w.Fatalf("%d nodes added a key, %d keys are there after round %d", winners, len(list), round)
		}
		last = list[len(list)-1].ID
	}
}

func resealing(w *world) {
	k, other := signingKey("k", 0), signingKey("other", time.Hour)
	w.must(w.Keys.Add(w.Context(), k, ""))
	w.must(w.Keys.Add(w.Context(), other, "k"))
	old := k.Sealed
	k.Sealed = []byte{0, 1, 2, 0}
	w.must(w.Keys.Reseal(w.Context(), "k", old, k.Sealed))
	w.wantKeys(k, other)
	w.wantError(w.Keys.Reseal(w.Context(), "k", old, []byte("x")), keyset.ErrConflict)
	w.wantError(w.Keys.Reseal(w.Context(), "k", []byte{0, 1, 2}, []byte("x")), keyset.ErrConflict)
	w.wantError(w.Keys.Reseal(w.Context(), "unknown", old, []byte("x")), keyset.ErrNotFound)
	w.wantKeys(k, other)
}

func oneReseals(w *world) {
	k := signingKey("k", 0)
	w.must(w.Keys.Add(w.Context(), k, ""))
	winners := together(30, func(i int) bool {
		err := w.Keys.Reseal(w.Context(), "k", k.Sealed, []byte(fmt.Sprint("sealed by ", i)))
		if err != nil && !errors.Is(err, keyset.ErrConflict) {
			w.Error(err)
		}
		return err == nil
	})
	if winners != 1 {
		w.Fatalf("%d resealed one key", winners)
	}
}

func revoking(w *world) {
	k, other := signingKey("k", 0), signingKey("other", time.Hour)
	w.must(w.Keys.Add(w.Context(), k, ""))
	w.must(w.Keys.Add(w.Context(), other, "k"))
	w.must(w.Keys.Revoke(w.Context(), "k", start.Add(time.Minute)))
	w.must(w.Keys.Revoke(w.Context(), "k", start.Add(time.Hour)))
	k.RevokedAt = start.Add(time.Minute)
	w.wantKeys(k, other)
	w.wantError(w.Keys.Revoke(w.Context(), "unknown", start), keyset.ErrNotFound)
}

func deletingKeys(w *world) {
	k, other := signingKey("k", 0), signingKey("other", time.Hour)
	w.must(w.Keys.Add(w.Context(), k, ""))
	w.must(w.Keys.Add(w.Context(), other, "k"))
	for range 2 {
		w.must(w.Keys.Delete(w.Context(), "k"))
		w.wantKeys(other)
	}
	w.must(w.Keys.Delete(w.Context(), "other"))
	w.must(w.Keys.Add(w.Context(), signingKey("new", 0), ""))
}
