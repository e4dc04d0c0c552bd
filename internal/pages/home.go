package pages

import "net/http"

// home has no page of its own: a visitor is either at their account or on the way in.
func (p *pages) home(w http.ResponseWriter, r *http.Request) error {
	_, err := p.visitor(r)
	switch {
	case isStranger(err):
		return p.redirect(w, r, loginPath)
	case err != nil:
		return err
	}
	return p.redirect(w, r, accountPath)
}
