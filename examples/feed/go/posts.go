package main

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"github.com/mayfly-auth/mayfly"
)

// maxText is the longest post, in characters.
const maxText = 280

// Post is one post, as the page gets it.
type Post struct {
	ID        string    `json:"id"`
	Text      string    `json:"text"`
	CreatedAt time.Time `json:"created_at"`
}

// posts keeps everybody's posts, in memory: a real app has a table with the column `owner` here.
type posts struct {
	mu      sync.Mutex
	ofOwner map[string][]Post // newest first, by the user's id
}

func newPosts() *posts { return &posts{ofOwner: map[string][]Post{}} }

// ServeHTTP answers GET and POST of /api/posts. It stands behind Verifier.Middleware, so somebody is signed in.
func (p *posts) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	claims, _ := mayfly.FromContext(r.Context())
	owner := claims.Subject // never an id from the request: that one anybody could write
	switch r.Method {
	case http.MethodGet:
		answer(w, http.StatusOK, p.list(owner))
	case http.MethodPost:
		text, fault := readText(w, r)
		if fault != "" {
			answer(w, http.StatusBadRequest, map[string]string{"detail": fault})
			return
		}
		answer(w, http.StatusCreated, p.add(owner, text))
	default:
		w.Header().Set("Allow", "GET, POST")
		answer(w, http.StatusMethodNotAllowed, map[string]string{"detail": "Posts can be read (GET) and written (POST)."})
	}
}

func (p *posts) list(owner string) []Post {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]Post{}, p.ofOwner[owner]...) // a copy, and [] rather than null
}

func (p *posts) add(owner, text string) Post {
	post := Post{ID: rand.Text(), Text: text, CreatedAt: time.Now()}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.ofOwner[owner] = append([]Post{post}, p.ofOwner[owner]...)
	return post
}

// readText returns the text of a new post, or what is wrong with it.
func readText(w http.ResponseWriter, r *http.Request) (text, fault string) {
	var body struct {
		Text string `json:"text"`
	}
	if err := json.NewDecoder(http.MaxBytesReader(w, r.Body, 16<<10)).Decode(&body); err != nil {
		return "", `Send the post as JSON: {"text": "…"}.`
	}
	text = strings.TrimSpace(body.Text)
	if n := utf8.RuneCountInString(text); n == 0 || n > maxText {
		return "", "A post has 1 to 280 characters."
	}
	return text, ""
}

func answer(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "private, no-store") // one person's posts are nobody else's
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // the client may have gone
}
