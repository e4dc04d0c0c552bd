package mongo

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// mostWrites is how many documents one command changes: it has to be done within tryTimeout.
const mostWrites = 100

// Write is many commands, each of which may be made again; nobody else works on the database. If it ends in the middle, a
// user has a document without a claim or none, which People tells, so that the same change made again mends it.
func (s transfers) Write(ctx context.Context, c transfer.Change) error {
	for _, part := range []func(context.Context, transfer.Change) error{s.removePeople, s.putPeople, s.putClaims, s.writeRevocations} {
		_, err := step(ctx, s.steps, func(ctx context.Context) (none struct{}, err error) { return none, part(ctx, c) })
		if err != nil {
			return err
		}
	}
	return s.writeKeys(ctx, c)
}

// inLots makes changes in commands of a bearable size.
func inLots(ctx context.Context, in *driver.Collection, writes []driver.WriteModel) error {
	for lot := range slices.Chunk(writes, mostWrites) {
		if _, err := repeat(ctx, func(ctx context.Context) (*driver.BulkWriteResult, error) {
			return in.BulkWrite(ctx, lot)
		}); err != nil {
			return err
		}
	}
	return nil
}

// removePeople takes away those who are gone, what the others were called by, and whoever else has a name of theirs.
func (s transfers) removePeople(ctx context.Context, c transfer.Change) error {
	put := map[uuid.UUID]bool{}
	affected := slices.Clone(c.Gone)
	for _, p := range c.Put {
		put[p.ID] = true
		affected = append(affected, p.ID)
	}
	holders, err := s.owners(ctx, wantedBy(c.Put))
	if err != nil {
		return err
	}
	for _, holder := range holders {
		affected = append(affected, holder)
	}
	if len(affected) == 0 {
		return nil
	}
	there, err := findAll[userDocument](ctx, s.in.users, amongIDs(affected, binaryID),
		options.Find().SetProjection(fields("email_key", "username_key", "revoked_at")))
	if err != nil {
		return err
	}
	var claims, people []driver.WriteModel
	for i := range there {
		d := &there[i]
		for _, one := range d.identifiers() {
			if one.key != "" {
				claims = append(claims, driver.NewDeleteOneModel().SetFilter(bson.D{{Key: "_id", Value: one.id()}, {Key: "user", Value: d.ID}}))
			}
		}
		if !put[fromBinaryID(d.ID)] {
			people = append(people, d.removal())
		}
	}
	// First the people: a claim without a user is found by nobody, and taken over by whoever wants it.
	if err := inLots(ctx, s.in.users, people); err != nil {
		return err
	}
	return inLots(ctx, s.in.identifiers, claims)
}

func wantedBy(people []transfer.Person) (all []identifier) {
	for _, p := range people {
		for _, one := range namesOf(p) {
			if one.key != "" {
				all = append(all, one)
			}
		}
	}
	return all
}

func namesOf(p transfer.Person) []identifier {
	return []identifier{{"email", p.EmailKey}, {"username", p.UsernameKey}}
}

// removal leaves the revocations, as deleting a user does.
func (d *userDocument) removal() driver.WriteModel {
	this := bson.D{{Key: "_id", Value: d.ID}}
	if d.RevokedAt == nil {
		return driver.NewDeleteOneModel().SetFilter(this)
	}
	c := change{unset: fields(goneFields...), inc: fields("version")}
	c.put("gone", true)
	return driver.NewUpdateOneModel().SetFilter(this).SetUpdate(c.update())
}

// putPeople writes every field but the revocations, which are not the person's to bring.
func (s transfers) putPeople(ctx context.Context, c transfer.Change) error {
	var writes []driver.WriteModel
	for _, p := range c.Put {
		writes = append(writes, driver.NewUpdateOneModel().
			SetFilter(bson.D{{Key: "_id", Value: binaryID(p.ID)}}).SetUpdate(wholePerson(p).update()).SetUpsert(true))
	}
	return inLots(ctx, s.in.users, writes)
}

func wholePerson(p transfer.Person) *change {
	c := &change{inc: fields("version")}
	c.remove("gone")
	c.put("epoch", p.Epoch)
	c.put("created_at", moment(p.CreatedAt))
	c.put("updated_at", moment(p.UpdatedAt))
	c.put("email", p.Email)
	c.put("email_key", p.EmailKey)
	c.put("email_verified", p.EmailVerified)
	c.put("name", p.Name)
	c.put("roles", p.Roles)
	c.putText("username", p.Username)
	c.putText("username_key", p.UsernameKey)
	c.putText("metadata", string(p.Metadata))
	c.putText("password", p.PasswordHash)
	if p.DisabledAt.IsZero() {
		c.remove("disabled_at")
	} else {
		c.put("disabled_at", moment(p.DisabledAt))
	}
	sessions := make(map[string]sessionDocument, len(p.Sessions))
	for _, one := range p.Sessions {
		sessions[nameOf(one.ID)] = newSessionDocument(one)
	}
	c.put("kept", int32(len(sessions)))
	c.put("sessions", sessions)
	return c
}

func (s transfers) putClaims(ctx context.Context, c transfer.Change) error {
	var writes []driver.WriteModel
	for _, p := range c.Put {
		for _, one := range namesOf(p) {
			if one.key == "" {
				continue
			}
			claim := claiming(binaryID(uuid.New()))
			claim.put("user", binaryID(p.ID))
			writes = append(writes, driver.NewUpdateOneModel().
				SetFilter(bson.D{{Key: "_id", Value: one.id()}}).SetUpdate(claim.update()).SetUpsert(true))
		}
	}
	return inLots(ctx, s.in.identifiers, writes)
}

func (s transfers) writeKeys(ctx context.Context, c transfer.Change) error {
	if len(c.PutKeys)+len(c.GoneKeys) == 0 {
		return nil
	}
	return signingKeys(s).change(ctx, func(d *keysDocument) (bool, error) {
		d.Keys = slices.DeleteFunc(d.Keys, func(k keyDocument) bool { return slices.Contains(c.GoneKeys, k.ID) })
		for _, k := range c.PutKeys {
			one := keyDocument{
				ID: k.ID, Algorithm: k.Algorithm, Public: k.Public, Sealed: k.Sealed,
				CreatedAt: moment(k.CreatedAt), SignsAt: moment(k.SignsAt), RevokedAt: orNone(k.RevokedAt),
			}
			if i := d.index(k.ID); i >= 0 {
				d.Keys[i] = one
			} else {
				d.Keys = append(d.Keys, one)
			}
		}
		return true, nil
	})
}
