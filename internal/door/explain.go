package door

import (
	"net/http"
	"time"
)

// Explain is Fail for a door that answers in a form of its own: it puts the error into words, logs what an operator
// must know of it, and sets the headers that go with the status. The caller sends status and body.
//
// Unlike Fail it leaves the cookies alone: a page that is only looked at changes nothing.
func (d *Door) Explain(w http.ResponseWriter, r *http.Request, err error) Problem {
	p := Translate(err)
	d.report(r, p, err)
	if p.retryAfter > 0 {
		w.Header().Set("Retry-After", seconds(p.retryAfter))
	}
	p.Title = http.StatusText(p.Status)
	p.RequestID = RequestID(r.Context())
	return p
}

// RetryAfter is how long to wait before trying again, 0 where waiting is no cure.
func (p Problem) RetryAfter() time.Duration { return p.retryAfter }
