package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/go-json-experiment/json"
)

// longestLine is the most bytes that a line of an import may have: metadata is the longest part of it.
const longestLine = 256 << 10

// jsonUsers reads a JSON object from each line that is not blank.
type jsonUsers struct {
	io.Closer
	lines  *bufio.Scanner
	number int
}

func newJSONUsers(file io.ReadCloser) *jsonUsers {
	lines := bufio.NewScanner(file)
	lines.Buffer(nil, longestLine)
	return &jsonUsers{Closer: file, lines: lines}
}

func (r *jsonUsers) read(context.Context) (u importedUser, where string, err error) {
	for r.lines.Scan() && r.lines.Err() == nil { // what stands before a fault is half a line
		r.number++
		line := bytes.TrimSpace(r.lines.Bytes())
		if len(line) == 0 {
			continue
		}
		if err := json.Unmarshal(line, &u, json.RejectUnknownMembers(true)); err != nil {
			return importedUser{}, lineNumber(r.number), notAUser(err)
		}
		return u, lineNumber(r.number), nil
	}
	err = r.lines.Err()
	switch {
	case err == nil:
		err = io.EOF
	case errors.Is(err, bufio.ErrTooLong):
		err = errTooLong
	}
	return u, lineNumber(r.number + 1), err
}

func lineNumber(n int) string { return fmt.Sprintf("line %d", n) }

var errTooLong = fmt.Errorf("it has more than %d bytes; give each user a line", longestLine)

// notAUser never repeats the line, which has a hash in it.
func notAUser(err error) error {
	var semantic *json.SemanticError
	if errors.As(err, &semantic) && errors.Is(err, json.ErrUnknownName) {
		return &lineError{fmt.Sprintf("it has a member %s that is not known; fix: take it out, or put it into metadata", semantic.JSONPointer)}
	}
	if errors.As(err, &semantic) {
		return &lineError{fmt.Sprintf("its member %s is not of the right kind", semantic.JSONPointer)}
	}
	return &lineError{"it is not one JSON object"}
}
