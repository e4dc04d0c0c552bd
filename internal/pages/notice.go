package pages

import (
	"net/http"
	"strings"
	"time"
)

// notice is what a page says of the step that led to it.
type notice struct {
	Text      string
	SignedOut bool // the script tells the other tabs
}

// notices are all there are. The redirect carries the name in a cookie that is shown once; in the address anybody could
// send a link that makes this site say "Your account is deleted".
var notices = map[string]notice{
	"registered":          {Text: "Welcome. Your account is ready and this device is signed in."},
	"profile-saved":       {Text: "Your profile is saved. Servers that read your access token see it from the next one on."},
	"password-changed":    {Text: "Your password is changed, and every other device is signed out."},
	"session-ended":       {Text: "That device is signed out."},
	"session-gone":        {Text: "That device was signed out already."},
	"others-ended":        {Text: "Every other device is signed out."},
	"signed-out":          {Text: "You are signed out on this device.", SignedOut: true},
	"signed-out-all":      {Text: "You are signed out on every device.", SignedOut: true},
	"account-deleted":     {Text: "Your account is deleted, with everything that was kept of it.", SignedOut: true},
	"somebody-else":       {Text: "Nothing was changed: in another tab, this browser has signed in to the account you see now."},
	"already-in":          {Text: "You are signed in already. Sign out first to use another account."},
	"signed-out-too-late": {Text: "You were signed out before that could be done. Sign in and try again."},
}

// noticeLife is as long as a redirect may take.
const noticeLife = time.Minute

// say keeps a notice for the page that the answer redirects to.
func (p *pages) say(w http.ResponseWriter, name string) {
	p.setNotice(w, name, int(noticeLife/time.Second))
}

// said takes the notice for this page, if there is one.
func (p *pages) said(w http.ResponseWriter, r *http.Request) notice {
	c, err := r.Cookie(p.noticeCookie())
	if err != nil {
		return notice{}
	}
	p.setNotice(w, "", -1)
	return notices[c.Value]
}

func (p *pages) setNotice(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name:     p.noticeCookie(),
		Value:    value,
		Path:     "/",
		MaxAge:   maxAge,
		Secure:   p.Door.PublicURL.Scheme == "https",
		HttpOnly: true,
		SameSite: http.SameSiteLaxMode,
	})
}

// noticeCookie takes the prefix along that keeps sibling domains from planting the session cookies.
func (p *pages) noticeCookie() string {
	if strings.EqualFold(p.Door.PublicURL.Scheme, "https") {
		return "__Host-mayfly_notice"
	}
	return "mayfly_notice"
}
