package main

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
)

// plots draws what the run has measured, as SVG by file name.
func (r *report) plots() map[string]string {
	plots := map[string]string{}
	var lines []line
	for ink, one := range []struct{ subject, label string }{
		{"signed", "hello + signature"},
		{"floor-sqlite", "floor, SQLite"},
		{"floor-postgres", "floor, PostgreSQL"},
		{"mayfly-sqlite", "Mayfly, SQLite"},
		{"mayfly-postgres", "Mayfly, PostgreSQL"},
		{"tuned-postgres", "tutorial, tuned"},
		{"tutorial-postgres", "tutorial"},
	} {
		l := line{label: one.label, ink: ink}
		for _, n := range crowds {
			l.add(r, float64(n), fmt.Sprintf("refresh/%d/%s/rate", n, one.subject))
		}
		lines = append(lines, l)
	}
	if drawn := draw("Answers a second", "requests at once", lines); drawn != "" {
		plots["performance-refresh.svg"] = drawn
	}
	lines = nil
	for _, store := range []struct {
		name, label string
		ink         int
	}{{"sqlite", "Mayfly, SQLite", 3}, {"postgres", "Mayfly, PostgreSQL", 4}} { // the inks of the plot before
		l := line{label: store.label, ink: store.ink}
		for n := 1000; n <= 100_000_000; n *= 10 {
			l.add(r, float64(n), fmt.Sprintf("curve/%d/%s-%d/rate", crowd, store.name, n))
		}
		lines = append(lines, l)
	}
	if drawn := draw("Refreshes a second", "sessions in the store", lines); drawn != "" {
		plots["performance-sessions.svg"] = drawn
	}
	return plots
}

// line is one curve; x is drawn on a logarithmic scale.
type line struct {
	label  string
	ink    int
	points [][2]float64
}

func (l line) last() [2]float64 { return l.points[len(l.points)-1] }

// add appends the figure with this name if the run has measured it.
func (l *line) add(r *report, x float64, name string) {
	for _, c := range r.Chapters {
		for _, one := range c.Rows {
			if one.Name == name {
				l.points = append(l.points, [2]float64{x, one.Median})
				return
			}
		}
	}
}

// The size of a plot, and of what lies around its field.
const (
	plotWidth, plotHeight   = 760, 420
	leftEdge, rightEdge     = 70, 190
	upperEdge, lowerEdge    = 40, 50
	fieldWidth, fieldHeight = plotWidth - leftEdge - rightEdge, plotHeight - upperEdge - lowerEdge
	labelHeight, steps      = 16, 5
)

const plotStyle = `<style>
text{font:13px system-ui,sans-serif;fill:#333}.grid{stroke:#ddd}.curve{fill:none;stroke-width:2.5}
.c0{stroke:#888;fill:#888}.c1{stroke:#7aa6c2;fill:#7aa6c2}.c2{stroke:#b9a36a;fill:#b9a36a}.c3{stroke:#0b6e99;fill:#0b6e99}
.c4{stroke:#b8860b;fill:#b8860b}.c5{stroke:#c77;fill:#c77}.c6{stroke:#a33;fill:#a33}.curve.curve{fill:none}
@media (prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#444}.c3{stroke:#5bc0eb;fill:#5bc0eb}.c4{stroke:#f2c14e;fill:#f2c14e}}
</style>`

// draw returns the curves as SVG, or nothing if there is nothing to draw.
func draw(up, right string, lines []line) string {
	lines = slices.DeleteFunc(slices.Clone(lines), func(l line) bool { return len(l.points) == 0 })
	slices.SortStableFunc(lines, func(a, b line) int { return cmp.Compare(b.last()[1], a.last()[1]) }) // as their labels stand
	f, drawable := frame(lines)
	if !drawable {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" role="img" aria-label="%s by %s">%s`+"\n",
		plotWidth, plotHeight, up, right, plotStyle)
	fmt.Fprintf(&b, `<text x="%d" y="20">%s</text><text x="%d" y="%d" text-anchor="middle">%s</text>`+"\n",
		leftEdge, up, leftEdge+fieldWidth/2, plotHeight-8, right)
	for i := range steps + 1 {
		v := f.top * float64(i) / steps
		fmt.Fprintf(&b, `<path class="grid" d="M%d %.1fh%d"/><text x="%d" y="%.1f" text-anchor="end">%s</text>`+"\n",
			leftEdge, f.y(v), fieldWidth, leftEdge-8, f.y(v)+4, thousands(v))
	}
	marked := map[float64]bool{}
	var names column
	for _, l := range lines {
		var path []string
		for _, p := range l.points {
			path = append(path, fmt.Sprintf("%.1f %.1f", f.x(p[0]), f.y(p[1])))
			fmt.Fprintf(&b, `<circle class="c%d" cx="%.1f" cy="%.1f" r="3"/>`, l.ink, f.x(p[0]), f.y(p[1]))
			if !marked[p[0]] {
				marked[p[0]] = true
				fmt.Fprintf(&b, `<text x="%.1f" y="%d" text-anchor="middle">%s</text>`, f.x(p[0]), upperEdge+fieldHeight+20, thousands(p[0]))
			}
		}
		fmt.Fprintf(&b, `<path class="curve c%d" d="M%s"/><text x="%.1f" y="%.1f">%s</text>`+"\n",
			l.ink, strings.Join(path, "L"), f.x(l.last()[0])+10, names.place(f.y(l.last()[1]))+4, l.label)
	}
	return b.String() + "</svg>\n"
}

// field is what a plot spans: from low to high, and from nothing to the top.
type field struct{ low, high, top float64 }

// frame returns the field that holds all points, and whether it has a width.
func frame(lines []line) (f field, drawable bool) {
	f.low = math.Inf(1)
	for _, l := range lines {
		for _, p := range l.points {
			f.low, f.high, f.top = min(f.low, p[0]), max(f.high, p[0]), max(f.top, p[1])
		}
	}
	if f.low >= f.high {
		return f, false
	}
	f.top = niceTop(f.top)
	return f, true
}

// x and y are where a value lies in the picture.
func (f field) x(v float64) float64 {
	return leftEdge + fieldWidth*(math.Log(v)-math.Log(f.low))/(math.Log(f.high)-math.Log(f.low))
}

func (f field) y(v float64) float64 { return upperEdge + fieldHeight*(1-v/f.top) }

// column keeps labels apart that would lie on each other. They come from the highest to the lowest.
type column struct{ below float64 }

// place returns the height that is wanted, or the next free one below.
func (c *column) place(want float64) float64 {
	y := max(want, c.below)
	c.below = y + labelHeight
	return y
}

// niceTop is the next 1, 2 or 5 with noughts.
func niceTop(v float64) float64 {
	for unit := math.Pow(10, math.Floor(math.Log10(v))); ; unit *= 10 {
		for _, factor := range []float64{1, 2, 2.5, 4, 5} {
			if factor*unit >= v {
				return factor * unit
			}
		}
	}
}

func thousands(v float64) string {
	switch {
	case v >= 1e6:
		return fmt.Sprintf("%g M", v/1e6)
	case v >= 1e3:
		return fmt.Sprintf("%g k", v/1e3)
	}
	return fmt.Sprintf("%g", v)
}
