package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report is everything that a run has measured, as it is written to performance.json.
type report struct {
	Machine string  `json:"machine"`
	Rows    []row   `json:"rows"`
	Ratios  []ratio `json:"ratios"`
}

// thisMachine says where the figures come from; they mean little elsewhere.
func thisMachine() string {
	cpu := runtime.GOARCH
	if info, err := os.ReadFile("/proc/cpuinfo"); err == nil {
		if _, rest, found := strings.Cut(string(info), "model name"); found {
			name, _, _ := strings.Cut(rest, "\n")
			cpu = strings.TrimLeft(name, "\t: ")
		}
	}
	return fmt.Sprintf("%s, %d cores, %s, %s, %s", cpu, runtime.NumCPU(), runtime.GOOS, runtime.Version(),
		time.Now().UTC().Format(time.DateOnly))
}

// spread is the median of some runs with the smallest and the largest.
type spread struct {
	Median float64 `json:"median"`
	Min    float64 `json:"min"`
	Max    float64 `json:"max"`
	Runs   int     `json:"runs"`
}

func spreadOf(values []float64) spread {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return spread{Median: (sorted[(n-1)/2] + sorted[n/2]) / 2, Min: sorted[0], Max: sorted[n-1], Runs: n}
}

// row is one figure, under a name like refresh/64/mayfly-sqlite/rate.
type row struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	spread
}

// ratio is one figure over another of the same round.
type ratio struct {
	Name   string `json:"name"`
	Target string `json:"target"` // such as ≥ 0.6; empty where none is set
	Met    bool   `json:"met"`
	spread
}

// add keeps a figure.
func (r *report) add(name, unit string, values ...float64) spread {
	s := spreadOf(values)
	r.Rows = append(r.Rows, row{name, unit, s})
	return s
}

// limit is a target: at least, or at most.
type limit struct {
	sign  string
	value float64
}

func atLeast(v float64) limit { return limit{"≥", v} }
func atMost(v float64) limit  { return limit{"≤", v} }

func (l limit) String() string {
	if l.sign == "" {
		return ""
	}
	return fmt.Sprintf("%s %g", l.sign, l.value)
}

func (l limit) meets(v float64) bool {
	switch l.sign {
	case "≥":
		return v >= l.value
	case "≤":
		return v <= l.value
	}
	return true
}

// compare keeps a ratio, taken round by round.
func (r *report) compare(name string, target limit, of, over []float64) {
	values := make([]float64, len(of))
	for i := range of {
		values[i] = of[i] / over[i]
	}
	s := spreadOf(values)
	r.Ratios = append(r.Ratios, ratio{name, target.String(), target.meets(s.Median), s})
}

// within keeps a figure that has a target of its own.
func (r *report) within(name string, target limit, values ...float64) {
	s := spreadOf(values)
	r.Ratios = append(r.Ratios, ratio{name, target.String(), target.meets(s.Median), s})
}

// ratios is the table of all ratios.
func (r *report) ratios() string {
	var w strings.Builder
	w.WriteString("\n### ratios and targets\n\n| | median | min – max | target | |\n| --- | ---: | ---: | ---: | --- |\n")
	for _, one := range r.Ratios {
		word := "met"
		switch {
		case one.Target == "":
			word = ""
		case !one.Met:
			word = "**missed**"
		}
		fmt.Fprintf(&w, "| %s | %s | %s – %s | %s | %s |\n", one.Name, short(one.Median), short(one.Min), short(one.Max), one.Target, word)
	}
	return w.String()
}

// short writes three figures that count.
func short(v float64) string {
	switch {
	case v == 0:
		return "0"
	case v >= 100:
		return fmt.Sprintf("%.0f", v)
	case v >= 10:
		return fmt.Sprintf("%.1f", v)
	}
	return fmt.Sprintf("%.2f", v)
}

// write puts performance.json and the plots into a folder.
func (r *report) write(folder string) error {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, "performance.json"), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return r.draw(folder)
}

func (r *report) draw(folder string) error {
	for name, plot := range r.plots() {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(plot), 0o644); err != nil {
			return err
		}
	}
	return nil
}

// redraw makes the plots of a folder anew from its performance.json.
func redraw(folder string) error {
	text, err := os.ReadFile(filepath.Join(folder, "performance.json"))
	if err != nil {
		return err
	}
	var r report
	if err := json.Unmarshal(text, &r); err != nil {
		return err
	}
	return r.draw(folder)
}

// The tables of a page stand between these two lines.
const (
	tablesBegin = "<!-- what `make bench` printed -->\n"
	tablesEnd   = "<!-- the end of it -->\n"
)

// writeTables puts what was printed into a page that has a place for it. A page that is not there is not made.
func writeTables(path, printed string) error {
	page, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	before, rest, found := strings.Cut(string(page), tablesBegin)
	_, after, ends := strings.Cut(rest, tablesEnd)
	if !found || !ends {
		return fmt.Errorf("%s has no place for the tables: it lacks the line %q or %q", path, tablesBegin, tablesEnd)
	}
	return os.WriteFile(path, []byte(before+tablesBegin+"\n"+printed+"\n"+tablesEnd+after), 0o644)
}
