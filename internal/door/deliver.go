package door

import (
	"fmt"
	"net/http"
	"time"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/session"
)

// Scope is what an access token of a sign-in allows at this server: everything a person may do with their own account.
const Scope = "account"

// Delivered is the part of a pair that travels in the body of the answer; what went into cookies is empty here.
type Delivered struct {
	AccessToken  string
	RefreshToken string
	ExpiresIn    time.Duration // of the access token, wherever it travels
}

// biggestCookie is how many bytes of name and value browsers keep (RFC 6265bis section 5.6).
const biggestCookie = 4096

// Deliver mints the access token of a grant and hands the pair over in the delivery of the session: cookies are set on
// w, the rest is returned for the body.
func (d *Door) Deliver(w http.ResponseWriter, g session.Grant) (Delivered, error) {
	minted, err := d.Tokens.Mint(d.subject(g.Record))
	if err != nil {
		return Delivered{}, fmt.Errorf("mint access token: %w", err)
	}
	NoStore(w)
	out := Delivered{ExpiresIn: minted.ExpiresIn}
	// The access cookie lives as long as the session, not as the token in it: a server that gets a dead token can say
	// so, and a device clock that runs fast takes nothing away.
	life := d.Sessions.IdleExpiresAt(g.Session).Sub(d.Now())
	switch g.Delivery {
	case session.Body:
		out.AccessToken, out.RefreshToken = minted.Token, g.RefreshToken
		return out, nil
	case session.Hybrid:
		out.AccessToken = minted.Token
	default:
		if size := len(d.Cookies.Access) + len(minted.Token); size > biggestCookie {
			return Delivered{}, fmt.Errorf("the access cookie would have %d bytes and browsers drop what has more than %d; "+
				"fix: map fewer claims, give fewer roles, or use delivery hybrid", size, biggestCookie)
		}
		d.setCookie(w, d.Cookies.Access, minted.Token, life)
	}
	d.setCookie(w, d.Cookies.Refresh, g.RefreshToken, life)
	d.setCookie(w, d.Cookies.SignedIn, "1", life)
	return out, nil
}

func (d *Door) subject(rec session.Record) accesstoken.Subject {
	u := rec.Owner
	return accesstoken.Subject{
		User:          rec.User.String(),
		Session:       rec.ID.String(),
		ClientID:      d.ClientID,
		Scope:         Scope,
		AuthTime:      rec.CreatedAt,
		AMR:           rec.AMR,
		Email:         u.Email,
		EmailVerified: u.EmailVerified,
		Username:      u.Username,
		Name:          u.Name,
		Roles:         u.Roles,
		Metadata:      u.Metadata,
	}
}
