package main

import (
	"math"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/bench/scale/crowd"
)

func scale(t *testing.T, args ...string) (out, notes string, err error) {
	t.Helper()
	var o, n strings.Builder
	err = run(t.Context(), args, &o, &n)
	return o.String(), n.String(), err
}

func write(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestThePageShowsWhatTheProgramPrints compares all but the simulations, which take longer.
func TestThePageShowsWhatTheProgramPrints(t *testing.T) {
	const page = "../../docs/scale.md"
	raw, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	out, _, err := scale(t, "-simulated", "0", "-performance", "../../docs/performance.json")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(raw), pageBegin+"\n"+out+"### A quiet hour") {
		t.Errorf("%s is out of date: go run ./bench/scale -write docs/scale.md", page)
	}
}

func TestFiguresComeFromTheBenchmarksWhereTheyAreThere(t *testing.T) {
	path := write(t, `{"machine": "a desk", "chapters": [{"rows": [{"name": "refresh/64/mayfly-sqlite/rate", "median": 4321, "unit": "answers/s"}]}]}`)
	out, notes, err := scale(t, "-simulated", "0", "-performance", path)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Measured on: a desk.", "| 4,321 refreshes/s | `make bench` | `-sqlite-refreshes` |"} {
		if !strings.Contains(out, want) {
			t.Errorf("the tables do not say %q:\n%s", want, out)
		}
	}
	if !strings.Contains(notes, `has no row "refresh/64/mayfly-postgres/rate": -node-refreshes stays at 17,000 refreshes/s`) {
		t.Errorf("the figure that is missing is not told: %s", notes)
	}
	out, _, err = scale(t, "-simulated", "0", "-performance", path, "-sqlite-refreshes", "99")
	if err != nil || !strings.Contains(out, "| 99 refreshes/s |") {
		t.Errorf("a flag does not beat the file: %v\n%s", err, out)
	}
	if _, notes, err = scale(t, "-simulated", "0", "-performance", path+"-not"); err != nil || !strings.Contains(notes, "is not there") {
		t.Errorf("a file that is not there: %v, %s", err, notes)
	}
}

func TestAFigureOfAnotherKindIsRefused(t *testing.T) {
	for _, text := range []string{
		`{"chapters": [{"rows": [{"name": "refresh/64/mayfly-sqlite/rate", "median": 4321, "unit": "ms"}]}]}`,
		`{"chapters": [{"rows": [{"name": "refresh/64/mayfly-sqlite/rate", "median": 0, "unit": "answers/s"}]}]}`,
		`[]`,
	} {
		if _, _, err := scale(t, "-simulated", "0", "-performance", write(t, text)); err == nil {
			t.Errorf("%s is taken", text)
		}
	}
	if _, _, err := scale(t, "-active", "1.5"); err == nil {
		t.Error("more devices are in use than there are")
	}
}

func TestTheTablesGoBetweenTheMarks(t *testing.T) {
	path := write(t, "before\n"+pageBegin+"old\n"+pageEnd+"\nafter\n")
	if _, _, err := scale(t, "-simulated", "0", "-write", path); err != nil {
		t.Fatal(err)
	}
	raw, _ := os.ReadFile(path)
	text := string(raw)
	if !strings.HasPrefix(text, "before\n"+pageBegin) || !strings.HasSuffix(text, pageEnd+"\nafter\n") || strings.Contains(text, "old\n") || !strings.Contains(text, "1 billion") {
		t.Errorf("the page is\n%s", text)
	}
	if _, _, err := scale(t, "-simulated", "0", "-write", write(t, "no marks")); err == nil {
		t.Error("a page without marks is overwritten")
	}
}

// TestTheFormulaIsWhatTheSimulationDoes holds the arithmetic to devices that behave.
func TestTheFormulaIsWhatTheSimulationDoes(t *testing.T) {
	h := defaultHabits()
	for _, active := range []float64{0.1, 0.5, 1} {
		r, err := crowd.Run(t.Context(), crowd.Scenario{
			Devices: 5_000, Seed: 1, Warm: 2 * h.life, For: 3 * h.life,
			Life: h.life, Jitter: h.jitter, Lead: h.lead, Active: active, On: h.use,
		})
		if err != nil {
			t.Fatal(err)
		}
		if want := h.refreshes(5_000, active); math.Abs(r.Mean()-want) > 0.04*want {
			t.Errorf("%v in use: %.2f refreshes a second, by the formula %.2f", active, r.Mean(), want)
		}
	}
	if all, half := h.refreshes(1, 1), h.refreshes(1, 1-1e-9); math.Abs(all-half) > 1e-6*all {
		t.Errorf("the formula jumps: %v for all, %v for nearly all", all, half)
	}
}

func TestWhatBreaksFirstIsWhatIsUsedMost(t *testing.T) {
	c, h := defaultCosts(), defaultHabits()
	for _, test := range []struct {
		name  string
		spoil func()
		want  string
	}{
		{"nothing", func() {}, "yes: "},
		{"little memory", func() { c.memory.value = 0.1 }, "**no**: memory"},
		{"slow disk", func() { c.memory.value, c.disk.value = 64, 1 }, "**no**: disk"},
		{"slow nodes", func() { c.disk.value, c.sqlite.value = 500, 100 }, "**no**: refreshes"},
	} {
		test.spoil()
		if got := verdict(sqliteLimits(h.of(1e6, 0.1, c), h, c)); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %q, want %q", test.name, got, test.want)
		}
	}
}

// TestPagesAreWrittenWholeOnceInACheckpoint: with few refreshes each writes a page, with many they share.
func TestPagesAreWrittenWholeOnceInACheckpoint(t *testing.T) {
	c, h := defaultCosts(), defaultHabits()
	n := h.of(1e6, 1, c)
	h.checkpoint = time.Millisecond
	rare := n.wal(h, c) / n.refreshes
	h.checkpoint = 1000 * time.Hour
	often := n.wal(h, c) / n.refreshes
	if math.Abs(rare-c.postgresWAL.value-c.image.value) > 0.01*rare || math.Abs(often-c.postgresWAL.value) > 0.01*often {
		t.Errorf("%.0f bytes with a checkpoint each millisecond, %.0f with one each 1000 hours", rare, often)
	}
}

func TestFiguresAreReadable(t *testing.T) {
	for v, want := range map[float64]string{
		0: "0", 0.0254: "0.0254", 1: "1", 9.99: "9.99", 12.34: "12.3", 999: "999", 1234: "1,230", 1_964_321: "1,960,000", 0.5: "0.5",
	} {
		if got := number(v); got != want {
			t.Errorf("%v is written %q, want %q", v, got, want)
		}
	}
	for v, want := range map[float64]string{12: "12 B", 1500: "1.5 kB", 2.5e6: "2.5 MB", 3e9: "3 GB", 4e12: "4 TB"} {
		if got := size(v); got != want {
			t.Errorf("%v bytes are written %q, want %q", v, got, want)
		}
	}
}
