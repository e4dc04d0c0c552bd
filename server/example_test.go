package server_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"os"
	"strings"

	"github.com/mayfly-auth/mayfly"
	"github.com/mayfly-auth/mayfly/server"
)

// A program of one's own that signs people in by itself: Mayfly is mounted beside a handler that only they may call.
func Example() {
	data, err := os.MkdirTemp("", "mayfly-example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(data)

	mux := http.NewServeMux()
	program := httptest.NewServer(mux) // yours listens where it likes
	defer program.Close()

	auth, err := server.New(context.Background(), server.Config{
		PublicURL: program.URL,
		Data:      data,
		Log:       slog.New(slog.DiscardHandler),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer auth.Close()

	keys := &http.Transport{}
	defer keys.CloseIdleConnections()
	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: program.URL, HTTPClient: &http.Client{Transport: keys}})
	if err != nil {
		log.Fatal(err)
	}
	mux.Handle("/", auth)
	mux.Handle("/posts", verifier.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := mayfly.FromContext(r.Context())
		fmt.Fprintln(w, "posts of", claims.Email)
	})))

	// A browser, as far as this program can tell.
	jar, _ := cookiejar.New(nil)
	browser := &http.Client{Jar: jar, Transport: keys}
	show := func(resp *http.Response, err error) {
		if err != nil {
			log.Fatal(err)
		}
		defer resp.Body.Close()
		text, _ := io.ReadAll(io.LimitReader(resp.Body, 64))
		fmt.Println(resp.StatusCode, strings.SplitN(string(text), "\n", 2)[0])
	}
	resp, err := browser.Get(program.URL + "/posts")
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	fmt.Println(resp.StatusCode, "before registering")
	resp, err = browser.Post(program.URL+"/v1/register", "application/json",
		strings.NewReader(`{"email": "ada@example.com", "password": "a quiet river at dawn"}`))
	if err != nil {
		log.Fatal(err)
	}
	resp.Body.Close()
	show(browser.Get(program.URL + "/posts"))

	// Output:
	// 401 before registering
	// 200 posts of ada@example.com
}
