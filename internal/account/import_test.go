package account_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/credential"
)

// bcryptOf are hashes that libxcrypt made, cost 4.
var bcryptOf = map[string]string{
	goodPassword: "$2b$04$abcdefghijklmnopqrstuu7EJV7kdjBBQxyb0HjTh9KS7.Lah/6CG",
}

func TestPeopleMoveInWithTheirOldPasswords(t *testing.T) {
	seventyTwo := "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
	for name, tt := range map[string]struct{ password, hash string }{
		"bcrypt":           {goodPassword, bcryptOf[goodPassword]},
		"bcrypt, 73 bytes": {seventyTwo + "!", "$2a$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui"},
		"scrypt":           {"pässword", "$scrypt$ln=12,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$vIM9rmbuVD9UNrgmkztOGgJR7web69PQbfLbodpw1a0"},
		"PBKDF2":           {"pässword", "$pbkdf2-sha512$2500$AAECAwQFBgcICQoLDA0ODw$vo1fImnClLRPBurWFcIJanUJAmnvNqpzyuGiRjUcDVU7iwWSMnUaUkcSMM776MtF8ysWppL.sJDxVgA6OKXyiw"},
		"Django":           {"pässword", "pbkdf2_sha256$3000$uWkNLQ7XF2s0$GJb2k+WAq5lRKE0zQvqTiNSAq74pDLXTwDGpiwow+iE="},
		"argon2id":         {"password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc"},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			u, err := h.Create(t.Context(), account.NewUser{Email: "alice@example.com", Username: "alice", PasswordHash: tt.hash})
			if err != nil {
				t.Fatal(err)
			}
			if _, err := h.login(t, "alice", "wrong", home); !errors.Is(err, account.ErrCredentials) {
				t.Fatalf("a wrong password: %v", err)
			}
			first := h.mustLogin(t, "alice", tt.password, home)
			stored, err := h.Credentials.PasswordHash(t.Context(), u.ID)
			if err != nil || !strings.HasPrefix(stored, "$argon2id$v=19$m=64,t=1,p=1$") {
				t.Errorf("the stored hash begins with %.12q, %v", stored, err)
			}
			h.mustLogin(t, "alice", tt.password, home)
			if _, err := h.Sessions.Live(t.Context(), u.ID, first.ID); err != nil {
				t.Errorf("hashing anew ended the session: %v", err)
			}
			for _, wrong := range []string{tt.password[:len(tt.password)-1], tt.password[:len(tt.password)-1] + "?"} {
				if _, err := h.login(t, "alice", wrong, home); !errors.Is(err, account.ErrCredentials) {
					t.Errorf("%q after hashing anew: %v", wrong, err)
				}
			}
		})
	}
}

func TestTwoFirstSignInsAtOnceBothGetIn(t *testing.T) {
	h := newHouse(t)
	if _, err := h.Create(t.Context(), account.NewUser{Email: "alice@example.com", Username: "alice", PasswordHash: bcryptOf[goodPassword]}); err != nil {
		t.Fatal(err)
	}
	h.onceAfter("find password", func() { h.mustLogin(t, "alice", goodPassword, home) })
	h.mustLogin(t, "alice", goodPassword, cafe)
}

func TestAHashThatCannotBeReadIsRefusedBeforeAnybodyIsLockedOut(t *testing.T) {
	h := newHouse(t)
	_, err := h.Create(t.Context(), account.NewUser{Email: "alice@example.com", PasswordHash: "$1$saltsalt$qjXMvbEw8oaL.CzflDtaK/"})
	var bad *credential.UnreadableError
	if !errors.As(err, &bad) {
		t.Errorf("Create = %v", err)
	}
}
