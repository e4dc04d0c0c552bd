package main

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
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

// result is what a report comes to: the count, and what the failed tests say.
type result struct {
	count
	failures []failure
}

// group is a <testsuites> or <testsuite> of a JUnit report. Only its cases are counted: the totals in its attributes leave
// out packages that did not compile.
type group struct {
	Groups []group    `xml:"testsuite"`
	Cases  []testcase `xml:"testcase"`
}

type testcase struct {
	Place    string    `xml:"classname,attr"`
	Name     string    `xml:"name,attr"`
	Failures []fault   `xml:"failure"`
	Errors   []fault   `xml:"error"`
	Skipped  *struct{} `xml:"skipped"`
}

// fault is one error of a test. Its text, where there is one, begins with its message.
type fault struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

func readReport(path string) (result, error) {
	raw, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return result{}, errors.New("it wrote no report")
	}
	if err != nil {
		return result{}, err
	}
	var root group
	if err := xml.Unmarshal(raw, &root); err != nil {
		return result{}, fmt.Errorf("its report is broken: %w", err)
	}
	return root.result(), nil
}

func (g group) result() result {
	var r result
	for _, test := range g.Cases {
		switch faults := slices.Concat(test.Failures, test.Errors); {
		case len(faults) > 0:
			r.failed++
			r.failures = append(r.failures, failure{place: test.Place, name: test.Name, faults: faults})
		case test.Skipped != nil:
			r.skipped++
		default:
			r.passed++
		}
	}
	for _, inner := range g.Groups {
		more := inner.result()
		r.add(more.count)
		r.failures = append(r.failures, more.failures...)
	}
	return r
}
