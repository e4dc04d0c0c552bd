package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
)

// count is how many tests ended how.
type count struct{ passed, failed, skipped int }

func (c *count) add(more count) {
	c.passed += more.passed
	c.failed += more.failed
	c.skipped += more.skipped
}

func (c count) String() string {
	words := fmt.Sprintf("%d passed, %d failed", c.passed, c.failed)
	if c.skipped > 0 {
		words += fmt.Sprintf(", %d skipped", c.skipped)
	}
	return words
}

// group is a <testsuites> or <testsuite> of a JUnit report. Only its cases are counted: the totals in its attributes leave
// out packages that did not compile.
type group struct {
	Groups []group    `xml:"testsuite"`
	Cases  []testcase `xml:"testcase"`
}

type testcase struct {
	Failures []struct{} `xml:"failure"`
	Errors   []struct{} `xml:"error"`
	Skipped  *struct{}  `xml:"skipped"`
}

func readReport(path string) (count, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return count{}, errors.New("it wrote no report")
	}
	if err != nil {
		return count{}, err
	}
	var root group
	if err := xml.Unmarshal(raw, &root); err != nil {
		return count{}, fmt.Errorf("its report is broken: %w", err)
	}
	return root.count(), nil
}

func (g group) count() count {
	var c count
	for _, test := range g.Cases {
		switch {
		case len(test.Failures)+len(test.Errors) > 0:
			c.failed++
		case test.Skipped != nil:
			c.skipped++
		default:
			c.passed++
		}
	}
	for _, inner := range g.Groups {
		c.add(inner.count())
	}
	return c
}
