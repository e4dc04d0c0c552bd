package server

import (
	"context"
	"errors"
	"fmt"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/internal/credential"
	"github.com/mayfly-auth/mayfly/internal/jws"
	"github.com/mayfly-auth/mayfly/internal/keyset"
	"github.com/mayfly-auth/mayfly/internal/limit"
	"github.com/mayfly-auth/mayfly/internal/revocation"
	"github.com/mayfly-auth/mayfly/internal/secret"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// Rooms are the rooms over one database, without doors. The command line works in them, also while a server runs.
type Rooms struct {
	Users    user.Store
	Accounts *account.Accounts
	Sessions *session.Sessions
	Keys     *keyset.Set // nil with HS256, whose one key is the shared secret
	Tokens   *accesstoken.Issuer
	Embedded bool // the database is a file, to which one process at a time writes

	limiter *limit.Limiter
	store   store
	jwks    func() []byte
}

// store is a database: one store for each room that keeps something.
type store interface {
	Sessions() session.Store
	Users() user.Store
	Credentials() credential.Store
	Limits() limit.Store
	Keys() keyset.Store
	Revocations() revocation.Store
	// Ping fails where a sign-in would.
	Ping(context.Context) error
	Close() error
}

// Open opens the database of a configuration, makes what is missing, and puts the rooms together.
func Open(ctx context.Context, c Config) (*Rooms, error) {
	set, err := c.check()
	if err != nil {
		return nil, err
	}
	if err := set.makeFolder(); err != nil {
		return nil, err
	}
	return set.open(ctx)
}

func (s settings) open(ctx context.Context) (_ *Rooms, err error) {
	secrets, err := s.secrets()
	if err != nil {
		return nil, err
	}
	db, err := s.openStore(ctx)
	if err != nil {
		return nil, err
	}
	r := &Rooms{store: db, Users: db.Users(), Embedded: s.database.file != ""}
	defer func() {
		if err != nil {
			err = errors.Join(err, db.Close())
		}
	}()
	if err := s.setClock(ctx, db); err != nil {
		return nil, err
	}
	keys, err := r.openKeys(ctx, s, secrets)
	if err != nil {
		return nil, err
	}
	r.Tokens, err = accesstoken.NewIssuer(accesstoken.Config{
		Keys: keys, Issuer: s.publicURL.String(), Audience: s.Audience, TTL: s.AccessTTL,
		Claims: s.claims, Now: s.Now,
	})
	if err != nil {
		return nil, fmt.Errorf("access tokens: %w", err)
	}
	r.Sessions = session.New(session.Config{
		Store:       db.Sessions(),
		Keys:        secrets.Derive(session.TokenPurpose),
		Rule:        session.Rule{Window: s.RefreshWindow, Recovery: !s.StrictRefresh},
		IdleTimeout: s.IdleTimeout,
		TTL:         s.SessionTTL,
		Now:         s.Now,
	})
	r.limiter = limit.New(limit.Config{Store: db.Limits(), Key: secrets.Derive("attempt names v1")[0].Bytes[:], Now: s.Now})
	r.Accounts = account.New(account.Config{
		Users:       db.Users(),
		Credentials: db.Credentials(),
		Sessions:    r.Sessions,
		Hasher:      credential.NewHasher(credential.Config{Parallel: s.HashParallel, Busy: r.Sessions.InUse}),
		Policy:      credential.Policy{MinLength: s.PasswordMinLength, Words: []string{s.publicURL.Hostname()}},
		Limiter:     r.limiter,
		Now:         s.Now,
	})
	return r, nil
}

func (s settings) openStore(ctx context.Context) (store, error) {
	db, err := s.database.open(ctx)
	if err != nil {
		return nil, fmt.Errorf("open the database: %w", err)
	}
	return db, nil
}

// openKeys opens the signing keys, or, with HS256, takes the shared secret for the only one.
func (r *Rooms) openKeys(ctx context.Context, s settings, secrets secret.List) (accesstoken.Keys, error) {
	if s.SigningAlg == string(jws.HS256) {
		shared, err := keyset.NewShared([]byte(s.AccessTokenSecret))
		if err != nil {
			return nil, fmt.Errorf("signing key: %w", err)
		}
		r.jwks = shared.JWKS
		return shared, nil
	}
	r.Keys = keyset.New(keyset.Config{
		Store:       r.store.Keys(),
		Secrets:     secrets.Derive(keyset.SealPurpose),
		Algorithm:   jws.Algorithm(s.SigningAlg),
		RotateEvery: max(s.KeyRotation, 0),
		PublishFor:  publishFor,
		KeepFor:     s.AccessTTL + verifierLeeway,
		Now:         s.Now,
	})
	if err := r.Keys.Load(ctx); err != nil {
		return nil, fmt.Errorf("signing keys: %w", err)
	}
	r.jwks = r.Keys.JWKS
	return r.Keys, nil
}

// Close closes the database.
func (r *Rooms) Close() error { return r.store.Close() }

// FindUser returns the user with this id, email or username. user.ErrNotFound.
func (r *Rooms) FindUser(ctx context.Context, name string) (user.User, error) {
	if id, err := uuid.Parse(name); err == nil {
		return r.Users.Find(ctx, id)
	}
	u, err := r.Users.FindByIdentifier(ctx, user.Key(name))
	if errors.Is(err, user.ErrNotFound) {
		return user.User{}, fmt.Errorf("no user has the email, username or id %q: %w", name, err)
	}
	return u, err
}
