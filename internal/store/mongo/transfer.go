package mongo

import (
	"bytes"
	"context"
	"slices"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// transfers is the database as one side of a copy.
type transfers struct{ *DB }

// Transfer returns the database as one side of a copy.
func (db *DB) Transfer() transfer.Target { return transfers{db} }

// countTimeout is for a look at every document, which takes longer than a step may.
const countTimeout = 10 * time.Minute

func (s transfers) Count(ctx context.Context) (int, error) {
	ctx, cancel := context.WithTimeout(ctx, countTimeout)
	defer cancel()
	n, err := s.in.users.CountDocuments(ctx, bson.D{{Key: "gone", Value: nil}})
	return int(n), asFault(err)
}

// People gives those a key whose claim of it is there too: without it sign-in would not find them.
func (s transfers) People(ctx context.Context, after uuid.UUID, limit int) ([]transfer.Person, error) {
	return step(ctx, s.steps, func(ctx context.Context) (list []transfer.Person, err error) {
		if limit <= 0 { // which means no limit to the database
			return nil, nil
		}
		documents, err := findAll[userDocument](ctx, s.in.users, bson.D{
			{Key: "_id", Value: bson.D{{Key: "$gt", Value: binaryID(after)}}},
			{Key: "gone", Value: nil},
		}, options.Find().SetSort(fields("_id")).SetLimit(int64(limit)))
		if err != nil {
			return nil, err
		}
		owners, err := s.owners(ctx, identifiersOf(documents))
		if err != nil {
			return nil, err
		}
		for i := range documents {
			one, err := documents[i].person(owners)
			if err != nil {
				return nil, err
			}
			list = append(list, one)
		}
		return list, nil
	})
}

// findAll reads all that is found at once.
func findAll[T any](ctx context.Context, in *driver.Collection, filter any, how ...options.Lister[options.FindOptions]) ([]T, error) {
	return repeat(ctx, func(ctx context.Context) (all []T, err error) {
		cursor, err := in.Find(ctx, filter, how...)
		if err != nil {
			return nil, err
		}
		return all, cursor.All(ctx, &all)
	})
}

func identifiersOf(documents []userDocument) (all []identifier) {
	for i := range documents {
		for _, one := range documents[i].identifiers() {
			if one.key != "" {
				all = append(all, one)
			}
		}
	}
	return all
}

// owners returns who has claimed each of the identifiers, by the id of the claim.
func (s transfers) owners(ctx context.Context, all []identifier) (map[string]uuid.UUID, error) {
	owners := map[string]uuid.UUID{}
	if len(all) == 0 {
		return owners, nil
	}
	claims, err := findAll[claimDocument](ctx, s.in.identifiers, amongIDs(all, identifier.id))
	for _, claim := range claims {
		owners[claim.ID] = fromBinaryID(claim.User)
	}
	return owners, err
}

// amongIDs finds the documents with these ids.
func amongIDs[T, ID any](all []T, id func(T) ID) bson.D {
	ids := make([]ID, len(all))
	for i, one := range all {
		ids[i] = id(one)
	}
	return bson.D{{Key: "_id", Value: bson.D{{Key: "$in", Value: ids}}}}
}

func (d *userDocument) person(owners map[string]uuid.UUID) (p transfer.Person, err error) {
	p.User, p.PasswordHash = d.user(), d.Password
	for _, one := range d.identifiers() {
		switch {
		case owners[one.id()] != p.ID:
		case one.kind == "email":
			p.EmailKey = one.key
		default:
			p.UsernameKey = one.key
		}
	}
	for name, document := range d.Sessions {
		one, err := document.session(p.ID, fromName(name))
		if err != nil {
			return p, err
		}
		p.Sessions = append(p.Sessions, one)
	}
	slices.SortFunc(p.Sessions, func(a, b session.Session) int { return bytes.Compare(a.ID[:], b.ID[:]) })
	return p, nil
}

func (s transfers) Keys(ctx context.Context) ([]keyset.StoredKey, error) {
	return signingKeys(s).List(ctx)
}

// Revocations reads users who have some, in the order of their ids. A user with none is one whose last was just cleaned.
func (s transfers) Revocations(ctx context.Context, after session.Key, limit int) ([]transfer.Revoked, error) {
	return step(ctx, s.steps, func(ctx context.Context) (list []transfer.Revoked, err error) {
		from, operator := after.User, "$gte"
		for len(list) < limit {
			documents, err := findAll[userDocument](ctx, s.in.users, bson.D{
				{Key: "_id", Value: bson.D{{Key: operator, Value: binaryID(from)}}},
				{Key: "revoked_at", Value: bson.D{{Key: "$exists", Value: true}}},
			}, options.Find().SetSort(fields("_id")).SetLimit(int64(limit)).SetProjection(notRevoked))
			if err != nil || len(documents) == 0 {
				return list, err
			}
			for i := range documents {
				list = append(list, documents[i].revokedAfter(after)...)
			}
			from, operator = fromBinaryID(documents[len(documents)-1].ID), "$gt"
		}
		return list[:max(0, min(limit, len(list)))], nil
	})
}

// revokedAfter returns the revocations of the document in the order of their sessions.
func (d *userDocument) revokedAfter(after session.Key) (list []transfer.Revoked) {
	owner := fromBinaryID(d.ID)
	all, _ := d.revoked(time.Time{})
	for _, one := range all {
		if owner != after.User || bytes.Compare(one.Session[:], after.Session[:]) > 0 {
			list = append(list, transfer.Revoked{Key: session.Key{User: owner, Session: one.Session}, At: one.At})
		}
	}
	slices.SortFunc(list, func(a, b transfer.Revoked) int { return bytes.Compare(a.Session[:], b.Session[:]) })
	return list
}
