package apitest

import (
	"bytes"
	"io"
	"net/http"
)

// recorder hands an answer on and keeps a copy.
type recorder struct {
	http.ResponseWriter
	status int
	header http.Header // as it was sent
	body   bytes.Buffer
}

func record(w http.ResponseWriter) *recorder { return &recorder{ResponseWriter: w} }

func (r *recorder) WriteHeader(status int) {
	if r.status == 0 && status >= 200 {
		r.status, r.header = status, r.Header().Clone()
	}
	r.ResponseWriter.WriteHeader(status)
}

func (r *recorder) Write(b []byte) (int, error) {
	if r.status == 0 {
		r.status, r.header = http.StatusOK, r.Header().Clone()
	}
	r.body.Write(b)
	return r.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (r *recorder) Unwrap() http.ResponseWriter { return r.ResponseWriter }

// Flush lets an endless answer through.
func (r *recorder) Flush() { _ = http.NewResponseController(r.ResponseWriter).Flush() }

// listen keeps a copy of what is read of a request's body.
func listen(r *http.Request) *bytes.Buffer {
	heard := &bytes.Buffer{}
	r.Body = struct {
		io.Reader
		io.Closer
	}{io.TeeReader(r.Body, heard), r.Body}
	return heard
}
