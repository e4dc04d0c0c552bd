package session

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/secret"
	"github.com/mayfly-auth/mayfly/internal/user"
)

// HistoryKept is how long the row of a session that is over stays, so that its person can read why it ended and a late
// client is told the same.
const HistoryKept = 30 * 24 * time.Hour

// Config is what Sessions needs.
type Config struct {
	Store       Store
	Keys        []secret.Key // derived for TokenPurpose
	Rule        Rule
	IdleTimeout time.Duration // a session ends this long after its last refresh
	TTL         time.Duration // and at the latest this long after sign-in
	Now         func() time.Time
}

// Sessions starts, refreshes, ends and lists sessions.
type Sessions struct {
	Config
	cleaned Key          // where the cleaner's walk stands
	usedAt  atomic.Int64 // in Unix milliseconds
}

// New returns the room over its store.
func New(c Config) *Sessions { return &Sessions{Config: c} }

// Grant is what a sign-in or a refresh gives: the session as it now is, and its newest refresh token.
type Grant struct {
	Record
	RefreshToken string
}

// Start signs a user in on a device. ErrUserChanged when the user that was read is no longer what the store holds.
func (s *Sessions) Start(ctx context.Context, u user.User, d Delivery, amr []string, dev Device) (Grant, error) {
	id, err := uuid.NewV7()
	if err != nil {
		return Grant{}, fmt.Errorf("start session: %w", err)
	}
	now := s.now()
	session := Session{
		User: u.ID, ID: id,
		Lineage:   Lineage{Generation: 1, RotatedAt: now},
		Epoch:     u.Epoch,
		Delivery:  d,
		AMR:       amr,
		Device:    dev,
		CreatedAt: now,
		ExpiresAt: now.Add(s.TTL),
	}
	rand.Read(session.Seed[:]) // never fails: see the documentation of crypto/rand
	if err := s.Store.Create(ctx, session); err != nil {
		return Grant{}, fmt.Errorf("start session: %w", err)
	}
	return s.grant(Record{Session: session, Owner: u}), nil
}

// InUse reports whether somebody refreshed a session, or called with an access token of one, within the last tenth of a
// second. What takes a processor for long had better leave them one.
func (s *Sessions) InUse() bool { return s.now().UnixMilli()-s.usedAt.Load() < 100 }

// use returns the time, as that of a use.
func (s *Sessions) use() time.Time {
	now := s.now()
	s.usedAt.Store(now.UnixMilli())
	return now
}

// Live returns a session that can still be used, by its id, as an access token names it. ErrNotFound, *EndedError.
func (s *Sessions) Live(ctx context.Context, user, id uuid.UUID) (Record, error) {
	now := s.use()
	rec, err := s.Store.Find(ctx, user, id)
	if err != nil {
		return Record{}, fmt.Errorf("find session: %w", err)
	}
	if reason, _ := s.over(rec, now); reason != "" {
		return Record{}, &EndedError{reason}
	}
	return rec, nil
}

// Inspect returns the live session of a refresh token that could buy a refresh, and changes nothing.
// ErrInvalid, *EndedError.
func (s *Sessions) Inspect(ctx context.Context, token string) (Record, error) {
	p, rec, err := s.find(ctx, token)
	if err != nil {
		return Record{}, err
	}
	now := s.now()
	if reason, _ := s.over(rec, now); reason != "" {
		return Record{}, &EndedError{reason}
	}
	if verdict, _ := s.Rule.Judge(rec.Lineage, p.Generation, now); verdict == Reuse {
		return Record{}, ErrInvalid
	}
	return rec, nil
}

// Identify returns the session a refresh token belongs to, however old the token and whether or not the session is
// over: enough to sign it out, and for nothing else. ErrInvalid.
func (s *Sessions) Identify(ctx context.Context, token string) (Record, error) {
	_, rec, err := s.find(ctx, token)
	return rec, err
}

func (s *Sessions) find(ctx context.Context, token string) (presented, Record, error) {
	p, err := s.tags().parse(token)
	if err != nil {
		return p, Record{}, err
	}
	rec, err := s.Store.Find(ctx, p.User, p.Session)
	switch {
	case errors.Is(err, ErrNotFound):
		return p, Record{}, ErrInvalid
	case err != nil:
		return p, Record{}, fmt.Errorf("find session: %w", err)
	case !p.provenBy(rec.Seed):
		return p, Record{}, ErrForged
	}
	return p, rec, nil
}

// List returns a user's sessions, newest first; those that are over, which carry EndedAt and EndReason, only if ended
// is true.
func (s *Sessions) List(ctx context.Context, owner user.User, ended bool) ([]Session, error) {
	all, err := s.Store.List(ctx, owner.ID)
	if err != nil {
		return nil, fmt.Errorf("list sessions: %w", err)
	}
	now := s.now()
	kept := all[:0]
	for _, one := range all {
		reason, at := s.over(Record{Session: one, Owner: owner}, now)
		if reason != "" {
			if !ended {
				continue
			}
			one.EndedAt, one.EndReason = at, reason
		}
		kept = append(kept, one)
	}
	return kept, nil
}

// End ends one session of a user and reports whether it was live.
func (s *Sessions) End(ctx context.Context, user, id uuid.UUID, reason Reason) (bool, error) {
	ended, err := s.Store.End(ctx, user, id, Ending{At: s.now(), Reason: reason})
	if err != nil {
		return false, fmt.Errorf("end session: %w", err)
	}
	return ended, nil
}

// EndAll ends every live session of a user except keep (uuid.Nil keeps none) and returns how many it ended.
func (s *Sessions) EndAll(ctx context.Context, user, keep uuid.UUID, reason Reason) (int, error) {
	n, err := s.Store.EndAll(ctx, user, keep, Ending{At: s.now(), Reason: reason})
	if err != nil {
		return 0, fmt.Errorf("end sessions: %w", err)
	}
	return n, nil
}

// IdleExpiresAt is when the session ends if it is not used again.
func (s *Sessions) IdleExpiresAt(one Session) time.Time {
	idle := one.RotatedAt.Add(s.IdleTimeout)
	if idle.After(one.ExpiresAt) {
		return one.ExpiresAt
	}
	return idle
}

// over says why and since when a session can no longer be used, or "".
func (s *Sessions) over(rec Record, now time.Time) (Reason, time.Time) {
	idle := rec.RotatedAt.Add(s.IdleTimeout)
	switch {
	case !rec.EndedAt.IsZero():
		return rec.EndReason, rec.EndedAt
	case rec.Owner.Disabled():
		return UserDisabled, rec.Owner.DisabledAt
	case rec.Epoch != rec.Owner.Epoch: // a store that could not mark the row in the step that raised the epoch
		return SignedOutEverywhere, rec.Owner.UpdatedAt
	case !now.Before(rec.ExpiresAt):
		return Expired, rec.ExpiresAt
	case !now.Before(idle):
		return IdleExpired, idle
	}
	return "", time.Time{}
}

func (s *Sessions) grant(rec Record) Grant {
	return Grant{Record: rec, RefreshToken: s.tags().token(rec.User, rec.ID, rec.Seed, rec.Generation)}
}

func (s *Sessions) tags() tags { return s.Keys }

// now keeps to the precision of the stores, so that what was written compares equal to what is read.
func (s *Sessions) now() time.Time { return s.Now().Truncate(time.Millisecond) }
