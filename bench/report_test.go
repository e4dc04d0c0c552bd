package main

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestSpreadIsTheMedianWithTheExtremes(t *testing.T) {
	for _, c := range []struct {
		values []float64
		want   spread
	}{
		{[]float64{3, 1, 2}, spread{2, 1, 3, 3}},
		{[]float64{4, 1, 2, 3}, spread{2.5, 1, 4, 4}},
		{[]float64{7}, spread{7, 7, 7, 1}},
	} {
		if got := spreadOf(c.values); got != c.want {
			t.Errorf("%v: %v, want %v", c.values, got, c.want)
		}
	}
}

// A slow round is slow for both: the ratio is taken within it.
func TestRatiosAreTakenRoundByRound(t *testing.T) {
	r := report{Chapters: []*chapter{{}}}
	r.compare("half", atLeast(0.5), []float64{10, 1, 30}, []float64{20, 2, 60})
	if got := r.chapter().Ratios[0]; got.Min != 0.5 || got.Max != 0.5 || !got.Met {
		t.Errorf("%+v", got)
	}
	r.compare("a third", atLeast(0.5), []float64{1}, []float64{3})
	r.compare("three times", atMost(2), []float64{3}, []float64{1})
	if ratios := r.chapter().Ratios; ratios[1].Met || ratios[2].Met {
		t.Errorf("met: %+v", ratios[1:])
	}
}

func TestPartsThatAreMeasuredAgainTakeTheirPlaceAmongTheOthers(t *testing.T) {
	of := func(machine, told string, names ...string) *report {
		r := &report{Machine: machine}
		for _, name := range names {
			r.begin(part{name: name})
			r.chapter().Told = told
		}
		return r
	}
	const here, later, elsewhere = "a cpu, 2 cores, today", "a cpu, 2 cores, tomorrow", "b cpu, 2 cores, today"
	for _, c := range []struct {
		what          string
		earlier, next *report
		want          string // what each part tells, in the order of parts; "" for an error
	}{
		{"a part anew", of(here, "old", "verify", "refresh", "curve"), of(later, "new", "refresh"), "verify old refresh new curve old"},
		{"a part that was not there", of(here, "old", "curve"), of(later, "new", "verify"), "verify new curve old"},
		{"the first report", of("", ""), of(here, "new", "curve"), "curve new"},
		{"all parts on another machine", of(here, "old", "curve"), of(elsewhere, "new", "curve"), "curve new"},
		{"one part on another machine", of(here, "old", "curve", "age"), of(elsewhere, "new", "curve"), ""},
	} {
		err := c.next.complete(c.earlier)
		var got []string
		for _, one := range c.next.Chapters {
			got = append(got, one.Name, one.Told)
		}
		if text := strings.Join(got, " "); (err != nil) != (c.want == "") || err == nil && text != c.want {
			t.Errorf("%s: %q, %v; want %q", c.what, text, err, c.want)
		}
	}
}

func TestMovedWantsTheNextGeneration(t *testing.T) {
	token := func(generation byte) string {
		raw := make([]byte, 70)
		raw[37] = generation
		return "mfr_" + rawURL.EncodeToString(raw)
	}
	if err := moved(token(3), token(4)); err != nil {
		t.Error(err)
	}
	for _, next := range []string{token(3), token(5), "", "mfr_"} {
		if moved(token(3), next) == nil {
			t.Errorf("%q counts as the successor", next)
		}
	}
}

func TestAPlotIsWellFormedAndItsLabelsKeepApart(t *testing.T) {
	drawn := draw("up", "right", []line{
		{"one", 0, [][2]float64{{1, 100}, {10, 1000}}}, {"two", 1, [][2]float64{{1, 90}, {10, 1001}}}, {"none", 2, nil},
	})
	decoder := xml.NewDecoder(strings.NewReader(drawn))
	for {
		if _, err := decoder.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	if high, low := strings.Index(drawn, ">two<"), strings.Index(drawn, ">one<"); high < 0 || low < high {
		t.Errorf("the label of the upper curve is not the upper one:\n%s", drawn)
	}
	var c column
	if a, b := c.place(50), c.place(51); b-a < labelHeight {
		t.Errorf("labels at %v and %v", a, b)
	}
	if draw("up", "right", nil) != "" {
		t.Error("something was drawn of nothing")
	}
}

func TestTablesTakeTheirPlaceInAPage(t *testing.T) {
	path := filepath.Join(t.TempDir(), "page.md")
	if err := writeTables(path, "figures\n"); err != nil {
		t.Errorf("a page that is not there: %v", err)
	}
	for _, page := range []string{"words\n", tablesBegin + "words\n", tablesEnd + tablesBegin} {
		if err := os.WriteFile(path, []byte(page), 0o600); err != nil {
			t.Fatal(err)
		}
		if writeTables(path, "figures\n") == nil {
			t.Errorf("%q takes tables", page)
		}
	}
	if err := os.WriteFile(path, []byte("before\n"+tablesBegin+"old\n"+tablesEnd+"after\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := writeTables(path, "figures\n"); err != nil {
			t.Fatal(err)
		}
	}
	want := "before\n" + tablesBegin + "\nfigures\n\n" + tablesEnd + "after\n"
	if got, err := os.ReadFile(path); err != nil || string(got) != want {
		t.Errorf("%q, %v", got, err)
	}
}
