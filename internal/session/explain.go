package session

import (
	"context"
	"time"

	"github.com/google/uuid"
)

// Explanation says what a refresh token is and what it would buy, for somebody who looks into a problem.
type Explanation struct {
	User, Session uuid.UUID
	Generation    uint32
	Record        Record
	Verdict       Verdict // what the rule would say now
	Ended         Reason  // why the session is over, or ""
	EndedAt       time.Time
}

// Explain reads a refresh token and changes nothing. ErrInvalid.
func (s *Sessions) Explain(ctx context.Context, token string) (Explanation, error) {
	p, rec, err := s.find(ctx, token)
	if err != nil {
		return Explanation{}, err
	}
	now := s.now()
	e := Explanation{User: p.User, Session: p.Session, Generation: p.Generation, Record: rec}
	e.Verdict, _ = s.Rule.Judge(rec.Lineage, p.Generation, now)
	e.Ended, e.EndedAt = s.over(rec, now)
	return e, nil
}
