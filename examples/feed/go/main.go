// Command go is the feed of every tutorial as a Go server: people register, sign in, see their posts and write one.
//
// Mayfly runs beside it and does all that has to do with signing in. This program does three things with it: it passes
// /auth on to Mayfly, it lets only requests with a good access token through to the posts, and it asks the token whose
// posts to show.
package main

import (
	"flag"
	"fmt"
	"log"
	"net/http"
	"net/http/httputil"
	"net/url"
	"time"

	"github.com/mayfly-auth/mayfly"
	"github.com/mayfly-auth/mayfly/examples/feed/page"
)

func main() {
	listen := flag.String("listen", "localhost:3000", "where this server listens, and what browsers open")
	auth := flag.String("mayfly", "http://localhost:8080", "where Mayfly listens")
	flag.Parse()

	handler, err := newFeed("http://"+*listen+"/auth", *auth)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("open http://%s\n", *listen)
	server := &http.Server{Addr: *listen, Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	log.Fatal(server.ListenAndServe())
}

// newFeed wires everything. The issuer is Mayfly's public URL, as browsers see it; auth is where it listens.
func newFeed(issuer, auth string) (http.Handler, error) {
	target, err := url.Parse(auth)
	if err != nil {
		return nil, fmt.Errorf("-mayfly %q is not a URL: write it as in http://localhost:8080", auth)
	}
	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{
		Issuer:  issuer,
		JWKSURL: target.JoinPath("auth/.well-known/jwks.json").String(), // straight, not through our own proxy
	})
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/auth/", proxy(target))
	mux.Handle("/api/posts", verifier.Middleware(newPosts()))
	mux.Handle("/", ownScriptsOnly(http.FileServerFS(page.Files)))
	return mux, nil
}

// proxy puts Mayfly on this server's own origin, so that its cookies are first-party cookies, which no browser blocks.
func proxy(target *url.URL) http.Handler {
	return &httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) {
		r.SetURL(target)
		r.SetXForwarded() // who calls: Mayfly counts wrong passwords by address
	}}
}

// ownScriptsOnly is the second line of defence: should a script slip into the page after all, browsers do not run it.
func ownScriptsOnly(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Security-Policy", "default-src 'self'")
		next.ServeHTTP(w, r)
	})
}
