// Package seed fills a database with people who are signed in, any number of them, by the way that `mayfly store copy`
// writes. What they hold is made by the room that makes it at a sign-in, so their refresh tokens are good.
package seed

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/secret"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/transfer"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Password is everybody's.
const Password = "a quiet river at dawn"

// Email is that of the person with this number.
func Email(n int) string { return fmt.Sprintf("person%d@example.com", n) }

// page is how many people share a commit.
const page = 1000

// Fill writes people 0 to n-1, each with a password and one session, into an empty database. It returns the refresh
// tokens of so many of them, spread evenly.
func Fill(ctx context.Context, into transfer.Target, serverSecret string, n, sample int) (tokens []string, err error) {
	secrets, err := secret.Parse(serverSecret)
	if err != nil {
		return nil, err
	}
	hash, err := credential.NewHasher(credential.Config{}).Hash(ctx, Password)
	if err != nil {
		return nil, err
	}
	var made kept
	sessions := session.New(session.Config{
		Store: &made, Keys: secrets.Derive(session.TokenPurpose), IdleTimeout: 30 * 24 * time.Hour, TTL: 90 * 24 * time.Hour,
		Now: time.Now,
	})
	every := max(1, n/sample)
	people := make([]transfer.Person, 0, page)
	for i := range n {
		who, err := person(i, hash)
		if err != nil {
			return nil, err
		}
		grant, err := sessions.Start(ctx, who.User, session.Cookie, []string{"pwd"}, session.Device{UserAgent: "bench"})
		if err != nil {
			return nil, err
		}
		who.Sessions = []session.Session{made.last}
		if people = append(people, who); len(people) == page || i == n-1 {
			if err := into.Write(ctx, transfer.Change{Put: people}); err != nil {
				return nil, err
			}
			people = people[:0]
		}
		if i%every == 0 && len(tokens) < sample {
			tokens = append(tokens, grant.RefreshToken)
		}
	}
	return tokens, nil
}

func person(n int, hash string) (transfer.Person, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return transfer.Person{}, err
	}
	now := time.Now().Truncate(time.Millisecond)
	who := transfer.Person{
		User:         user.User{ID: id, Email: Email(n), Name: fmt.Sprint("Person ", n), Epoch: 1, CreatedAt: now, UpdatedAt: now},
		PasswordHash: hash,
	}
	who.EmailKey = user.Key(who.Email)
	return who, nil
}

// kept is a store that keeps the last session it was given, for the target to write.
type kept struct {
	session.Store
	last session.Session
}

func (k *kept) Create(_ context.Context, s session.Session) error {
	k.last = s
	return nil
}
