package mongo

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/user"
)

// An identifier is an email or a username, by the key that it is compared with. Only one user has it, though it is written
// in two documents that no single step changes together: the claim says who may be called so, the user's document who is.
//
// To be called by an identifier, a step
//
//  1. reads the version of its user's document, if there is one yet,
//  2. claims the identifier, which gives the claim a new token, also if it has it already,
//  3. writes the user's document under the condition of that version, or makes it.
//
// A node that dies between 2 and 3 leaves a claim that nobody uses. Whoever wants the identifier claimLife later takes it
// over. To be sure that the other never comes to step 3, it
//
//  1. reads the claim,
//  2. raises the version of that user's document unless it is called so after all, or, where there is no document, puts one
//     there that says that this user is gone,
//  3. takes the claim if its token is still the same.
//
// If the other claimed before 1 it fails at its step 3, for the version is another one or the place is taken; if it claims
// after 1, the token is another one and the taking over fails. So no pause of a node, however long, makes two users of one
// identifier.
type identifier struct{ kind, key string }

func (i identifier) id() string { return i.kind + ":" + i.key }

// claimLife is how long a claim that no user's document confirms yet is left to the one who made it: much longer than a
// step lasts.
const claimLife = time.Minute

// claimDocument says who may be called by an identifier.
type claimDocument struct {
	ID    string      `bson:"_id"`
	User  bson.Binary `bson:"user"`
	Token bson.Binary `bson:"token"` // a new one with each claim
	At    time.Time   `bson:"at"`    // by the database's clock
}

// claimed is an identifier with the token of its claim.
type claimed struct {
	identifier
	token bson.Binary
}

// isCalled reports whether the user of a document, which may be nil, has the identifier.
func (d *userDocument) isCalled(i identifier) bool {
	switch {
	case d == nil:
		return false
	case i.kind == "email":
		return d.EmailKey == i.key
	}
	return d.UsernameKey == i.key
}

// identifiers returns what the user of a document is called by.
func (d *userDocument) identifiers() []identifier {
	return []identifier{{"email", d.EmailKey}, {"username", d.UsernameKey}}
}

// claimAll claims in order and stops at the first that another user has: *user.TakenError. It returns what it claimed
// either way.
func (db *DB) claimAll(ctx context.Context, owner uuid.UUID, wanted ...identifier) (all []claimed, err error) {
	for _, one := range wanted {
		if one.key == "" {
			continue
		}
		token, err := db.claim(ctx, owner, one)
		if err != nil {
			return all, err
		}
		all = append(all, claimed{one, token})
	}
	return all, nil
}

// claim makes an identifier the user's, or gives the claim that is the user's already a new token.
func (db *DB) claim(ctx context.Context, owner uuid.UUID, wanted identifier) (bson.Binary, error) {
	token := binaryID(uuid.New())
	for wait := firstWait; ; wait = min(2*wait, longWait) {
		_, err := repeat(ctx, func(ctx context.Context) (*driver.UpdateResult, error) {
			// Where the claim is another user's this finds nothing, and fails to insert it a second time.
			return db.in.identifiers.UpdateOne(ctx,
				bson.D{{Key: "_id", Value: wanted.id()}, {Key: "user", Value: binaryID(owner)}},
				claiming(token).update(), options.UpdateOne().SetUpsert(true))
		})
		if !driver.IsDuplicateKeyError(err) {
			return token, err
		}
		taken, err := db.takeOver(ctx, owner, wanted, token)
		if err != nil || taken {
			return token, err
		}
		if !pause(ctx, wait) {
			return token, errContended
		}
	}
}

func claiming(token bson.Binary) *change {
	c := &change{now: bson.D{{Key: "at", Value: true}}}
	c.put("token", token)
	return c
}

