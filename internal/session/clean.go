package session

import (
	"context"
	"fmt"
)

// CleanLimit is how many rows one step of the cleaner looks at.
const CleanLimit = 500

// Clean makes one step of the walk that deletes sessions which have been over for longer than HistoryKept. It reports how
// many it deleted, and whether the walk came to its end, after which the next step begins again at the first row.
//
// The walk needs no index on the columns a refresh changes, and each step is small, so a refresh never waits long for it.
// One goroutine calls it.
func (s *Sessions) Clean(ctx context.Context) (deleted int, done bool, err error) {
	before := s.now().Add(-HistoryKept)
	next, deleted, err := s.Store.Clean(ctx, CleanBatch{
		After:       s.cleaned,
		Limit:       CleanLimit,
		EndedBefore: before,
		IdleBefore:  before.Add(-s.IdleTimeout),
	})
	if err != nil {
		return 0, false, fmt.Errorf("clean sessions: %w", err)
	}
	s.cleaned = next
	return deleted, next == Key{}, nil
}
