package mongo

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// users is the store of users.
type users struct{ *DB }

func (s users) Create(ctx context.Context, fresh user.User, passwordHash string) error {
	_, err := step(ctx, s.steps, func(ctx context.Context) (none struct{}, err error) {
		d := newUserDocument(fresh, passwordHash)
		claimed, err := s.claimAll(ctx, fresh.ID, identifier{"email", d.EmailKey}, identifier{"username", d.UsernameKey})
		if err != nil {
			return none, errors.Join(err, s.giveBack(ctx, fresh.ID, claimed))
		}
		_, err = repeat(ctx, func(ctx context.Context) (*driver.InsertOneResult, error) {
			return s.in.users.InsertOne(ctx, d)
		})
		if driver.IsDuplicateKeyError(err) {
			err = s.explainDuplicate(ctx, &d, err)
		}
		return none, err // with the claims: the user may be there, whatever the error says
	})
	return err
}

// explainDuplicate says why the id of a new user is there already: by a try whose answer was lost, or because the
// registration took so long that it was fenced off.
func (s users) explainDuplicate(ctx context.Context, d *userDocument, duplicate error) error {
	there, err := s.readUser(ctx, fromBinaryID(d.ID))
	switch {
	case err != nil:
		return err
	case there == nil:
		return errFenced
	case there.EmailKey == d.EmailKey && there.Password == d.Password && there.CreatedAt.Equal(d.CreatedAt):
		return nil
	}
	return duplicate
}

func (s users) Find(ctx context.Context, id uuid.UUID) (user.User, error) {
	return step(ctx, s.steps, func(ctx context.Context) (user.User, error) {
		d, err := s.findUser(ctx, s.in.users, id, userFields...)
		switch {
		case err != nil:
			return user.User{}, err
		case d == nil:
			return user.User{}, user.ErrNotFound
		}
		return d.user(), nil
	})
}

// FindByIdentifier asks the user's document too: a claim that nobody came to use finds nobody.
func (s users) FindByIdentifier(ctx context.Context, key string) (user.User, error) {
	if key == "" {
		return user.User{}, errors.Join(ctx.Err(), user.ErrNotFound)
	}
	return step(ctx, s.steps, func(ctx context.Context) (user.User, error) {
		for _, one := range []identifier{{"email", key}, {"username", key}} {
			if one.kind == "email" && !strings.Contains(key, "@") {
				continue
			}
			claim, err := s.readClaim(ctx, s.in.identifiers, one)
			if err != nil {
				return user.User{}, err
			}
			if claim == nil {
				continue
			}
			d, err := s.findUser(ctx, s.in.users, fromBinaryID(claim.User), userFields...)
			if err != nil {
				return user.User{}, err
			}
			if d.isCalled(one) {
				return d.user(), nil
			}
		}
		return user.User{}, user.ErrNotFound
	})
}

func (s users) List(ctx context.Context, after uuid.UUID, limit int) ([]user.User, error) {
	return step(ctx, s.steps, func(ctx context.Context) (list []user.User, err error) {
		if limit <= 0 { // which means no limit to the database
			return nil, nil
		}
		documents, err := repeat(ctx, func(ctx context.Context) (all []userDocument, err error) {
			cursor, err := s.in.users.Find(ctx, bson.D{
				{Key: "_id", Value: bson.D{{Key: "$gt", Value: binaryID(after)}}},
				{Key: "gone", Value: nil},
			}, options.Find().SetSort(fields("_id")).SetLimit(int64(limit)).SetProjection(fields(userFields...)))
			if err != nil {
				return nil, err
			}
			err = cursor.All(ctx, &all)
			return all, err
		})
		for i := range documents {
			list = append(list, documents[i].user())
		}
		return list, err
	})
}

func (s users) Disable(ctx context.Context, id uuid.UUID, disabled bool, at time.Time) error {
	_, err := ending(ctx, s.DB, func(ctx context.Context) (none struct{}, err error) {
		return none, s.changeUser(ctx, id, func(_ context.Context, d *userDocument) (*change, error) {
			var c change
			switch {
			case d == nil:
				return nil, user.ErrNotFound
			case disabled == (d.DisabledAt != nil):
				return nil, nil
			case disabled:
				c.endLive(d, uuid.Nil, session.Ending{At: at, Reason: session.UserDisabled})
				c.put("disabled_at", moment(at))
			default:
				c.remove("disabled_at")
			}
			return &c, nil
		})
	})
	return err
}

// goneFields are all that is taken from a user who is deleted.
var goneFields = []string{
	"epoch", "disabled_at", "created_at", "updated_at", "email", "email_key", "email_verified", "username", "username_key",
	"name", "roles", "metadata", "password", "kept", "sessions",
}

// Delete leaves the names of the sessions that were live, for as long as their access tokens may be: nothing else is left
// of the user. See revocations.Clean.
func (s users) Delete(ctx context.Context, id uuid.UUID) error {
	_, err := ending(ctx, s.DB, func(ctx context.Context) (none struct{}, err error) {
		var was *userDocument
		err = s.changeUser(ctx, id, func(_ context.Context, d *userDocument) (*change, error) {
			if was = d; d == nil {
				return nil, user.ErrNotFound
			}
			c := change{unset: fields(goneFields...)}
			c.put("gone", true)
			c.revoke(d.notEnded()...)
			if d.RevokedAt == nil && len(c.now) == 0 {
				c.now = fields("revoked_at") // for the cleaner to find
				c.now[0].Value = true
			}
			return &c, nil
		})
		if err != nil {
			return none, err
		}
		// Whoever is called so is gone for good: these claims count no more, whether or not they are taken back.
		return none, s.forgetClaims(ctx, id, was.identifiers()...)
	})
	return err
}

// notEnded returns the sessions whose access tokens may still be good.
func (d *userDocument) notEnded() (ids []uuid.UUID) {
	for name, s := range d.Sessions {
		if s.EndedAt == nil {
			ids = append(ids, fromName(name))
		}
	}
	return ids
}
