package mayfly

import (
	"mime"
	"net/http"
	"testing"
	"time"
)

// Whatever stands in Mayfly's place may answer anything; what is made of it stays within bounds.
func FuzzAnswer(f *testing.F) {
	const grant = `{"access_token":"a","refresh_token":"r","expires_in":600,"session":{"id":"s"}}`
	const ended = `{"code":"refresh_reused","detail":"d","fix":"f","reason":"r","request_id":"q","session_ended":true}`
	f.Add(200, "application/json", grant, "", "", "max-age=300", "7")
	f.Add(200, "application/json", `{"access_token":"a","refresh_token":"r","expires_in":-1e300}`, "-1", "", "no-store", "-1")
	f.Add(401, "application/problem+json", ended, "120", "", "max-age=0", "")
	f.Add(503, "text/html", "<html>", "Mon, 02 Jan 2006 15:06:05 GMT", "Mon, 02 Jan 2006 15:04:05 GMT", "max-age=99999999999999999999", "")
	f.Add(401, "application/json", ended, "Mon, 02 Jan 2999 15:06:05 GMT", "Mon, 02 Jan 1006 15:04:05 GMT", ",,=,max-age", "9e9")
	f.Fuzz(func(t *testing.T, status int, contentType, body, retryAfter, date, cacheControl, age string) {
		mediaType, _, _ := mime.ParseMediaType(contentType)
		header := http.Header{"Retry-After": {retryAfter}, "Date": {date}, "Cache-Control": {cacheControl}, "Age": {age}}
		a := &answer{status: status, mediaType: mediaType, header: header, body: []byte(body)}
		if g, ok := a.grant(); ok {
			if g.access == "" || g.refresh == "" || g.life < time.Second || g.life > 30*24*time.Hour || mediaType != "application/json" {
				t.Errorf("took %+v for a pair of tokens", g)
			}
		}
		p := a.problem()
		if p.SessionEnded && (mediaType != "application/problem+json" || status < 400 || status > 499) {
			t.Errorf("status %d with %q ended a session", status, mediaType)
		}
		if p.RetryAfter < 0 || p.RetryAfter > 5*time.Minute {
			t.Errorf("a pause of %v", p.RetryAfter)
		}
		if life := keyLife(header); life < shortestKeyLife || life > longestKeyLife {
			t.Errorf("a key life of %v", life)
		}
	})
}
