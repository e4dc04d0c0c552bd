package session_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/session"
)

func TestReplacedServerSecretSignsNobodyOutWhileItIsListed(t *testing.T) {
	h := newHouse(t)
	first := h.signIn()
	h.Add(accessLife)
	second := h.refresh(first.RefreshToken) // lost

	h.configure(func(c *session.Config) { c.Keys = keys(t, newSecret, oldSecret) })
	again := h.refresh(first.RefreshToken)
	if again.Generation != second.Generation || again.RefreshToken == second.RefreshToken {
		t.Error("the successor does not carry the tag of the new secret")
	}
	if thrice := h.refresh(first.RefreshToken); thrice.RefreshToken != again.RefreshToken {
		t.Error("the successor was not derived again byte for byte")
	}
	h.refresh(second.RefreshToken) // the same generation under the old tag is the same token

	h.configure(func(c *session.Config) { c.Keys = keys(t, newSecret) })
	for _, old := range []session.Grant{first, second} {
		if _, err := h.Refresh(t.Context(), old.RefreshToken); !errors.Is(err, session.ErrInvalid) {
			t.Errorf("a token under the dropped secret: %v", err)
		}
	}
	h.refresh(again.RefreshToken)
}

func TestARestartDerivesTheSuccessorByteForByte(t *testing.T) {
	h := newHouse(t)
	first := h.signIn()
	h.Add(accessLife)
	second := h.refresh(first.RefreshToken)
	h.close()
	h.open()
	if again := h.refresh(first.RefreshToken); again.RefreshToken != second.RefreshToken {
		t.Error("the successor changed with the restart")
	}
}

func TestARestoredBackupSignsNobodyOut(t *testing.T) {
	h := newHouse(t)
	busy, lossy, resting := h.signIn(), h.signIn(), h.signIn()
	rounds := func(n int) {
		for range n {
			h.Add(accessLife)
			busy = h.refresh(busy.RefreshToken)
			lossy = h.refresh(lossy.RefreshToken)
		}
	}
	rounds(3)
	h.close()
	backup := h.readFile()
	h.open()
	rounds(4)
	h.Add(accessLife)
	h.refresh(lossy.RefreshToken) // lost
	h.close()
	h.writeFile(backup)
	h.open()

	if got := h.row(busy.ID).Generation; got != 4 {
		t.Fatalf("generation %d in the backup", got)
	}
	h.Add(accessLife)
	for _, g := range []session.Grant{busy, lossy, resting} {
		back := h.refresh(g.RefreshToken)
		if back.Generation != g.Generation+1 || back.ID != g.ID {
			t.Errorf("generation %d after %d", back.Generation, g.Generation)
		}
	}
	rounds(3)
}

func (h *house) readFile() []byte {
	h.t.Helper()
	raw, err := os.ReadFile(h.path)
	if err != nil {
		h.t.Fatal(err)
	}
	return raw
}

// writeFile puts an older database in the place of the one that is there.
func (h *house) writeFile(raw []byte) {
	h.t.Helper()
	all, err := filepath.Glob(h.path + "*")
	if err != nil {
		h.t.Fatal(err)
	}
	for _, path := range all {
		if err := os.Remove(path); err != nil {
			h.t.Fatal(err)
		}
	}
	if err := os.WriteFile(h.path, raw, 0o600); err != nil {
		h.t.Fatal(err)
	}
}

func TestAStolenServerSecretIsNotEnoughToForge(t *testing.T) {
	h := newHouse(t)
	g := h.signIn()
	h.Add(accessLife)
	seed := g.Seed
	seed[0] ^= 1
	for generation := range uint32(5) {
		forged := session.MakeToken(h.Keys, g.User, g.ID, seed, generation)
		_, err := h.Refresh(t.Context(), forged)
		if !errors.Is(err, session.ErrForged) || !errors.Is(err, session.ErrInvalid) {
			t.Errorf("generation %d: refresh: %v", generation, err)
		}
		if _, err := h.Inspect(t.Context(), forged); !errors.Is(err, session.ErrForged) {
			t.Errorf("generation %d: inspect: %v", generation, err)
		}
		if _, err := h.Identify(t.Context(), forged); !errors.Is(err, session.ErrForged) {
			t.Errorf("generation %d: identify: %v", generation, err)
		}
	}
	for range 3 { // and the one who holds the real one goes on
		h.Add(accessLife)
		g = h.refresh(g.RefreshToken)
	}
}

func TestAStolenDatabaseIsNotEnoughToForge(t *testing.T) {
	h := newHouse(t)
	g := h.signIn()
	h.Add(accessLife)
	before := h.row(g.ID)
	forged := session.MakeToken(keys(t, newSecret), g.User, g.ID, g.Seed, g.Generation)
	if _, err := h.Refresh(t.Context(), forged); !errors.Is(err, session.ErrInvalid) {
		t.Errorf("refresh: %v", err)
	}
	h.unchanged(before)
}
