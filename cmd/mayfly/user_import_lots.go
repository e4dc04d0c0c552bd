package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/user"
	"github.com/mayfly-auth/mayfly/server"
)

const (
	// lotSize is how many users are read and then made together. Each is a step of its own, but steps that wait at the same
	// time share a commit of SQLite.
	lotSize = 256
	// connected is how many are made at the same time where each step needs a connection: more would wait for one until
	// they give up.
	connected = 16
)

// newcomer is one line of an import and what becomes of it.
type newcomer struct {
	importedUser
	where string
	id    uuid.UUID // the given one, or one that is newer than that of the line before
	err   error     // why there is no such user
}

// lots divides an import into users who can be made in any order: no two of a lot share an email, a username or an id, so
// that of two who do the first has it, as if one were made after the other.
type lots struct {
	from userReader
	held *newcomer // the first of the next lot, if it is read already
}

// next returns what comes next, also before an error. io.EOF comes with the last lot.
func (l *lots) next(ctx context.Context) (lot []*newcomer, err error) {
	taken := make(map[string]bool, 2*lotSize)
	for len(lot) < lotSize {
		one := l.held
		if l.held = nil; one == nil {
			if one, err = l.read(ctx); err != nil {
				return lot, err
			}
		}
		if !one.claim(taken) {
			l.held = one
			break
		}
		lot = append(lot, one)
	}
	return lot, nil
}

func (l *lots) read(ctx context.Context) (*newcomer, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	one, where, err := l.from.read(ctx)
	var line *lineError
	switch {
	case errors.Is(err, io.EOF):
		return nil, err
	case err != nil && !errors.As(err, &line):
		return nil, fmt.Errorf("%s: %w", where, err)
	}
	n := &newcomer{importedUser: one, where: where, id: one.ID, err: err}
	if n.id == uuid.Nil {
		n.id, err = uuid.NewV7()
	}
	return n, err
}

// claim takes what only one user can have, unless somebody else of the lot has it.
func (n *newcomer) claim(taken map[string]bool) bool {
	own := []string{n.id.String(), user.Key(n.Email), user.Key(n.Username)}
	for _, one := range own {
		if one != "" && taken[one] {
			return false
		}
	}
	for _, one := range own {
		taken[one] = true
	}
	return true
}

// imports counts what became of the lines.
type imports struct{ made, there, refused int }

func (n imports) String() string {
	return fmt.Sprintf("imported %d, %d had an account already, %d refused", n.made, n.there, n.refused)
}

// importUsers holds no more than a lot of them. One that is begun is ended, even if the import is to stop: nobody would
// know what became of it.
//
// Of a database in a file it leaves a third of the time to the server: that one only looks now and then whether it may
// write, and would find the place taken until it gives up.
func (p program) importUsers(ctx context.Context, rooms *server.Rooms, from userReader) error {
	var n imports
	all := lots{from: from}
	for {
		lot, end := all.next(ctx)
		begun := time.Now()
		makeUsers(context.WithoutCancel(ctx), rooms, lot)
		took := time.Since(begun)
		if fault := p.tellLot(lot, &n); fault != nil {
			end = fault
		}
		if end != nil {
			fmt.Fprintln(p.stderr, n)
			return n.verdict(end)
		}
		if rooms.Embedded {
			time.Sleep(took / 2)
		}
	}
}

// verdict is the error of an import that ended so.
func (n imports) verdict(end error) error {
	switch {
	case errors.Is(end, context.Canceled):
		return errors.New("interrupted; what was imported is kept; fix: import it all again")
	case !errors.Is(end, io.EOF):
		return fmt.Errorf("%w; what comes before it is imported; fix: import it all again", end)
	case n.refused > 0:
		return errors.New("some lines were refused; fix: mend them and import the file again")
	}
	return nil
}

func makeUsers(ctx context.Context, rooms *server.Rooms, lot []*newcomer) {
	places := make(chan struct{}, connected)
	if rooms.Embedded {
		places = make(chan struct{}, lotSize)
	}
	var steps sync.WaitGroup
	for _, one := range lot {
		if one.err != nil {
			continue
		}
		places <- struct{}{}
		steps.Go(func() {
			defer func() { <-places }()
			one.err = one.join(ctx, rooms)
		})
	}
	steps.Wait()
}

// tellLot says what became of the lines, in their order. The error is what would be wrong with every other line too.
func (p program) tellLot(lot []*newcomer, n *imports) (fault error) {
	out := bufio.NewWriter(p.stdout)
	defer out.Flush()
	for _, one := range lot {
		switch {
		case one.err == nil:
			n.made++
			fmt.Fprintf(out, "%s  %s\n", one.id, one.Email)
		case isThere(one.err):
			n.there++
		case isOfTheLine(one.err):
			n.refused++
			out.Flush() // on a terminal both are one text
			fmt.Fprintf(p.stderr, "%s: %v\n", one.where, inWords(one.err))
		case fault == nil:
			fault = fmt.Errorf("%s: %w", one.where, one.err)
		}
	}
	return fault
}

// errIDTaken says that the user was brought along before.
var errIDTaken = errors.New("somebody has this id already")

// join makes the account.
func (n *newcomer) join(ctx context.Context, rooms *server.Rooms) error {
	if n.PasswordHash == "" {
		return &lineError{"it has no password_hash; fix: give the hash that the person's password has now"}
	}
	if n.ID != uuid.Nil {
		if _, err := rooms.Users.Find(ctx, n.ID); err == nil {
			return errIDTaken
		} else if !errors.Is(err, user.ErrNotFound) {
			return err
		}
	}
	_, err := rooms.Accounts.Create(ctx, account.NewUser{
		Email: n.Email, Username: n.Username, Name: n.Name, PasswordHash: n.PasswordHash,
		Roles: n.Roles, Metadata: []byte(n.Metadata),
		ID: n.id, EmailVerified: n.EmailVerified, CreatedAt: n.CreatedAt, DisabledAt: n.DisabledAt,
	})
	return err
}

// isThere tells that somebody has the account already.
func isThere(err error) bool {
	var taken *user.TakenError
	return errors.Is(err, errIDTaken) || (errors.As(err, &taken) && taken.Field == "email")
}

// isOfTheLine tells what is wrong with one line from what would be wrong with every other.
func isOfTheLine(err error) bool {
	var line *lineError
	var hash *credential.UnreadableError
	return errors.As(err, &line) || errors.As(err, &hash) || door.Translate(err).Status < http.StatusInternalServerError
}
