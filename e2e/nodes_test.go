//go:build e2e

package e2e

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/exec"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/server"
)

// nodes starts as many processes of the binary as the store allows.
func (d deployment) nodes(t *testing.T, args ...string) []*process {
	t.Helper()
	var all []*process
	for range d.store.nodes {
		all = append(all, start(t, args...))
	}
	return all
}

// apis are clients of nodes: what is done through one must hold at the others.
func apis(t *testing.T, nodes []*process) (all []*api) {
	t.Helper()
	for _, one := range nodes {
		all = append(all, newAPI(t, one.url))
	}
	return all
}

// of takes the nodes in turn.
func of[T any](all []T, i int) T { return all[i%len(all)] }

// clockNode is a server in a process of its own whose clock the test moves: no flag of the binary does. It is this test
// program, started once more.
type clockNode struct {
	t     *testing.T
	url   string
	cmd   *exec.Cmd
	moves *os.File
	moved *bufio.Scanner
}

const (
	listenVariable = "MAYFLY_TEST_NODE_LISTENS"
	aheadVariable  = "MAYFLY_TEST_NODE_AHEAD"
)

// clockNodes starts as many of them as the store allows.
func (d deployment) clockNodes(t *testing.T) (all []*clockNode) {
	t.Helper()
	for range d.store.nodes {
		all = append(all, d.clockNode(t, 0))
	}
	return all
}

// clockNode starts one whose clock is so far ahead.
func (d deployment) clockNode(t *testing.T, ahead time.Duration) *clockNode {
	t.Helper()
	address := "127.0.0.1:" + freePort(t)
	cmd := exec.Command(os.Args[0])
	cmd.Dir = t.TempDir()
	cmd.Env = append(os.Environ(), listenVariable+"="+address, aheadVariable+"="+ahead.String())
	cmd.Stderr = new(buffer)
	theirs, mine, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	cmd.Stdin = theirs
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	theirs.Close()
	n := &clockNode{t: t, url: "http://" + address, cmd: cmd, moves: mine, moved: bufio.NewScanner(out)}
	t.Cleanup(n.stop)
	a := newAPI(t, n.url)
	eventually(t, "a node is ready", func() bool {
		got, err := a.call("GET", "/readyz", "", nil)
		return err == nil && got.Status == http.StatusOK
	})
	return n
}

// advance moves the node's clock and returns when it has moved.
func (n *clockNode) advance(d time.Duration) {
	n.t.Helper()
	if _, err := fmt.Fprintln(n.moves, d); err != nil {
		n.t.Fatal(err)
	}
	if !n.moved.Scan() {
		n.t.Fatal("the node has ended")
	}
}

// stop ends the node in order. It may be stopped already.
func (n *clockNode) stop() {
	n.moves.Close()
	if n.cmd.ProcessState != nil {
		return
	}
	if err := n.cmd.Wait(); err != nil {
		n.t.Errorf("a node ended with %v: %s", err, n.cmd.Stderr)
	}
}

// newAPIs are clients of the nodes.
func newAPIs(t *testing.T, nodes []*clockNode) (all []*api) {
	t.Helper()
	for _, one := range nodes {
		all = append(all, newAPI(t, one.url))
	}
	return all
}

// runClockNode is the node's side: it answers each line of its input once its clock has moved by it, and ends with its
// input.
func runClockNode(address string) error {
	var now clock
	ahead, err := time.ParseDuration(os.Getenv(aheadVariable))
	if err != nil {
		return err
	}
	now.Advance(ahead)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s, err := server.New(ctx, server.Config{
		PublicURL: os.Getenv("MAYFLY_PUBLIC_URL"), Listen: address, Data: "data",
		DatabaseURL: os.Getenv("MAYFLY_DATABASE_URL"), Secrets: []string{os.Getenv("MAYFLY_SECRET")},
		Now: now.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	ended := make(chan error, 1)
	go func() { ended <- s.Run(ctx) }()
	lines := bufio.NewScanner(os.Stdin)
	for lines.Scan() {
		d, err := time.ParseDuration(lines.Text())
		if err != nil {
			return err
		}
		now.Advance(d)
		fmt.Println("moved")
	}
	cancel()
	return errors.Join(lines.Err(), <-ended, s.Close())
}
