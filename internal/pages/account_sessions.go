package pages

import (
	"net/http"
	"time"

	"github.com/google/uuid"

	"github.com/mayfly-auth/mayfly/internal/session"
)

// devicesView is the list of sessions, the live and those that are over.
type devicesView struct {
	Live, MoreLive []deviceView
	Over           []deviceView
	Others         int // live sessions besides this one
}

// deviceView is one session in the list.
type deviceView struct {
	ID        string
	Name      string
	Address   string
	UserAgent string
	Created   stamp
	Used      stamp
	Current   bool
	Ended     stamp
	Reason    string
}

// shown is how many rows a list has before the rest is folded away.
const shown = 8

// devices sorts a person's sessions, newest first as they come, into the list: this device first, so that nobody who
// cleans up has to guess which one they are sitting at.
func devices(all []session.Session, current uuid.UUID, now time.Time) devicesView {
	var view devicesView
	for _, s := range all {
		row := device(s, current)
		switch {
		case row.Current:
			view.Live = append([]deviceView{row}, view.Live...)
		case s.EndReason == "":
			view.Live = append(view.Live, row)
			view.Others++
		case now.Sub(s.EndedAt) <= session.HistoryKept: // the cleaner may come later
			view.Over = append(view.Over, row)
		}
	}
	view.Live, view.MoreLive = fold(view.Live)
	return view
}

// fold keeps one row from being folded away alone.
func fold(rows []deviceView) (first, more []deviceView) {
	if len(rows) <= shown+1 {
		return rows, nil
	}
	return rows[:shown], rows[shown:]
}

func device(s session.Session, current uuid.UUID) deviceView {
	row := deviceView{
		ID:        s.ID.String(),
		Name:      s.Device.Name(),
		UserAgent: s.Device.UserAgent,
		Address:   "unknown address",
		Created:   stamp{s.CreatedAt},
		Used:      stamp{s.RotatedAt},
		Current:   s.ID == current,
		Ended:     stamp{s.EndedAt},
		Reason:    reasonInWords(s.EndReason),
	}
	if s.Device.Address.IsValid() {
		row.Address = s.Device.Address.String()
	}
	return row
}

// endSession ends one session of the person. Somebody else's id is as unknown as one that never was.
func (p *pages) endSession(w http.ResponseWriter, r *http.Request, who session.Record) error {
	id, err := uuid.Parse(r.PathValue("id"))
	if err != nil {
		return p.nothingHere(w, r)
	}
	if id == who.ID {
		return p.logout(w, r)
	}
	ended, err := p.Sessions.End(r.Context(), who.User, id, session.SignedOutElsewhere)
	switch {
	case err != nil:
		return err
	case !ended:
		return p.done(w, r, "session-gone")
	}
	return p.done(w, r, "session-ended")
}

func (p *pages) endOthers(w http.ResponseWriter, r *http.Request, who session.Record) error {
	f := newForm(form{Hidden: forUser("")})
	mine, err := p.ownForm(r, f, who)
	switch {
	case err != nil:
		return err
	case !mine:
		return p.somebodyElse(w, r)
	}
	if _, err := p.Sessions.EndAll(r.Context(), who.User, who.ID, session.SignedOutElsewhere); err != nil {
		return err
	}
	return p.done(w, r, "others-ended")
}
