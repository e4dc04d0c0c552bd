package door

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"time"
)

// Assets are the static files that pages are made of, under an address that changes when any of them does.
type Assets struct {
	Version string // part of the address
	files   map[string][]byte
}

// ReadAssets reads the files of a folder that is part of the binary.
func ReadAssets(from fs.FS, folder string) *Assets {
	a := &Assets{files: map[string][]byte{}}
	hash := sha256.New()
	entries, err := fs.ReadDir(from, folder) // sorted, so that the same files have the same version
	if err != nil {
		panic(err)
	}
	for _, entry := range entries {
		raw, err := fs.ReadFile(from, path.Join(folder, entry.Name()))
		if err != nil {
			panic(err)
		}
		a.files[entry.Name()] = raw
		hash.Write([]byte(entry.Name()))
		hash.Write(raw)
	}
	a.Version = hex.EncodeToString(hash.Sum(nil)[:6])
	return a
}

// Path is where a file lies, under the path of whatever serves them.
func (a *Assets) Path(name string) string { return "/static/" + a.Version + "/" + name }

// kinds are written down here, because what the machine thinks of an extension may differ.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8",
	".js":  "text/javascript; charset=utf-8",
	".svg": "image/svg+xml",
}

// Serve answers with the file of the path values `version` and `name`, or ErrNotFound. Under its version it never
// changes. While a new release is rolled out, one node may be asked for the version of another: it gives what it has,
// and forbids to keep it.
func (a *Assets) Serve(w http.ResponseWriter, r *http.Request) error {
	keep := "private, no-store"
	if r.PathValue("version") == a.Version {
		keep = "public, max-age=31536000, immutable"
	}
	return a.serve(w, r, r.PathValue("name"), keep)
}

// ServeLatest answers with one file at an address that stays, so that caches ask each time whether it has changed. Pages
// of every origin may load it.
func (a *Assets) ServeLatest(name string) func(http.ResponseWriter, *http.Request) error {
	return func(w http.ResponseWriter, r *http.Request) error {
		if w.Header().Get("Access-Control-Allow-Origin") == "" {
			w.Header().Set("Access-Control-Allow-Origin", "*")
		}
		return a.serve(w, r, name, "no-cache")
	}
}

func (a *Assets) serve(w http.ResponseWriter, r *http.Request, name, keep string) error {
	raw, ok := a.files[name]
	if !ok {
		return ErrNotFound
	}
	w.Header().Set("Cache-Control", keep)
	w.Header().Set("Content-Type", kinds[path.Ext(name)])
	w.Header().Set("ETag", `"`+a.Version+`"`)
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(raw))
	return nil
}
