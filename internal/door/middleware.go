package door

import (
	"context"
	"crypto/rand"
	"log/slog"
	"maps"
	"net/http"
	"runtime/debug"
	"time"

	"github.com/mayfly-auth/mayfly/internal/fault"
)

type requestKey struct{}

// RequestID returns the id under which a request is logged.
func RequestID(ctx context.Context) string {
	id, _ := ctx.Value(requestKey{}).(string)
	return id
}

// Enter is what every request passes first: an id, the headers every answer has, a log line, and the promise that a
// panic becomes a plain 500 and nothing else.
func (d *Door) Enter(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := rand.Text()[:16] // ours: a client's own X-Request-Id could forge log lines
		maps.Copy(w.Header(), d.always)
		w.Header().Set("X-Request-Id", id)
		r = r.WithContext(context.WithValue(r.Context(), requestKey{}, id))
		answer := &answer{ResponseWriter: w}
		start := time.Now()
		defer func() {
			if p := recover(); p != nil {
				if p == http.ErrAbortHandler {
					panic(p)
				}
				d.Log.ErrorContext(r.Context(), "panic", "request_id", id, "panic", p, "stack", string(debug.Stack()))
				if answer.status == 0 {
					d.Fail(answer, r, errPanic)
				}
			}
			took := time.Since(start)
			d.metrics.request(r, answer.status, took)
			if d.Log.Enabled(r.Context(), slog.LevelDebug) {
				d.Log.LogAttrs(r.Context(), slog.LevelDebug, "request",
					slog.String("request_id", id), slog.String("method", r.Method), slog.String("route", r.Pattern),
					slog.Int("status", answer.status), slog.Duration("took", took))
			}
		}()
		next.ServeHTTP(answer, r)
	})
}

type panicError struct{}

func (panicError) Error() string { return "panic" }

var errPanic = panicError{}

// answer remembers the status that was sent.
type answer struct {
	http.ResponseWriter
	status int
}

func (a *answer) WriteHeader(status int) {
	if a.status == 0 {
		a.status = status
	}
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	if a.status == 0 {
		a.status = http.StatusOK
	}
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// report logs failures that an operator must hear of. Ordinary refusals are the caller's business and only counted.
func (d *Door) report(r *http.Request, p Problem, err error) {
	d.metrics.problem(p.Code)
	attrs := []any{"request_id", RequestID(r.Context()), "code", p.Code, "route", r.Pattern, "address", d.Address(r)}
	switch {
	case r.Context().Err() != nil: // the client has gone; whatever failed, failed for that
	case p.Code == "internal" && err != errPanic:
		d.Log.ErrorContext(r.Context(), "internal error", append(attrs, "error", err)...)
	case fault.IsUnavailable(err):
		d.Log.ErrorContext(r.Context(), "unavailable", append(attrs, "error", err)...)
	case p.Code == "refresh_reused":
		d.Log.WarnContext(r.Context(), "refresh token reused: session ended", attrs...)
	case isForged(err):
		d.Log.ErrorContext(r.Context(), "refresh token forged with the server secret: replace the secret", attrs...)
	}
}
