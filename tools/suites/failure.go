package main

import (
	"fmt"
	"regexp"
	"strings"
)

const (
	mostLines = 60  // about all failures together
	mostSaid  = 15  // lines of what one test says
	longest   = 300 // characters of a line
)

// failure is one test that failed.
type failure struct {
	suite, place, name string
	faults             []fault
}

// tell names every failed test and quotes the beginning of what it says, less of each the more there are.
func tell(failures []failure) []string {
	var lines []string
	for i, f := range failures {
		left := len(failures) - i
		if len(lines) == mostLines-1 && left > 1 {
			return append(lines, fmt.Sprintf("FAILED   and %d more", left))
		}
		lines = append(lines, fmt.Sprintf("FAILED   %s: %s: %s", f.suite, f.place, f.name))
		room := (mostLines - len(lines) - (left - 1)) / left // a line is kept for the name of each that follows
		lines = append(lines, f.says(max(0, min(mostSaid, room)))...)
	}
	return lines
}

// says quotes so many lines, of each of the test's errors its part.
func (f failure) says(most int) []string {
	var lines []string
	for i, fault := range f.faults {
		room := (most - len(lines)) / (len(f.faults) - i)
		said := fault.lines()
		lines = append(lines, said[:min(room, len(said))]...)
	}
	return lines
}

// colour is a change of colour in a report: XML cannot hold its first character, so that U+FFFD stands in its place.
var colour = regexp.MustCompile(`\x{FFFD}\[[0-9;]*m`)

// lines returns what the error says, without empty lines and those in which Go says that a test begins or goes on.
func (f fault) lines() []string {
	text := f.Text
	if strings.TrimSpace(text) == "" {
		text = f.Message
	}
	var lines []string
	for line := range strings.Lines(colour.ReplaceAllString(text, "")) {
		line = strings.TrimRight(line, " \t\r\n")
		if line == "" || strings.HasPrefix(line, "=== ") {
			continue
		}
		lines = append(lines, fmt.Sprintf("         %.*s", longest, line))
	}
	return lines
}
