package yardstick

import (
	"errors"
	"net/http"
	"strconv"
)

// Table is a table of rows that are updated by their keys, 0 to Rows-1.
type Table interface {
	// Update changes one row for each key, all in one durable commit.
	Update(keys []int64) error
	// Writers is how many updates may run side by side.
	Writers() int
}

// mostTogether is how many rows share a commit at most. Mayfly's stores take as many, or fewer.
const mostTogether = 256

// Floor signs, and updates the row that the query names: /?3. Updates that wait at the same moment share a commit.
func Floor(t Table) (http.Handler, error) {
	sign, err := newSigner()
	if err != nil {
		return nil, err
	}
	queue := make(chan update, 1024)
	for range t.Writers() {
		go write(t, queue)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		key, err := strconv.ParseInt(r.URL.RawQuery, 10, 64)
		if err == nil {
			u := update{key, make(chan error, 1)}
			queue <- u
			err = <-u.done
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		sign.answer(w)
	}), nil
}

// update is a row to be changed and whoever waits for it.
type update struct {
	key  int64
	done chan error
}

func write(t Table, queue <-chan update) {
	batch := make([]update, 0, mostTogether)
	keys := make([]int64, 0, mostTogether)
	for first := range queue {
		batch = waiting(append(batch[:0], first), queue)
		keys = keys[:0]
		for _, u := range batch {
			keys = append(keys, u.key)
		}
		err := t.Update(keys)
		for _, u := range batch {
			u.done <- err
		}
	}
}

func waiting(batch []update, queue <-chan update) []update {
	for len(batch) < mostTogether {
		select {
		case u := <-queue:
			batch = append(batch, u)
		default:
			return batch
		}
	}
	return batch
}

// errRows is a table that does not hold what it was filled with.
var errRows = errors.New("an update did not change one row for each key")
