package session

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// maxRounds ends a refresh whose store refuses what the rule allows. Two rounds are usual, and each lost race adds one:
// whoever won it has opened a window in which the next round is answered.
const maxRounds = 16

// errNoAgreement is a bug in a store. It ends no session.
var errNoAgreement = fmt.Errorf("rotate session: the store refused %d times what the rule allows", maxRounds)

// Refresh applies the refresh rule to a presented token and returns the session's newest one.
//
// The errors are ErrInvalid (ErrForged among them) and *EndedError, both of which are final, and what the store could
// not do. Presenting the token again after any other error is safe.
func (s *Sessions) Refresh(ctx context.Context, token string) (Grant, error) {
	p, err := s.tags().parse(token)
	if err != nil {
		return Grant{}, err
	}
	now := s.use()
	// The usual case is tried before anything is read: the newest token, its window over. Every other case finds its
	// row unmoved and is judged by the rule.
	swap := s.rotation(p, now)
	swap.Generation = p.Generation
	swap.RotatedBefore = now.Add(-s.Rule.Window)
	swap.Next = Lineage{Generation: p.Generation + 1, Parent: p.Generation, RotatedAt: now}
	for range maxRounds {
		rec, moved, err := s.Store.Rotate(ctx, swap)
		switch {
		case errors.Is(err, ErrNotFound):
			return Grant{}, ErrInvalid
		case err != nil:
			return Grant{}, fmt.Errorf("rotate session: %w", err)
		case !p.provenBy(rec.Seed):
			// If it moved, the forger displaced a parent and got nothing; the holder of p goes on from there.
			return Grant{}, ErrForged
		case moved:
			return s.grant(rec), nil
		}
		verdict, next, err := s.judge(ctx, rec, p, now)
		if err != nil {
			return Grant{}, err
		}
		if verdict == Repeat {
			return s.grant(rec), nil
		}
		// Rotate from exactly the row that was judged; whoever comes first wins and the other judges again.
		swap.Generation = rec.Generation
		swap.RotatedBefore = rec.RotatedAt.Add(time.Millisecond)
		swap.Next = next
	}
	return Grant{}, errNoAgreement
}

func (s *Sessions) rotation(p presented, now time.Time) Rotation {
	return Rotation{
		User:         p.User,
		Session:      p.Session,
		RotatedAfter: now.Add(-s.IdleTimeout),
		Now:          now,
	}
}

// judge says what a token buys from the row as it is. A session found over, or ended by this very token, is left
// marked with the reason.
func (s *Sessions) judge(ctx context.Context, rec Record, p presented, now time.Time) (Verdict, Lineage, error) {
	reason, at := s.over(rec, now)
	if reason == "" {
		verdict, next := s.Rule.Judge(rec.Lineage, p.Generation, now)
		if verdict != Reuse {
			return verdict, next, nil
		}
		reason, at = RefreshReused, now
	}
	if rec.EndedAt.IsZero() {
		if _, err := s.Store.End(ctx, rec.User, rec.ID, Ending{At: at, Reason: reason}); err != nil {
			return Reuse, Lineage{}, fmt.Errorf("end session: %w", err)
		}
	}
	return Reuse, Lineage{}, &EndedError{reason}
}