// takeOver takes an identifier from a user who is not called so and will not be. It returns *user.TakenError if the other
// has it or may be about to, and false if the claim changed meanwhile.
func (db *DB) takeOver(ctx context.Context, owner uuid.UUID, wanted identifier, token bson.Binary) (bool, error) {
	claim, err := db.readClaim(ctx, db.in.identifiersNow, wanted)
	if err != nil || claim == nil || fromBinaryID(claim.User) == owner {
		return false, err
	}
	holder, err := db.readUser(ctx, fromBinaryID(claim.User), "gone", "version", "email_key", "username_key")
	if err != nil {
		return false, err
	}
	if holder.isCalled(wanted) {
		return false, &user.TakenError{Field: wanted.kind}
	}
	now, err := db.Clock(ctx)
	if err != nil {
		return false, err
	}
	if claim.At.After(now.Add(-claimLife)) {
		return false, &user.TakenError{Field: wanted.kind}
	}
	fenced, err := db.fence(ctx, fromBinaryID(claim.User), wanted)
	if err != nil || !fenced {
		return false, err
	}
	c := claiming(token)
	c.put("user", binaryID(owner))
	taken, err := repeat(ctx, func(ctx context.Context) (*driver.UpdateResult, error) {
		return db.in.identifiers.UpdateOne(ctx,
			bson.D{{Key: "_id", Value: wanted.id()}, {Key: "token", Value: claim.Token}}, c.update())
	})
	return err == nil && taken.MatchedCount == 1, err
}

// fence makes sure that no step under way makes a user be called by an identifier. It reports false if the user is.
func (db *DB) fence(ctx context.Context, owner uuid.UUID, i identifier) (bool, error) {
	raised, err := repeat(ctx, func(ctx context.Context) (*driver.UpdateResult, error) {
		return db.in.users.UpdateOne(ctx, bson.D{
			{Key: "_id", Value: binaryID(owner)},
			{Key: i.kind + "_key", Value: bson.D{{Key: "$ne", Value: i.key}}},
		}, change{inc: fields("version")}.update())
	})
	if err != nil || raised.MatchedCount == 1 {
		return err == nil, err
	}
	// There is no such user, or they are called so. This stays for ever, as small as it is: nobody knows when a node that
	// was paused goes on.
	_, err = repeat(ctx, func(ctx context.Context) (*driver.InsertOneResult, error) {
		return db.in.users.InsertOne(ctx,
			bson.D{{Key: "_id", Value: binaryID(owner)}, {Key: "version", Value: int64(1)}, {Key: "gone", Value: true}})
	})
	if driver.IsDuplicateKeyError(err) {
		return false, nil
	}
	return err == nil, err
}

// giveBack takes back claims that came to nothing, unless another step has made the user be called so meanwhile.
func (db *DB) giveBack(ctx context.Context, owner uuid.UUID, claims []claimed) error {
	for _, one := range claims {
		d, err := db.readUser(ctx, owner, "version")
		if err != nil {
			return err
		}
		if d != nil {
			if fenced, err := db.fence(ctx, owner, one.identifier); err != nil || !fenced {
				return err
			}
		}
		if err := db.release(ctx, owner, one); err != nil {
			return err
		}
	}
	return nil
}

// release removes a claim of the user if nobody has claimed since.
func (db *DB) release(ctx context.Context, owner uuid.UUID, one claimed) error {
	return db.removeClaim(ctx, bson.D{
		{Key: "_id", Value: one.id()}, {Key: "user", Value: binaryID(owner)}, {Key: "token", Value: one.token},
	})
}

// forgetClaims removes claims of a user who is gone.
func (db *DB) forgetClaims(ctx context.Context, owner uuid.UUID, all ...identifier) error {
	for _, one := range all {
		if one.key == "" {
			continue
		}
		if err := db.removeClaim(ctx, bson.D{{Key: "_id", Value: one.id()}, {Key: "user", Value: binaryID(owner)}}); err != nil {
			return err
		}
	}
	return nil
}

func (db *DB) removeClaim(ctx context.Context, which bson.D) error {
	_, err := repeat(ctx, func(ctx context.Context) (*driver.DeleteResult, error) {
		return db.in.identifiers.DeleteOne(ctx, which)
	})
	return err
}

// readClaim returns nil if nobody has claimed the identifier.
func (db *DB) readClaim(ctx context.Context, in *driver.Collection, i identifier) (*claimDocument, error) {
	claim, err := repeat(ctx, func(ctx context.Context) (*claimDocument, error) {
		var claim claimDocument
		return &claim, in.FindOne(ctx, bson.D{{Key: "_id", Value: i.id()}}).Decode(&claim)
	})
	if errors.Is(err, driver.ErrNoDocuments) {
		return nil, nil
	}
	return claim, err
}
