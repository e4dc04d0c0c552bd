package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"github.com/mayfly-auth/mayfly/internal/user"
)

const (
	// claimIdentifier makes the identifier the user's unless it is already.
	claimIdentifier = `
INSERT INTO identifiers (kind, key, user_id)
SELECT $1::text, $2::text, u.id FROM users u WHERE u.id = $3 AND NOT EXISTS (
    SELECT FROM identifiers i WHERE i.kind = $1::text AND i.key = $2::text AND i.user_id = $3
)`
	// giveUpIdentifiers frees what the user was called by before.
	giveUpIdentifiers = `DELETE FROM identifiers WHERE user_id = $1 AND kind = $2 AND key <> $3`

	// changeUser takes a flag before each value that says whether there is one. An email in another spelling is a new one:
	// its key is the same, its mailbox need not be.
	changeUser = `
UPDATE users u SET updated_at = $2,
    email_verified = u.email_verified AND (NOT $3::boolean OR u.email = $4::text),
    email = CASE WHEN $3::boolean THEN $4::text ELSE u.email END,
    username = CASE WHEN $5::boolean THEN $6::text ELSE u.username END,
    name = CASE WHEN $7::boolean THEN $8::text ELSE u.name END,
    roles = CASE WHEN $9::boolean THEN $10::text[] ELSE u.roles END,
    metadata = CASE WHEN $11::boolean THEN $12::json ELSE u.metadata END
WHERE u.id = $1 RETURNING ` + userColumns
)

func (s users) Update(ctx context.Context, id uuid.UUID, change user.Change, at time.Time) (user.User, error) {
	if _, err := s.Find(ctx, id); err != nil { // an unknown user has no identifier to quarrel over
		return user.User{}, err
	}
	if err := s.free(ctx, id, user.Key(orZero(change.Email)), user.Key(orZero(change.Username))); err != nil {
		return user.User{}, err
	}
	u, err := once(ctx, s.c, func(ctx context.Context, c *pgx.Conn) (user.User, error) {
		var r userRow
		parts, claims := identifierParts(id, change)
		parts = append([]part{query(lockUser, id)}, parts...)
		parts = append(parts, query(changeUser, id, moment(at), change.Email != nil, orZero(change.Email),
			change.Username != nil, textOrNull(orZero(change.Username)), change.Name != nil, orZero(change.Name),
			change.Roles != nil, orZero(change.Roles), change.Metadata != nil, metadata(orZero(change.Metadata)),
		).into(r.columns()...).orElse(user.ErrNotFound))
		err := together(ctx, c, parts...)
		for i, field := range claims {
			if isTaken(err, 1+i) {
				err = &user.TakenError{Field: field}
			}
		}
		return r.user(), err
	})
	if err != nil {
		return user.User{}, err
	}
	return u, nil
}

// identifierParts claims what the user will be called by and gives up the rest. All claims come first, the email's
// before the username's, and claims names them: so two users who change at the same moment never wait for each other.
func identifierParts(id uuid.UUID, change user.Change) (parts []part, claims []string) {
	var givenUp []part
	for _, one := range []struct {
		kind  string
		value *string
	}{{"email", change.Email}, {"username", change.Username}} {
		if one.value == nil {
			continue
		}
		key := user.Key(*one.value)
		if key != "" {
			claims = append(claims, one.kind)
			parts = append(parts, query(claimIdentifier, one.kind, key, id))
		}
		givenUp = append(givenUp, query(giveUpIdentifiers, id, one.kind, key))
	}
	return append(parts, givenUp...), claims
}

// orZero returns what p points to, or nothing.
func orZero[T any](p *T) (v T) {
	if p != nil {
		v = *p
	}
	return v
}
