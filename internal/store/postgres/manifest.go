package postgres

import (
	"context"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// manifest lists who is aboard a flight: for each session those who ask for it, of whom the first speaks for all.
//
// A statement that is given one row twice changes it once, by whichever of the two it likes, and shows the other what
// was there before. So a session is named once in it, and the rest are answered from what the first was given, as if
// they had come right after: they were waiting before the flight left, so that moment lies within their call.
type manifest [][]*passenger

func (m manifest) passengers() (n int) {
	for _, seat := range m {
		n += len(seat)
	}
	return n
}

// depart makes the flight, answers everybody whom it settled and returns those who go again.
func (m manifest) depart(fly flight) (again []*passenger) {
	rotations := make([]session.Rotation, len(m))
	for i, seat := range m {
		rotations[i] = seat[0].rotation
	}
	// Nobody's own context: one who leaves takes nobody along.
	landings, err := fly(context.Background(), rotations)
	for i, seat := range m {
		switch {
		case err != nil:
			for _, p := range seat {
				p.outcome <- arrival{err: err}
			}
		case !landings[i].settled:
			again = append(again, seat...)
		default:
			again = append(again, landings[i].answer(seat)...)
		}
	}
	return again
}

// answer tells those who asked for one session what became of it and returns those for whom that is no answer.
func (l landing) answer(seat []*passenger) (again []*passenger) {
	if !l.found {
		for _, p := range seat {
			p.outcome <- arrival{err: session.ErrNotFound}
		}
		return nil
	}
	seat[0].outcome <- arrival{rec: l.Record, moved: l.moved}
	for _, p := range seat[1:] {
		if p.rotation.Generation == l.Generation { // the row may answer to its other conditions too
			again = append(again, p)
			continue
		}
		p.outcome <- arrival{rec: l.Record}
	}
	return again
}
