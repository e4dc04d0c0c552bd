package transfer

import (
	"bytes"
	"context"
	"sync"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// defaultPage is how many users are read, and at most written, at once.
const defaultPage = 500

// pair is a thing on both sides of the copy, nil where it is missing.
type pair[T any] struct{ from, to *T }

// kind says how the things of one kind are read and ordered.
type kind[T any] struct {
	list    func(ctx context.Context, s Source, after *T, limit int) ([]T, error)
	compare func(a, b *T) int
}

var people = kind[Person]{
	list: func(ctx context.Context, s Source, after *Person, limit int) ([]Person, error) {
		var id uuid.UUID
		if after != nil {
			id = after.ID
		}
		page, err := s.People(ctx, id, limit)
		for i := range page {
			page[i] = page[i].normal()
		}
		return page, err
	},
	compare: func(a, b *Person) int { return bytes.Compare(a.ID[:], b.ID[:]) },
}

var revoked = kind[Revoked]{
	list: func(ctx context.Context, s Source, after *Revoked, limit int) ([]Revoked, error) {
		var key session.Key
		if after != nil {
			key = after.Key
		}
		return s.Revocations(ctx, key, limit)
	},
	compare: func(a, b *Revoked) int { return compareKeys(a.Key, b.Key) },
}

// walk goes through both sides in step and hands every pair to f, in order. Each side is read one page ahead.
func walk[T any](ctx context.Context, c *copying, k kind[T], f func(pair[T]) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var readers sync.WaitGroup
	defer readers.Wait()
	defer cancel()
	left, right := k.read(ctx, &readers, c.from, c.PageSize), k.read(ctx, &readers, c.to, c.PageSize)
	for {
		a, err := left.peek()
		if err != nil {
			return &SideError{"source", err}
		}
		b, err := right.peek()
		if err != nil {
			return &SideError{"target", err}
		}
		if err := ctx.Err(); err != nil { // a side that broke off looks as if it had come to its end
			return err
		}
		var both pair[T]
		switch {
		case a == nil && b == nil:
			return nil
		case b == nil || (a != nil && k.compare(a, b) < 0):
			both = pair[T]{a, nil}
			left.next()
		case a == nil || k.compare(a, b) > 0:
			both = pair[T]{nil, b}
			right.next()
		default:
			both = pair[T]{a, b}
			left.next()
			right.next()
		}
		if err := f(both); err != nil {
			return err
		}
	}
}

// side is the reading of one side.
type side[T any] struct {
	pages <-chan page[T]
	page  page[T]
}

type page[T any] struct {
	items []T
	err   error
}

func (k kind[T]) read(ctx context.Context, readers *sync.WaitGroup, s Source, limit int) *side[T] {
	pages := make(chan page[T], 1)
	readers.Go(func() {
		defer close(pages)
		var last *T
		for {
			items, err := k.list(ctx, s, last, limit)
			if len(items) == 0 && err == nil {
				return
			}
			select {
			case pages <- page[T]{items, err}:
			case <-ctx.Done():
				return
			}
			if err != nil {
				return
			}
			last = &items[len(items)-1]
		}
	})
	return &side[T]{pages: pages}
}

// peek returns what comes next, or nil at the end.
func (s *side[T]) peek() (*T, error) {
	for len(s.page.items) == 0 && s.page.err == nil {
		next, more := <-s.pages
		if !more {
			return nil, nil
		}
		s.page = next
	}
	if s.page.err != nil {
		return nil, s.page.err
	}
	return &s.page.items[0], nil
}

func (s *side[T]) next() { s.page.items = s.page.items[1:] }
