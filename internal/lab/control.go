package lab

import (
	"context"
	"crypto/rand"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/door"
)

// with finds the sandbox that a request is for.
func (l *Lab) with(h func(w http.ResponseWriter, r *http.Request, s Sandbox) error) handler {
	return func(w http.ResponseWriter, r *http.Request) error {
		s, ok := l.shelf.find(r.PathValue("id"))
		if !ok {
			return door.ErrNotFound
		}
		return h(w, r, s)
	}
}

// visit hands a request to the sandbox itself, which has its own door with its own guard.
func (l *Lab) visit(w http.ResponseWriter, r *http.Request, s Sandbox) error {
	s.ServeHTTP(w, r)
	return nil
}

// create opens a sandbox.
func (l *Lab) create(w http.ResponseWriter, r *http.Request) error {
	settings, err := readSettings(w, r)
	if err != nil {
		return err
	}
	id := strings.ToLower(rand.Text()[:16])
	path := root + "/s/" + id
	err = l.shelf.add(r.Context(), id, func(ctx context.Context) (Sandbox, error) {
		return l.Open(ctx, id, path, settings)
	})
	if err != nil {
		return err
	}
	return answer(w, http.StatusCreated, map[string]string{
		"id": id, "url": l.Door.Path(path), "control": l.Door.Path(root + "/sandboxes/" + id),
	})
}

// look answers with what the sandbox's database holds of a user.
func (l *Lab) look(w http.ResponseWriter, r *http.Request, s Sandbox) error {
	user, err := uuid.Parse(r.URL.Query().Get("user"))
	if err != nil {
		return &door.RequestError{Status: http.StatusUnprocessableEntity, Faults: []door.FieldFault{{
			Field: "user", Detail: "The parameter `user` is not a user id.", Fix: "Send the `user.id` that the sandbox's sign-in answered.",
		}}}
	}
	view, err := s.Look(r.Context(), user)
	if err != nil {
		return err
	}
	return answer(w, http.StatusOK, show(view))
}

// advance turns the clock.
func (l *Lab) advance(w http.ResponseWriter, r *http.Request, s Sandbox) error {
	var turn struct {
		Seconds float64 `json:"seconds"`
	}
	if err := read(w, r, &turn); err != nil {
		return err
	}
	d, faults := bound{"seconds", time.Millisecond, farthest}.read(turn.Seconds)
	if len(faults) > 0 {
		return &door.RequestError{Status: http.StatusUnprocessableEntity, Faults: faults}
	}
	err := s.Advance(d)
	if errors.Is(err, ErrTooFar) {
		return &door.RequestError{Status: http.StatusUnprocessableEntity, Faults: []door.FieldFault{{
			Field: "seconds", Detail: "This sandbox's clock is far in the future already.", Fix: "Open a new sandbox: load the page again.",
		}}}
	}
	return done(w, err)
}

func (l *Lab) rotateKeys(w http.ResponseWriter, r *http.Request, s Sandbox) error {
	return done(w, s.RotateKeys(r.Context()))
}

// restart opens the sandbox anew on its data; this is also how settings are changed.
func (l *Lab) restart(w http.ResponseWriter, r *http.Request, s Sandbox) error {
	settings, err := readSettings(w, r)
	if err != nil {
		return err
	}
	return done(w, s.Restart(r.Context(), settings))
}

// discard closes a sandbox that its page leaves. One that is closed already is as good.
func (l *Lab) discard(w http.ResponseWriter, r *http.Request) error {
	l.shelf.remove(r.PathValue("id"))
	return done(w, nil)
}

func readSettings(w http.ResponseWriter, r *http.Request) (Settings, error) {
	var sent settingsJSON
	if err := read(w, r, &sent); err != nil {
		return Settings{}, err
	}
	return sent.read()
}
