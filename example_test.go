package mayfly_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"time"

	"github.com/mayfly-auth/mayfly"
	"github.com/mayfly-auth/mayfly/internal/jws"
)

func ExampleVerifier_Middleware() {
	auth := startMayfly() // stands in for https://auth.example.com
	defer auth.Close()

	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: auth.URL})
	if err != nil {
		log.Fatal(err)
	}
	notes := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := mayfly.FromContext(r.Context())
		_, _ = fmt.Fprintf(w, "hello, %s", claims.Name)
	})
	server := httptest.NewServer(verifier.Middleware(notes))
	defer server.Close()

	fmt.Println(get(server.URL, auth.accessToken()))
	fmt.Println(get(server.URL, ""))
	// Output:
	// 200 hello, Ada Lovelace
	// 401 token_missing
}

func ExampleVerifier_Optional() {
	auth := startMayfly()
	defer auth.Close()
	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: auth.URL})
	if err != nil {
		log.Fatal(err)
	}
	front := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if claims, ok := mayfly.FromContext(r.Context()); ok {
			_, _ = fmt.Fprintf(w, "welcome back, %s", claims.Name)
			return
		}
		_, _ = io.WriteString(w, "welcome, stranger")
	})
	server := httptest.NewServer(verifier.Optional(front))
	defer server.Close()

	fmt.Println(get(server.URL, ""))
	fmt.Println(get(server.URL, auth.accessToken()))
	// Output:
	// 200 welcome, stranger
	// 200 welcome back, Ada Lovelace
}

func ExampleVerifier_Verify() {
	auth := startMayfly()
	defer auth.Close()
	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: auth.URL})
	if err != nil {
		log.Fatal(err)
	}

	claims, err := verifier.Verify(context.Background(), auth.accessToken())
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(claims.Email, claims.HasRole("admin"))

	_, err = verifier.Verify(context.Background(), "not a token")
	switch {
	case errors.Is(err, mayfly.ErrKeysUnavailable):
		fmt.Println("try again later")
	case errors.Is(err, mayfly.ErrTokenExpired):
		fmt.Println("refresh")
	case err != nil:
		fmt.Println("refused")
	}
	// Output:
	// ada@example.com true
	// refused
}

func ExampleVerifier_Feed() {
	auth := startMayfly()
	defer auth.Close()
	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{
		Issuer: auth.URL,
		Revocations: &mayfly.RevocationsConfig{OnChange: func(feed mayfly.FeedState) {
			if !feed.Up {
				log.Print("revoked tokens are good until they expire: ", feed.LastError)
			}
		}},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer verifier.Close()

	// The first token waits until it is known what was revoked before.
	if _, err := verifier.Verify(context.Background(), auth.accessToken()); err != nil {
		log.Fatal(err)
	}
	feed := verifier.Feed()
	fmt.Printf("feed_up{} %t\n", feed.Up)
	fmt.Printf("feed_marks{} %d\n", feed.Marks)
	fmt.Printf("feed_dropped_total{} %d\n", feed.Dropped)
	// Output:
	// feed_up{} true
	// feed_marks{} 1
	// feed_dropped_total{} 0
}

func ExampleClaims_Decode() {
	auth := startMayfly() // configured with claim = "plan=metadata.plan"
	defer auth.Close()
	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: auth.URL})
	if err != nil {
		log.Fatal(err)
	}
	claims, err := verifier.Verify(context.Background(), auth.accessToken())
	if err != nil {
		log.Fatal(err)
	}

	var plan string
	if err := claims.Decode("plan", &plan); err != nil {
		log.Fatal(err)
	}
	fmt.Println(plan)
	// Output: gold
}

func ExampleNewContext() {
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		claims, _ := mayfly.FromContext(r.Context())
		_, _ = fmt.Fprintf(w, "admin: %t", claims.HasRole("admin"))
	})

	// A handler is tested without any token.
	r := httptest.NewRequest(http.MethodGet, "/", nil)
	r = r.WithContext(mayfly.NewContext(r.Context(), &mayfly.Claims{Subject: "u-1", Roles: []string{"admin"}}))
	w := httptest.NewRecorder()
	handler.ServeHTTP(w, r)
	fmt.Println(w.Body)
	// Output: admin: true
}

func ExampleTransport() {
	auth := startMayfly()
	defer auth.Close()
	verifier, err := mayfly.NewVerifier(mayfly.VerifierConfig{Issuer: auth.URL})
	if err != nil {
		log.Fatal(err)
	}
	api := httptest.NewServer(verifier.Middleware(hello))
	defer api.Close()

	transport, err := mayfly.NewTransport(mayfly.TransportConfig{
		URL:          auth.URL,
		TokenOrigins: []string{api.URL},
	})
	if err != nil {
		log.Fatal(err)
	}
	ctx := context.Background()
	if err := transport.Login(ctx, "ada@example.com", "correct horse battery staple"); err != nil {
		log.Fatal(err)
	}

	client := &http.Client{Transport: transport}
	resp, err := client.Get(api.URL)
	if err != nil {
		log.Fatal(err)
	}
	body, _ := io.ReadAll(resp.Body)
	_ = resp.Body.Close()
	fmt.Println(resp.StatusCode, string(body))

	if err := transport.Logout(ctx); err != nil {
		log.Fatal(err)
	}
	_, err = client.Get(api.URL)
	fmt.Println(errors.Is(err, mayfly.ErrSignedOut))
	// Output:
	// 200 u-ada
	// true
}

