package transfer

import (
	"context"
	"slices"
	"strings"

	"github.com/mayfly-auth/mayfly/internal/keyset"
)

// mostNamed is how many differences are named; a thousand more would say the same.
const mostNamed = 20

type storedKey = keyset.StoredKey

// eachKey hands every key to f, those of both sides together, and then calls after.
func (c *copying) eachKey(ctx context.Context, f func(pair[storedKey]) error, after func(context.Context) error) error {
	from, err := c.from.Keys(ctx)
	if err != nil {
		return onSource(err)
	}
	to, err := c.to.Keys(ctx)
	if err != nil {
		return onTarget(err)
	}
	byID := map[string]pair[storedKey]{}
	for i := range from {
		byID[from[i].ID] = pair[storedKey]{from: &from[i]}
	}
	for i := range to {
		byID[to[i].ID] = pair[storedKey]{from: byID[to[i].ID].from, to: &to[i]}
	}
	for _, both := range byID {
		if err := f(both); err != nil {
			return err
		}
	}
	return after(ctx)
}

// verify reads both sides once more and compares all there is.
func (c *copying) verify(ctx context.Context) error {
	v := verdict{report: &c.report}
	err := c.eachKey(ctx, func(both pair[storedKey]) error {
		v.compare(rowsOf(both, func(k storedKey) []row { return []row{keyRow(k)} }))
		return nil
	}, func(context.Context) error { return nil })
	if err != nil {
		return err
	}
	c.passed = 0
	err = walk(ctx, c, people, func(both pair[Person]) error {
		v.compare(rowsOf(both, Person.rows))
		c.pass(both.from != nil, true)
		return nil
	})
	if err != nil {
		return err
	}
	err = walk(ctx, c, revoked, func(both pair[Revoked]) error {
		v.compare(rowsOf(both, Revoked.rows))
		return nil
	})
	for i, name := range tableNames {
		c.report.Tables = append(c.report.Tables, Table{Name: name, From: v.from[i], To: v.to[i]})
	}
	return err
}

// verdict gathers what both sides have.
type verdict struct {
	from, to [tables]Tally
	report   *Report
}

func rowsOf[T any](both pair[T], rows func(T) []row) (from, to []row) {
	if both.from != nil {
		from = rows(*both.from)
	}
	if both.to != nil {
		to = rows(*both.to)
	}
	return from, to
}

// compare adds the rows of one thing to the tallies and names what differs. A row is told by its name.
func (v *verdict) compare(from, to []row) {
	have := make(map[string]row, len(to))
	for _, r := range to {
		v.to[r.table].add(r.digest())
		have[r.name] = r
	}
	for _, r := range from {
		v.from[r.table].add(r.digest())
		other, there := have[r.name]
		delete(have, r.name)
		switch {
		case !there:
			v.differ(r.name + " is missing in the target")
		case r.digest() != other.digest():
			v.differ(r.name + ": " + strings.Join(differing(r, other), ", "))
		}
	}
	for _, r := range to {
		if _, left := have[r.name]; left {
			v.differ(r.name + " is not in the source")
		}
	}
}

func (v *verdict) differ(text string) {
	v.report.Differing++
	if len(v.report.Differences) < mostNamed {
		v.report.Differences = append(v.report.Differences, text)
	}
}

// differing names the fields that two rows do not share, and never their values.
func differing(a, b row) (names []string) {
	for i, f := range a.fields {
		if f.value != b.fields[i].value && !slices.Contains(names, f.name) {
			names = append(names, f.name)
		}
	}
	return names
}
