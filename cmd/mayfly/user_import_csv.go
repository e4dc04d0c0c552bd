package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// csvUsers reads a user from each record of a CSV file (RFC 4180), the first of which names the columns.
type csvUsers struct {
	io.Closer
	records *csv.Reader
	bounded *boundedReader
	fields  []string // of each column, "" for one that is left out
}

// newCSVUsers reads the first line. A column that is no field of a user is an error: left out silently it would be missed
// too late.
func newCSVUsers(file io.ReadCloser, mapped renames) (*csvUsers, error) {
	text := bufio.NewReader(file)
	if mark, _ := text.Peek(3); bytes.Equal(mark, []byte("\xef\xbb\xbf")) { // spreadsheets put it in front
		_, _ = text.Discard(3)
	}
	bounded := &boundedReader{from: text}
	r := &csvUsers{Closer: file, bounded: bounded, records: csv.NewReader(bounded)}
	r.records.Comma = separator(text)
	r.records.FieldsPerRecord = -1
	r.records.ReuseRecord = true
	bounded.left = longestLine
	header, err := r.records.Read()
	if errors.Is(err, io.EOF) {
		return nil, errors.New("the file is empty; fix: give it a first line that names the columns, such as email,password_hash")
	}
	if err != nil {
		return nil, fmt.Errorf("line 1: %w", csvFault(err))
	}
	if r.fields, err = columns(header, mapped); err != nil {
		return nil, fmt.Errorf("line 1: %w", err)
	}
	return r, nil
}

// separator guesses it from the first line: where commas stand in numbers, spreadsheets write semicolons.
func separator(text *bufio.Reader) rune {
	start, _ := text.Peek(text.Size())
	first, _, _ := bytes.Cut(start, []byte("\n"))
	for _, one := range []rune{',', ';', '\t'} {
		if bytes.ContainsRune(first, one) {
			return one
		}
	}
	return ','
}

// columns finds the field of each column and names all that is wrong with them.
func columns(header []string, mapped renames) (fields []string, err error) {
	var faults []error
	for i, column := range header {
		column = strings.TrimSpace(column)
		field, known := mapped.of(column)
		if !known {
			field, known = mapped.of(strings.ToLower(column))
		}
		switch {
		case !known:
			faults = append(faults, fmt.Errorf("column %d, %q, is no field of a user; fix: --map %[2]s= leaves it out, --map %[2]s=metadata.%[2]s keeps it",
				i+1, column))
		case field != "" && slices.Contains(fields, field):
			faults = append(faults, fmt.Errorf("column %d is %s too; fix: leave one of them out with --map COLUMN=", i+1, field))
		}
		fields = append(fields, field)
	}
	for _, needed := range []string{"email", "password_hash"} {
		if !slices.Contains(fields, needed) {
			faults = append(faults, fmt.Errorf("there is no column %s; fix: add it, or say which it is with --map COLUMN=%[1]s", needed))
		}
	}
	for column := range mapped {
		if !slices.ContainsFunc(header, func(have string) bool { return strings.TrimSpace(have) == column }) {
			faults = append(faults, fmt.Errorf("--map %s=%s names a column that is not there", column, mapped[column]))
		}
	}
	return fields, errors.Join(faults...)
}

func (r *csvUsers) read(context.Context) (u importedUser, where string, err error) {
	r.bounded.left = longestLine
	record, err := r.records.Read()
	if err != nil {
		return u, faultLine(err), csvFault(err)
	}
	line, _ := r.records.FieldPos(0)
	where = lineNumber(line)
	if len(record) != len(r.fields) {
		return u, where, &lineError{fmt.Sprintf("it has %d columns and the first line has %d; fix: put a value with a separator or a quote in quotes", len(record), len(r.fields))}
	}
	for i, text := range record {
		if err := u.put(r.fields[i], text); err != nil {
			return u, where, err
		}
	}
	return u, where, nil
}

func faultLine(err error) string {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		return lineNumber(parse.StartLine)
	}
	return "the file"
}

// csvFault tells a quote in the wrong place, which spoils one line, from what spoils the rest.
func csvFault(err error) error {
	switch {
	case errors.Is(err, csv.ErrBareQuote), errors.Is(err, csv.ErrQuote):
		return &lineError{`it has a quote in the wrong place; fix: put the whole value in quotes, and write "" for a quote in it`}
	}
	return err
}

// boundedReader fails where a record would be longer than any user is: after a quote that nobody closes, the rest of the
// file would be read into memory.
type boundedReader struct {
	from io.Reader
	left int
}

func (b *boundedReader) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, errTooLong
	}
	n, err := b.from.Read(p)
	b.left -= n
	return n, err
}
