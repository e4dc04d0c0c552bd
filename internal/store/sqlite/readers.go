package sqlite

import (
	"context"
	"sync"
)

// readers are the connections that only read. A read waits for a free one, never for the writer.
type readers struct {
	dial    func() (*conn, error)
	free    chan *reader
	closing chan struct{}
	once    sync.Once
	err     error // of closing
}

// reader is one place among the readers. Its connection is opened when it is first needed.
type reader struct{ conn *conn }

func newReaders(n int, dial func() (*conn, error)) *readers {
	r := &readers{dial: dial, free: make(chan *reader, n), closing: make(chan struct{})}
	for range n {
		r.free <- &reader{}
	}
	return r
}

// read runs one query on the last committed state.
func read[T any](ctx context.Context, r *readers, run func(*conn) (T, error)) (T, error) {
	var none T
	if err := ctx.Err(); err != nil {
		return none, err
	}
	var place *reader
	select {
	case place = <-r.free:
	case <-ctx.Done():
		return none, ctx.Err()
	case <-r.closing:
		return none, errClosed
	}
	defer func() { r.free <- place }()
	if err := place.open(r.dial); err != nil {
		return none, asFault(err)
	}
	result, err := run(place.conn)
	if err != nil {
		place.closeAfter(err)
		return none, asFault(err)
	}
	return result, nil
}

func (p *reader) open(dial func() (*conn, error)) (err error) {
	if p.conn == nil {
		p.conn, err = dial()
	}
	return err
}

func (p *reader) closeAfter(err error) {
	if spoils(err) {
		_ = p.conn.close() // the fault that made it useless is the one that is told
		p.conn = nil
	}
}

// close waits for the reads that run and takes no more.
func (r *readers) close() error {
	r.once.Do(func() {
		close(r.closing)
		for range cap(r.free) {
			if p := <-r.free; p.conn != nil {
				if err := p.conn.close(); err != nil {
					r.err = err
				}
			}
		}
	})
	return r.err
}
