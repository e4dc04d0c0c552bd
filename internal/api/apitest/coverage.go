package apitest

import (
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strconv"
	"sync"
	"testing"
)

// Case is one documented answer: a status of a method of a path.
type Case struct {
	Method, Path string
	Status       int
}

func (c Case) String() string { return c.Method + " " + c.Path + " " + strconv.Itoa(c.Status) }

// Coverage notes which documented answers were really seen. The zero value is ready, nil notes nothing. It is safe for
// concurrent use.
type Coverage struct {
	mu         sync.Mutex
	documented map[Case]bool
	seen       map[Case]bool
}

func (c *Coverage) expect(cases []Case) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.documented == nil {
		c.documented, c.seen = map[Case]bool{}, map[Case]bool{}
	}
	for _, one := range cases {
		c.documented[one] = true
	}
}

func (c *Coverage) note(one Case) {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.seen[one] = true
}

// Faults names every documented answer that was never seen, unless it is excused; and every excuse that is not needed.
// Excuses are reasons by case: "GET /v1/me 500", or "* 500" for a status of all.
func (c *Coverage) Faults(excuses map[string]string) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var faults []string
	used := map[string]bool{}
	for one := range c.documented {
		if c.seen[one] {
			continue
		}
		name, everywhere := one.String(), "* "+strconv.Itoa(one.Status)
		switch {
		case excuses[name] != "":
			used[name] = true
		case excuses[everywhere] != "":
			used[everywhere] = true
		default:
			faults = append(faults, name+" is documented and was never seen")
		}
	}
	for name := range maps.Keys(excuses) {
		if !used[name] {
			faults = append(faults, name+" has an excuse that it does not need")
		}
	}
	slices.Sort(faults)
	return faults
}

// Main runs the tests of a package and then asks for every documented answer, unless only some tests were asked for. It
// returns the exit code, for TestMain.
func Main(m *testing.M, c *Coverage, excuses map[string]string) int {
	code := m.Run()
	for _, name := range []string{"test.run", "test.skip", "test.list", "test.bench"} {
		if flag.Lookup(name).Value.String() != "" {
			return code
		}
	}
	if code != 0 {
		return code
	}
	for _, fault := range c.Faults(excuses) {
		fmt.Fprintln(os.Stderr, "contract:", fault)
		code = 1
	}
	return code
}
