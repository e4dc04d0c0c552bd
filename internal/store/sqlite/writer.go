package sqlite

import (
	"context"
	"runtime"
	"sync"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

const (
	queueSize = 1024 // steps that may wait; whoever comes then waits for a place
	batchSize = 256  // steps that share a commit; more would only make the first of them wait longer
)

// writer owns the connection that writes. Steps wait in a queue; one goroutine takes all that wait, runs each, commits
// once and answers everybody.
type writer struct {
	dial  func() (*conn, error)
	queue chan *step
	ended chan struct{} // closed when the goroutine has

	mu     sync.RWMutex // held for reading while a step is put into the queue, so that none comes after the last
	closed bool

	conn *conn // the goroutine's; nil after a fault until the next step
}

// step is one atomic change that somebody waits for.
type step struct {
	ctx context.Context
	run func(*conn) error
	// several says that run makes more than one change, so that a savepoint is needed to undo it alone. One changing
	// statement undoes itself when it fails.
	several bool
	outcome chan error // has room for the answer, whether or not somebody still waits for it
}

func newWriter(first *conn, dial func() (*conn, error)) *writer {
	w := &writer{dial: dial, conn: first, queue: make(chan *step, queueSize), ended: make(chan struct{})}
	go w.loop()
	return w
}

// writeOne runs a step whose changes are one statement. Whatever it reads besides is read in the same transaction.
func writeOne[T any](ctx context.Context, w *writer, run func(*conn) (T, error)) (T, error) {
	return write(ctx, w, false, run)
}

// writeAll runs a step of several changes: all of them are made or none.
func writeAll[T any](ctx context.Context, w *writer, run func(*conn) (T, error)) (T, error) {
	return write(ctx, w, true, run)
}

func write[T any](ctx context.Context, w *writer, several bool, run func(*conn) (T, error)) (T, error) {
	var result, none T
	err := w.do(&step{
		ctx:     ctx,
		several: several,
		outcome: make(chan error, 1),
		run: func(c *conn) (err error) {
			result, err = run(c)
			return err
		},
	})
	if err != nil {
		return none, err // whoever left early must not read a result that is still being written
	}
	return result, nil
}

// do waits until the step is committed. A caller whose context ends leaves: the step is then not run, or if it already
// was, it stands. Every step can be repeated safely, so the caller need not know which.
func (w *writer) do(s *step) error {
	if err := w.enqueue(s); err != nil {
		return err
	}
	select {
	case err := <-s.outcome:
		return err
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

func (w *writer) enqueue(s *step) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	w.mu.RLock()
	defer w.mu.RUnlock()
	if w.closed {
		return errClosed
	}
	select {
	case w.queue <- s:
		return nil
	case <-s.ctx.Done():
		return s.ctx.Err()
	}
}

// close takes no more steps, commits those that wait, and ends the goroutine.
func (w *writer) close() error {
	w.mu.Lock()
	if w.closed {
		w.mu.Unlock()
		return nil
	}
	w.closed = true
	close(w.queue)
	w.mu.Unlock()
	<-w.ended
	if w.conn == nil {
		return nil
	}
	return w.conn.close()
}

func (w *writer) loop() {
	defer close(w.ended)
	batch := make([]*step, 0, batchSize)
	for first := range w.queue {
		batch = w.gather(append(batch[:0], first))
		w.commit(batch)
		clear(batch)
	}
}

// gather fills the batch, and lets whoever can run do so before it looks again, until nobody has come: they may be about
// to bring a step, and two that share a commit cost less than two commits. Where nobody else can run, no time passes.
func (w *writer) gather(batch []*step) []*step {
	for {
		before := len(batch)
		runtime.Gosched()
		if batch = w.fill(batch); len(batch) == before {
			return batch
		}
	}
}

// fill adds what waits in the queue right now.
func (w *writer) fill(batch []*step) []*step {
	for len(batch) < batchSize {
		select {
		case s, ok := <-w.queue:
			if !ok {
				return batch
			}
			batch = append(batch, s)
		default:
			return batch
		}
	}
	return batch
}

// commit makes the steps of a batch durable together and answers them. If that fails none of them was made, whatever
// their own outcome would have been.
func (w *writer) commit(batch []*step) {
	outcomes := make([]error, len(batch))
	if err := w.transact(batch, outcomes); err != nil {
		err = unavailable(err)
		for i := range outcomes {
			outcomes[i] = err
		}
	}
	for i, s := range batch {
		s.outcome <- outcomes[i]
	}
}

// transact runs the batch in one transaction. Where nothing was changed SQLite commits without writing anything.
func (w *writer) transact(batch []*step, outcomes []error) error {
	if w.conn == nil {
		c, err := w.dial()
		if err != nil {
			return err
		}
		w.conn = c
	}
	if _, err := w.conn.exec("BEGIN IMMEDIATE"); err != nil {
		if !isLock(err) {
			w.drop()
		}
		return err
	}
	for i, s := range batch {
		var err error
		if outcomes[i], err = w.runStep(s); err != nil {
			w.drop()
			return err
		}
	}
	if _, err := w.conn.exec("COMMIT"); err != nil {
		w.drop()
		return err
	}
	return nil
}

// runStep returns the outcome of the step, and apart from it the failure that takes the whole batch down: after a
// fault SQLite may have rolled back everything already.
func (w *writer) runStep(s *step) (outcome, failure error) {
	if err := s.ctx.Err(); err != nil {
		return err, nil
	}
	if !s.several {
		outcome = s.run(w.conn)
		return outcome, onlyFault(outcome)
	}
	if _, err := w.conn.exec("SAVEPOINT step"); err != nil {
		return nil, err
	}
	outcome = s.run(w.conn)
	if err := onlyFault(outcome); err != nil {
		return nil, err
	}
	if outcome != nil {
		if _, err := w.conn.exec("ROLLBACK TO step"); err != nil {
			return nil, err
		}
	}
	_, err := w.conn.exec("RELEASE step")
	return outcome, err
}

// drop closes the connection, which undoes what it had begun.
func (w *writer) drop() {
	_ = w.conn.close() // it is given up because it failed; the first failure is the one that is told
	w.conn = nil
}

// onlyFault returns err if it is a fault of the database, nil otherwise.
func onlyFault(err error) error {
	if err = asFault(err); fault.IsUnavailable(err) {
		return err
	}
	return nil
}

// unavailable makes a fault of any error: nothing of the batch was acknowledged, and trying again is safe.
func unavailable(err error) error {
	if err = asFault(err); fault.IsUnavailable(err) {
		return err
	}
	return &fault.Unavailable{Cause: err}
}
