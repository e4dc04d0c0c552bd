package transfer

import (
	"context"
	"time"
)

// Options say how to copy.
type Options struct {
	// Source is the name of the source, without user and password. It is kept in the target while the copy goes on.
	Source string
	// Live says that a server goes on working on the source: differences at the end are then no error, and the target is
	// not complete before a run without it.
	Live bool
	// DryRun only compares, and writes nothing, not even the mark.
	DryRun bool
	// Progress is told now and then how far the copy is. It may be nil.
	Progress func(Progress)
	// PageSize is how many users are read, and at most written, at once; 0 means 500.
	PageSize int
	Now      func() time.Time // nil means time.Now
}

// Progress is how far a copy is.
type Progress struct {
	Verifying   bool // everything is copied and is now compared once more
	Users       int  // passed so far
	SourceUsers int  // when the copy began
}

// Report is what a copy did.
type Report struct {
	// Users that were missing in the target, differed, were no longer in the source, and were the same already. With
	// DryRun: that would be written.
	Added, Changed, Removed, Same int
	// Tables compares both sides after the copy. It is empty with DryRun.
	Tables []Table
	// Differences names what differs, at most mostNamed of it; Differing counts all.
	Differences []string
	Differing   int
}

// Table is one table on both sides.
type Table struct {
	Name     string
	From, To Tally
}

// Copy makes the target what the source is, compares both, and says what it did. If it is interrupted the same call goes
// on from where it was.
//
// Errors: ErrUnfinishedSource, *OccupiedError and *OtherSourceError before anything is written; *DifferError, with the
// report, when the sides are not the same in the end; *SideError around what a database said.
func Copy(ctx context.Context, from Source, to Target, o Options) (Report, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Progress == nil {
		o.Progress = func(Progress) {}
	}
	if o.PageSize <= 0 {
		o.PageSize = defaultPage
	}
	mark, err := check(ctx, from, to, o)
	if err != nil {
		return Report{}, err
	}
	c := &copying{from: from, to: to, Options: o}
	if c.total, err = from.Count(ctx); err != nil {
		return Report{}, onSource(err)
	}
	if !o.DryRun {
		if err := to.SetMark(ctx, mark); err != nil {
			return Report{}, onTarget(err)
		}
	}
	if err := c.copyAll(ctx); err != nil || o.DryRun {
		return c.report, err
	}
	if err := c.verify(ctx); err != nil {
		return c.report, err
	}
	switch {
	case o.Live:
		return c.report, nil
	case c.report.Differing > 0:
		return c.report, &DifferError{c.report.Differing}
	}
	mark.Complete = true
	return c.report, onTarget(to.SetMark(ctx, mark))
}

// check finds out whether the target may be written to and returns the mark it is to have meanwhile.
func check(ctx context.Context, from Source, to Target, o Options) (Mark, error) {
	if mark, err := from.Mark(ctx); err != nil {
		return Mark{}, onSource(err)
	} else if mark != (Mark{}) && !mark.Complete {
		return Mark{}, ErrUnfinishedSource
	}
	mark, err := to.Mark(ctx)
	if err != nil {
		return Mark{}, onTarget(err)
	}
	if mark != (Mark{}) {
		if mark.Source != o.Source {
			return Mark{}, &OtherSourceError{Begun: mark.Source, Named: o.Source}
		}
		mark.Complete = false
		return mark, nil
	}
	n, err := to.Count(ctx)
	if err != nil {
		return Mark{}, onTarget(err)
	}
	if n > 0 {
		return Mark{}, &OccupiedError{Users: n}
	}
	return Mark{Source: o.Source, BegunAt: o.Now().UTC().Truncate(time.Millisecond)}, nil
}

// copying is one run.
type copying struct {
	Options
	from    Source
	to      Target
	total   int // users of the source
	passed  int // of them
	report  Report
	pending Change
}

// copyAll brings the keys first: they are few, and without them the rest is worth little.
func (c *copying) copyAll(ctx context.Context) error {
	if err := c.copyKeys(ctx); err != nil {
		return err
	}
	if err := c.copyPeople(ctx); err != nil {
		return err
	}
	return c.copyRevocations(ctx)
}

func (c *copying) copyKeys(ctx context.Context) error {
	return c.eachKey(ctx, func(both pair[storedKey]) error {
		switch {
		case both.from == nil:
			c.pending.GoneKeys = append(c.pending.GoneKeys, both.to.ID)
		case both.to == nil || keyRow(*both.from).digest() != keyRow(*both.to).digest():
			c.pending.PutKeys = append(c.pending.PutKeys, *both.from)
		}
		return nil
	}, c.flush)
}

func (c *copying) copyPeople(ctx context.Context) error {
	err := walk(ctx, c, people, func(both pair[Person]) error {
		switch {
		case both.from == nil:
			c.report.Removed++
			c.pending.Gone = append(c.pending.Gone, both.to.ID)
		case both.to == nil:
			c.report.Added++
			c.pending.Put = append(c.pending.Put, *both.from)
		case !samePerson(both.from, both.to):
			c.report.Changed++
			c.pending.Put = append(c.pending.Put, *both.from)
		default:
			c.report.Same++
		}
		c.pass(both.from != nil, false)
		if len(c.pending.Put)+len(c.pending.Gone) < c.PageSize {
			return nil
		}
		return c.flush(ctx)
	})
	if err != nil {
		return err
	}
	return c.flush(ctx)
}

func (c *copying) copyRevocations(ctx context.Context) error {
	err := walk(ctx, c, revoked, func(both pair[Revoked]) error {
		switch {
		case both.from == nil:
			c.pending.GoneRevocations = append(c.pending.GoneRevocations, both.to.Key)
		case both.to == nil || !both.from.At.Equal(both.to.At):
			c.pending.PutRevocations = append(c.pending.PutRevocations, *both.from)
		}
		if len(c.pending.PutRevocations)+len(c.pending.GoneRevocations) < c.PageSize {
			return nil
		}
		return c.flush(ctx)
	})
	if err != nil {
		return err
	}
	return c.flush(ctx)
}

// flush writes what has gathered.
func (c *copying) flush(ctx context.Context) error {
	change := c.pending
	c.pending = Change{}
	if c.DryRun || change.empty() {
		return nil
	}
	return onTarget(c.to.Write(ctx, change))
}

func (c Change) empty() bool {
	return len(c.Put)+len(c.Gone)+len(c.PutKeys)+len(c.GoneKeys)+len(c.PutRevocations)+len(c.GoneRevocations) == 0
}

// pass counts a user of the source and tells how far the run is.
func (c *copying) pass(counts, verifying bool) {
	if counts {
		c.passed++
	}
	if c.passed%c.PageSize == 0 {
		c.tell(verifying)
	}
}

func (c *copying) tell(verifying bool) {
	c.Progress(Progress{Verifying: verifying, Users: c.passed, SourceUsers: c.total})
}

// samePerson reports whether two sides have the same of a person.
func samePerson(a, b *Person) bool {
	left, right := a.rows(), b.rows()
	if len(left) != len(right) {
		return false
	}
	for i := range left {
		if left[i].digest() != right[i].digest() || left[i].table != right[i].table {
			return false
		}
	}
	return true
}