func ExampleFileStorage() {
	auth := startMayfly()
	defer auth.Close()
	folder, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = os.RemoveAll(folder) }()

	// A command-line tool signs in once; the next time it is started it still is.
	config := mayfly.TransportConfig{
		URL:     auth.URL,
		Storage: mayfly.FileStorage{Path: filepath.Join(folder, "session")},
	}
	first, err := mayfly.NewTransport(config)
	if err != nil {
		log.Fatal(err)
	}
	if err := first.Login(context.Background(), "ada@example.com", "correct horse battery staple"); err != nil {
		log.Fatal(err)
	}

	second, err := mayfly.NewTransport(config)
	if err != nil {
		log.Fatal(err)
	}
	client := &http.Client{Transport: second}
	resp, err := client.Get(auth.URL + "/v1/me")
	if err != nil {
		log.Fatal(err)
	}
	_ = resp.Body.Close()
	fmt.Println(resp.StatusCode)
	// Output: 200
}

func ExampleProblem() {
	auth := startMayfly()
	defer auth.Close()
	transport, err := mayfly.NewTransport(mayfly.TransportConfig{URL: auth.URL})
	if err != nil {
		log.Fatal(err)
	}

	err = transport.Login(context.Background(), "ada@example.com", "wrong")
	var problem *mayfly.Problem
	if errors.As(err, &problem) {
		fmt.Println(problem.Code)
		fmt.Println(problem.Detail)
	}
	// Output:
	// credentials_invalid
	// The identifier or the password is wrong.
}

// mayflyServer speaks as much of Mayfly as the examples need: it signs Ada in, refreshes, and publishes its key.
type mayflyServer struct {
	*httptest.Server
	key *jws.PrivateKey
}

func startMayfly() *mayflyServer {
	key, err := jws.GenerateKey(jws.ES256)
	if err != nil {
		log.Fatal(err)
	}
	s := &mayflyServer{key: key}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /.well-known/jwks.json", s.keys)
	mux.HandleFunc("POST /v1/login", s.login)
	mux.HandleFunc("POST /v1/refresh", func(w http.ResponseWriter, _ *http.Request) { s.grant(w) })
	mux.HandleFunc("POST /v1/logout", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusNoContent) })
	mux.HandleFunc("GET /v1/revocations", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		say(w, revokedEvent(10*time.Minute, "a session that has ended")+"event: current\nid: 1\ndata: {}\n\n")
		<-r.Context().Done()
	})
	mux.HandleFunc("GET /v1/me", func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") == "" {
			w.WriteHeader(http.StatusUnauthorized)
		}
	})
	s.Server = httptest.NewServer(mux)
	return s
}

func (s *mayflyServer) keys(w http.ResponseWriter, _ *http.Request) {
	set, err := jws.MarshalSet([]*jws.PublicKey{s.key.Public()})
	if err != nil {
		log.Fatal(err)
	}
	w.Header().Set("Cache-Control", "public, max-age=300")
	_, _ = w.Write(set)
}

func (s *mayflyServer) login(w http.ResponseWriter, r *http.Request) {
	var body struct{ Password string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil || body.Password == "wrong" {
		w.Header().Set("Content-Type", "application/problem+json")
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"code":"credentials_invalid","detail":"The identifier or the password is wrong."}`)
		return
	}
	s.grant(w)
}

func (s *mayflyServer) grant(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "application/json")
	_, _ = fmt.Fprintf(w, `{"access_token":%q,"refresh_token":"mfr_example","expires_in":600,"session":{"id":"s-1"}}`, s.accessToken())
}

func (s *mayflyServer) accessToken() string {
	now := time.Now().Unix()
	payload, err := json.Marshal(map[string]any{
		"iss": s.URL, "aud": s.URL, "sub": "u-ada", "sid": "s-1", "client_id": "mayfly", "jti": "j-1", "iat": now, "exp": now + 600,
		"email": "ada@example.com", "name": "Ada Lovelace", "roles": []string{"admin"}, "plan": "gold",
	})
	if err != nil {
		log.Fatal(err)
	}
	token, err := jws.Sign(s.key, "at+jwt", payload)
	if err != nil {
		log.Fatal(err)
	}
	return token
}

// get calls a server and tells the status and the text, or the code of the problem.
func get(address, token string) string {
	req, err := http.NewRequest(http.MethodGet, address, nil)
	if err != nil {
		log.Fatal(err)
	}
	if token != "" {
		req.Header.Set("Authorization", "Bearer "+token)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		log.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		log.Fatal(err)
	}
	var p problem
	if json.Unmarshal(body, &p) == nil {
		return fmt.Sprint(resp.StatusCode, " ", p.Code)
	}
	return fmt.Sprint(resp.StatusCode, " ", string(body))
}
