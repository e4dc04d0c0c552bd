package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/mayfly-auth/mayfly/internal/transfer"
)

// progress shows how far a copy is: on a terminal as a line that is written over, elsewhere as a line now and then.
type progress struct {
	out      io.Writer
	terminal bool
	now      func() time.Time
	begun    time.Time
	told     time.Time
	last     transfer.Progress
}

func newProgress(out io.Writer, now func() time.Time) *progress {
	file, ok := out.(*os.File)
	return &progress{out: out, terminal: ok && term.IsTerminal(int(file.Fd())), now: now, begun: now()}
}

const (
	redrawEvery = 100 * time.Millisecond
	lineEvery   = 10 * time.Second
)

// show is told far more often than anybody can read.
func (p *progress) show(at transfer.Progress) {
	every := lineEvery
	if p.terminal {
		every = redrawEvery
	}
	now := p.now()
	if at.Verifying == p.last.Verifying && now.Sub(p.told) < every {
		return
	}
	p.last, p.told = at, now
	if p.terminal {
		fmt.Fprintf(p.out, "\r\x1b[K%s %s", bar(at), sentence(at))
		return
	}
	fmt.Fprintln(p.out, sentence(at))
}

func sentence(at transfer.Progress) string {
	what := "copied"
	if at.Verifying {
		what = "compared"
	}
	return fmt.Sprintf("%s %d of %d users", what, at.Users, at.SourceUsers)
}

// bar is thirty characters wide. A source that grows meanwhile does not make it longer.
func bar(at transfer.Progress) string {
	const width = 30
	full := width
	if at.SourceUsers > 0 {
		full = min(width, width*at.Users/at.SourceUsers)
	}
	return "[" + strings.Repeat("#", full) + strings.Repeat("-", width-full) + "]"
}

// end clears the line for what comes after.
func (p *progress) end() {
	if p.terminal {
		fmt.Fprint(p.out, "\r\x1b[K")
	}
}

func (p *progress) took() time.Duration { return p.now().Sub(p.begun) }
