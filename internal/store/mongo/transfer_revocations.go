package mongo

import (
	"context"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// writeRevocations counts anew what each user's document has of them.
func (s transfers) writeRevocations(ctx context.Context, c transfer.Change) error {
	edits := map[uuid.UUID]*revocationEdit{}
	of := func(owner uuid.UUID) *revocationEdit {
		if edits[owner] == nil {
			edits[owner] = &revocationEdit{have: map[string]time.Time{}}
		}
		return edits[owner]
	}
	var owners []uuid.UUID
	for _, key := range c.GoneRevocations {
		of(key.User)
	}
	for _, r := range c.PutRevocations {
		of(r.User)
	}
	for owner := range edits {
		owners = append(owners, owner)
	}
	if len(owners) == 0 {
		return nil
	}
	there, err := findAll[userDocument](ctx, s.in.users, amongIDs(owners, binaryID), options.Find().SetProjection(notRevoked))
	if err != nil {
		return err
	}
	for i := range there {
		edit := of(fromBinaryID(there[i].ID))
		edit.gone = there[i].Gone
		for _, one := range there[i].revokedAfter(transferStart) {
			edit.have[revokedPrefix+nameOf(one.Session)] = one.At
		}
	}
	for _, key := range c.GoneRevocations {
		of(key.User).take(revokedPrefix + nameOf(key.Session))
	}
	for _, r := range c.PutRevocations {
		of(r.User).put(revokedPrefix+nameOf(r.Session), moment(r.At))
	}
	var writes []driver.WriteModel
	for owner, edit := range edits {
		writes = append(writes, edit.write(binaryID(owner)))
	}
	return inLots(ctx, s.in.users, writes)
}

// transferStart comes before every revocation.
var transferStart = transfer.Revoked{}.Key

// revocationEdit is what is to become of the revocations in a user's document.
type revocationEdit struct {
	gone   bool // the user is
	have   map[string]time.Time
	change change
}

func (e *revocationEdit) put(name string, at time.Time) {
	e.have[name] = at
	e.change.put(name, at)
}

func (e *revocationEdit) take(name string) {
	delete(e.have, name)
	e.change.remove(name)
}

// write makes a document for a user who is gone already, and takes it away with the last revocation.
func (e *revocationEdit) write(id bson.Binary) driver.WriteModel {
	this := bson.D{{Key: "_id", Value: id}}
	if len(e.have) == 0 && e.gone {
		return driver.NewDeleteOneModel().SetFilter(this)
	}
	var latest time.Time
	for _, at := range e.have {
		if at.After(latest) {
			latest = at
		}
	}
	if len(e.have) == 0 {
		e.change.remove("revocations")
		e.change.remove("revoked_at")
	} else {
		e.change.put("revocations", int32(len(e.have)))
		e.change.put("revoked_at", latest)
	}
	e.change.inc = fields("version")
	update := append(e.change.update(), bson.E{Key: "$setOnInsert", Value: bson.D{{Key: "gone", Value: true}}})
	return driver.NewUpdateOneModel().SetFilter(this).SetUpdate(update).SetUpsert(len(e.have) > 0)
}
