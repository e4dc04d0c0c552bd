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

// report is everything that was measured, as it is written to performance.json.
type report struct {
	Machine  string     `json:"machine"`
	Chapters []*chapter `json:"chapters"`
}

// chapter is what one part has measured.
type chapter struct {
	Name   string  `json:"name"`
	Says   string  `json:"says"`
	Told   string  `json:"told"` // as it was printed
	Rows   []row   `json:"rows"`
	Ratios []ratio `json:"ratios"`
}

// begin begins the chapter that figures go to from now on.
func (r *report) begin(p part) { r.Chapters = append(r.Chapters, &chapter{Name: p.name, Says: p.says}) }

func (r *report) chapter() *chapter { return r.Chapters[len(r.Chapters)-1] }

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
	c := r.chapter()
	c.Rows = append(c.Rows, row{name, unit, s})
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
	r.within(name, target, values...)
}

// within keeps a figure that has a target of its own.
func (r *report) within(name string, target limit, values ...float64) {
	c, s := r.chapter(), spreadOf(values)
	c.Ratios = append(c.Ratios, ratio{name, target.String(), target.meets(s.Median), s})
}

// ratios is the table of all ratios.
func (r *report) ratios() string {
	var w strings.Builder
	w.WriteString("### ratios and targets\n\n| | median | min – max | target | |\n| --- | ---: | ---: | ---: | --- |\n")
	for _, c := range r.Chapters {
		for _, one := range c.Ratios {
			word := "met"
			switch {
			case one.Target == "":
				word = ""
			case !one.Met:
				word = "**missed**"
			}
			fmt.Fprintf(&w, "| %s | %s | %s – %s | %s | %s |\n", one.Name, short(one.Median), short(one.Min), short(one.Max), one.Target, word)
		}
	}
	return w.String()
}

// tables is everything as it was printed.
func (r *report) tables() string {
	var w strings.Builder
	w.WriteString(r.Machine + "\n\n")
	for _, c := range r.Chapters {
		w.WriteString(c.heading() + strings.TrimRight(c.Told, "\n") + "\n\n")
	}
	return w.String() + r.ratios()
}

func (c *chapter) heading() string { return fmt.Sprintf("### %s: %s\n\n", c.Name, c.Says) }

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

// complete adds the chapters of an earlier report that this one lacks, in the order of parts. Figures of two machines
// say nothing beside each other.
func (r *report) complete(earlier *report) error {
	of := map[string]*chapter{}
	for _, c := range slices.Concat(earlier.Chapters, r.Chapters) {
		of[c.Name] = c
	}
	if len(of) > len(r.Chapters) && machineOf(earlier.Machine) != machineOf(r.Machine) {
		return fmt.Errorf("the other parts were measured on %q and this is %q; fix: measure them all", earlier.Machine, r.Machine)
	}
	r.Chapters = nil
	for _, p := range parts {
		if c := of[p.name]; c != nil {
			r.Chapters = append(r.Chapters, c)
		}
	}
	return nil
}

// machineOf leaves out the date.
func machineOf(machine string) string { return machine[:max(0, strings.LastIndex(machine, ","))] }

const reportName = "performance.json"

// readReport returns the report of a folder, an empty one if it has none.
func readReport(folder string) (*report, error) {
	var r report
	text, err := os.ReadFile(filepath.Join(folder, reportName))
	if errors.Is(err, fs.ErrNotExist) {
		return &r, nil
	}
	if err == nil {
		err = json.Unmarshal(text, &r)
	}
	if err != nil {
		return nil, fmt.Errorf("%s of %s: %w", reportName, folder, err)
	}
	return &r, nil
}

// write puts the report into a folder, and what was measured before of parts that it lacks stays there.
func (r *report) write(folder string) error {
	earlier, err := readReport(folder)
	if err != nil {
		return err
	}
	if err := r.complete(earlier); err != nil {
		return err
	}
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(folder, reportName), append(text, '\n'), 0o644); err != nil {
		return err
	}
	return r.draw(folder)
}

// draw makes the plots, and the tables of the page.
func (r *report) draw(folder string) error {
	for name, plot := range r.plots() {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(plot), 0o644); err != nil {
			return err
		}
	}
	return writeTables(filepath.Join(folder, "performance.md"), r.tables())
}

// redraw makes the plots and tables of a folder anew from its report.
func redraw(folder string) error {
	r, err := readReport(folder)
	if err == nil && len(r.Chapters) == 0 {
		err = fmt.Errorf("%s has no %s; fix: measure with -out %s", folder, reportName, folder)
	}
	if err != nil {
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
