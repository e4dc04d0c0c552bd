package mongo

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/google/uuid"
	"go.mongodb.org/mongo-driver/v2/bson"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// userDocument is a user with all that is theirs. One that is Gone keeps only what must be known of it for a while.
type userDocument struct {
	ID      bson.Binary `bson:"_id"`
	Version int64       `bson:"version"`
	Gone    bool        `bson:"gone,omitempty"`

	Epoch         int64      `bson:"epoch"`
	DisabledAt    *time.Time `bson:"disabled_at,omitempty"`
	CreatedAt     time.Time  `bson:"created_at"`
	UpdatedAt     time.Time  `bson:"updated_at"`
	Email         string     `bson:"email"`
	EmailKey      string     `bson:"email_key"`
	EmailVerified bool       `bson:"email_verified"`
	Username      string     `bson:"username,omitempty"`
	UsernameKey   string     `bson:"username_key,omitempty"`
	Name          string     `bson:"name"`
	Roles         []string   `bson:"roles"`
	Metadata      string     `bson:"metadata,omitempty"` // as it was given: BSON has no numbers of any length
	Password      string     `bson:"password,omitempty"`

	Kept     int32                      `bson:"kept"` // how many sessions there are
	Sessions map[string]sessionDocument `bson:"sessions,omitempty"`

	Revocations int32                    `bson:"revocations,omitempty"` // how many are in Rest
	RevokedAt   *time.Time               `bson:"revoked_at,omitempty"`  // the latest of them
	Rest        map[string]bson.RawValue `bson:",inline"`
}

// sessionDocument is a session within its user's document, under the name of its id.
type sessionDocument struct {
	Generation int64      `bson:"generation"`
	Parent     int64      `bson:"parent"`
	RotatedAt  time.Time  `bson:"rotated_at"`
	Epoch      int64      `bson:"epoch"`
	CreatedAt  time.Time  `bson:"created_at"`
	ExpiresAt  time.Time  `bson:"expires_at"`
	EndedAt    *time.Time `bson:"ended_at,omitempty"`
	EndReason  string     `bson:"end_reason,omitempty"`
	Seed       []byte     `bson:"seed"`
	Delivery   string     `bson:"delivery"`
	AMR        []string   `bson:"amr"`
	Address    string     `bson:"address,omitempty"`
	UserAgent  string     `bson:"user_agent"`
}

// userFields is the projection of all that a user.User is made of.
var userFields = []string{
	"version", "gone", "epoch", "disabled_at", "created_at", "updated_at", "email", "email_key", "email_verified",
	"username", "username_key", "name", "roles", "metadata",
}

// fields is a projection that keeps the fields named.
func fields(names ...string) bson.D {
	projection := make(bson.D, len(names))
	for i, name := range names {
		projection[i] = bson.E{Key: name, Value: 1}
	}
	return projection
}

// within names a session in a user's document, or a field of it.
func within(id uuid.UUID, field ...string) string {
	return strings.Join(append([]string{"sessions", nameOf(id)}, field...), ".")
}

func newUserDocument(u user.User, passwordHash string) userDocument {
	return userDocument{
		ID: binaryID(u.ID), Version: 1, Epoch: u.Epoch,
		DisabledAt: orNone(u.DisabledAt), CreatedAt: moment(u.CreatedAt), UpdatedAt: moment(u.UpdatedAt),
		Email: u.Email, EmailKey: user.Key(u.Email), EmailVerified: u.EmailVerified,
		Username: u.Username, UsernameKey: user.Key(u.Username),
		Name: u.Name, Roles: u.Roles, Metadata: string(u.Metadata), Password: passwordHash,
	}
}

func (d *userDocument) user() user.User {
	u := user.User{
		ID: fromBinaryID(d.ID), Email: d.Email, EmailVerified: d.EmailVerified, Username: d.Username, Name: d.Name,
		Roles: d.Roles, Epoch: d.Epoch, DisabledAt: fromNone(d.DisabledAt),
		CreatedAt: d.CreatedAt.UTC(), UpdatedAt: d.UpdatedAt.UTC(),
	}
	if d.Metadata != "" {
		u.Metadata = json.RawMessage(d.Metadata)
	}
	return u
}

func newSessionDocument(s session.Session) sessionDocument {
	return sessionDocument{
		Generation: int64(s.Generation), Parent: int64(s.Parent), RotatedAt: moment(s.RotatedAt), Epoch: s.Epoch,
		CreatedAt: moment(s.CreatedAt), ExpiresAt: moment(s.ExpiresAt), EndedAt: orNone(s.EndedAt),
		EndReason: string(s.EndReason), Seed: s.Seed[:], Delivery: string(s.Delivery), AMR: s.AMR,
		Address: address(s.Device.Address), UserAgent: plain(s.Device.UserAgent),
	}
}

func (d *sessionDocument) session(owner, id uuid.UUID) (s session.Session, err error) {
	s = session.Session{
		User: owner, ID: id, Epoch: d.Epoch,
		Lineage: session.Lineage{
			Generation: uint32(d.Generation), Parent: uint32(d.Parent), RotatedAt: d.RotatedAt.UTC(),
		},
		Delivery: session.Delivery(d.Delivery), AMR: d.AMR, Device: session.Device{UserAgent: d.UserAgent},
		CreatedAt: d.CreatedAt.UTC(), ExpiresAt: d.ExpiresAt.UTC(),
		EndedAt: fromNone(d.EndedAt), EndReason: session.Reason(d.EndReason),
	}
	if copy(s.Seed[:], d.Seed) != session.SeedSize {
		return s, errors.New("mongo: a session's seed is too short")
	}
	if s.Device.Address, err = fromAddress(d.Address); err != nil {
		return s, fmt.Errorf("mongo: a session's address: %w", err)
	}
	return s, nil
}

// record returns a session of the document with its user, or session.ErrNotFound.
func (d *userDocument) record(id uuid.UUID) (rec session.Record, err error) {
	one, ok := d.Sessions[nameOf(id)]
	if !ok || d.Gone {
		return rec, session.ErrNotFound
	}
	rec.Owner = d.user()
	rec.Session, err = one.session(rec.Owner.ID, id)
	return rec, err
}

// live reports whether a session of the document goes on.
func (d *userDocument) live(s sessionDocument) bool {
	return s.EndedAt == nil && s.Epoch == d.Epoch && d.DisabledAt == nil
}

// of returns a session of the document.
func (d *userDocument) of(id uuid.UUID) sessionDocument { return d.Sessions[nameOf(id)] }

// overSince returns since when a session of the document is over, or when it was last used if nobody wrote that down.
func (d *userDocument) overSince(id uuid.UUID) time.Time {
	s := d.of(id)
	if s.EndedAt == nil {
		return s.RotatedAt
	}
	return *s.EndedAt
}
