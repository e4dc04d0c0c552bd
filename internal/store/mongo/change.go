package mongo

import (
	"context"
	"errors"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"
	driver "go.mongodb.org/mongo-driver/v2/mongo"
	"go.mongodb.org/mongo-driver/v2/mongo/options"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// change is what one command does to one document.
type change struct {
	set, unset, inc bson.D
	now             bson.D // fields that are set to the moment of the database's own clock
	only            bson.D // what must still be so, besides the version: whatever a refresh changes
}

// update returns the change as the database takes it, which refuses an operator with nothing to do.
func (c change) update() bson.D {
	var update bson.D
	for _, part := range []struct {
		operator string
		fields   bson.D
	}{{"$set", c.set}, {"$unset", c.unset}, {"$inc", c.inc}, {"$currentDate", c.now}} {
		if len(part.fields) > 0 {
			update = append(update, bson.E{Key: part.operator, Value: part.fields})
		}
	}
	return update
}

func (c *change) put(field string, value any) {
	c.set = append(c.set, bson.E{Key: field, Value: value})
}

// when makes the change depend on a field that a refresh changes.
func (c *change) when(field string, value any) {
	c.only = append(c.only, bson.E{Key: field, Value: value})
}

func (c *change) remove(field string) { c.unset = append(c.unset, bson.E{Key: field, Value: ""}) }

// putText removes a field that is to be empty.
func (c *change) putText(field, text string) {
	if text == "" {
		c.remove(field)
		return
	}
	c.put(field, text)
}

func (c *change) add(field string, n int) {
	if n != 0 {
		c.inc = append(c.inc, bson.E{Key: field, Value: n})
	}
}

// revoke writes down that sessions end in this change, each with the moment. Every one has a field of its own, since there
// is no other way to write the database's own time that all servers know.
func (c *change) revoke(ids ...uuid.UUID) {
	if len(ids) == 0 {
		return
	}
	for _, id := range ids {
		c.now = append(c.now, bson.E{Key: revokedPrefix + nameOf(id), Value: true})
	}
	c.now = append(c.now, bson.E{Key: "revoked_at", Value: true})
	c.add("revocations", len(ids))
}

// end marks a session as ended.
func (c *change) end(id uuid.UUID, e session.Ending) {
	c.put(within(id, "ended_at"), moment(e.At))
	c.put(within(id, "end_reason"), string(e.Reason))
}

// endLive ends every live session of the document except keep, which gets the epoch that the change raises. It returns how
// many it ends.
func (c *change) endLive(d *userDocument, keep uuid.UUID, e session.Ending) int {
	c.add("epoch", 1)
	var ended []uuid.UUID
	for name, s := range d.Sessions {
		id := fromName(name)
		switch {
		case !d.live(s):
		case id == keep:
			c.put(within(id, "epoch"), d.Epoch+1)
		default:
			c.end(id, e)
			ended = append(ended, id)
		}
	}
	c.revoke(ended...)
	return len(ended)
}

// plan decides from a user's document how to change it: nil changes nothing. The document is nil where there is no such
// user. It is called again whenever somebody else was faster.
type plan func(ctx context.Context, d *userDocument) (*change, error)

// changeUser reads a user's document and changes it if it is still the same then, refreshes aside.
func (db *DB) changeUser(ctx context.Context, id uuid.UUID, decide plan) error {
	wait := firstWait
	for {
		d, err := db.readUser(ctx, id)
		if err != nil {
			return err
		}
		c, err := decide(ctx, d)
		if err != nil || c == nil {
			return err
		}
		c.add("version", 1)
		same := append(bson.D{{Key: "_id", Value: binaryID(id)}, {Key: "version", Value: d.Version}}, c.only...)
		changed, err := once(ctx, func(ctx context.Context) (*driver.UpdateResult, error) {
			return db.in.users.UpdateOne(ctx, same, c.update())
		})
		if err != nil {
			return err
		}
		if changed.MatchedCount == 1 {
			return nil
		}
		if !pause(ctx, wait) {
			return errContended
		}
		wait = min(2*wait, longWait)
	}
}

// readUser returns the document of a user as it is at this moment, or nil if there is none. A projection leaves out what
// is not asked for.
func (db *DB) readUser(ctx context.Context, id uuid.UUID, names ...string) (*userDocument, error) {
	return db.findUser(ctx, db.in.usersNow, id, names...)
}

func (db *DB) findUser(ctx context.Context, in *driver.Collection, id uuid.UUID, names ...string) (*userDocument, error) {
	d, err := repeat(ctx, func(ctx context.Context) (*userDocument, error) {
		var d userDocument
		err := in.FindOne(ctx, bson.D{{Key: "_id", Value: binaryID(id)}}, options.FindOne().SetProjection(fields(names...))).Decode(&d)
		return &d, err
	})
	switch {
	case errors.Is(err, driver.ErrNoDocuments), err == nil && d.Gone:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return d, nil
}

// Clock returns the time by the database's own clock.
func (db *DB) Clock(ctx context.Context) (time.Time, error) {
	h, err := hello(ctx, db.client)
	return h.LocalTime.Time().UTC(), err
}
