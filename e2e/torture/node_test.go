//go:build e2e

package torture

import (
	"bytes"
	"net/http"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// node is a mayfly process. When it ends by itself it is started again, as a supervisor of services would: a node that
// is started while its database is away ends and says so.
type node struct {
	t       *testing.T
	address string
	args    []string
	env     []string
	output  buffer
	client  *http.Client

	mu     sync.Mutex
	wanted bool
	cmd    *exec.Cmd
	over   sync.WaitGroup
}

func newNode(t *testing.T, address string, args, env []string) *node {
	t.Helper()
	n := &node{
		t: t, address: address, args: args, env: env,
		client: &http.Client{Timeout: callTimeout, Transport: &http.Transport{DisableKeepAlives: true}},
	}
	t.Cleanup(n.kill)
	n.start()
	return n
}

// start runs the process until it is killed or stopped.
func (n *node) start() {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.wanted {
		return
	}
	n.wanted = true
	n.over.Go(func() {
		for n.run() {
		}
	})
}

// run starts the process once, waits for its end, and reports whether it is to be started again.
func (n *node) run() bool {
	cmd := exec.Command(binary, n.args...)
	cmd.Env = append(withoutSettings(os.Environ()), n.env...)
	cmd.Stdout, cmd.Stderr = &n.output, &n.output
	n.mu.Lock()
	if !n.wanted {
		n.mu.Unlock()
		return false
	}
	err := cmd.Start()
	n.cmd = cmd
	n.mu.Unlock()
	if err != nil {
		n.t.Errorf("start a node: %v", err)
		return false
	}
	_ = cmd.Wait()                    // how it ended is said by what it printed
	time.Sleep(20 * time.Millisecond) // a supervisor's rest
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.wanted
}

// withoutSettings leaves out what a node would take for its own: the variables of this test too.
func withoutSettings(env []string) []string {
	return slices.DeleteFunc(env, func(one string) bool {
		return strings.HasPrefix(one, "MAYFLY_") || strings.HasPrefix(one, "DATABASE_URL=") || strings.HasPrefix(one, "PORT=")
	})
}

func (n *node) signal(s syscall.Signal) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.cmd != nil && n.cmd.Process != nil {
		_ = n.cmd.Process.Signal(s) // it may have ended
	}
}

// end takes the process away until start.
func (n *node) end(s syscall.Signal) {
	n.mu.Lock()
	n.wanted = false
	n.mu.Unlock()
	n.signal(s)
	n.over.Wait()
}

// kill ends the process at once: nothing of it gets to run any more.
func (n *node) kill() { n.end(syscall.SIGKILL) }

// stop asks the process to end, and waits for it.
func (n *node) stop() { n.end(syscall.SIGTERM) }

func (n *node) ready() bool {
	resp, err := n.client.Get("http://" + n.address + "/readyz")
	if err != nil {
		return false
	}
	resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// crashed returns what the process said when it ended by a mistake of its own, or "".
func (n *node) crashed() string {
	said := n.output.String()
	for _, mark := range []string{"panic:", "fatal error:", "DATA RACE"} {
		if i := strings.Index(said, mark); i >= 0 {
			return said[i:min(len(said), i+2000)]
		}
	}
	return ""
}

// buffer is a bytes.Buffer that a process may write to while a test reads.
type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// eventually asks until the answer is yes. It reports false if that takes longer than anything may.
func eventually(ask func() bool) bool {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(guard); time.Now().Before(deadline); <-tick.C {
		if ask() {
			return true
		}
	}
	return false
}

// Guards against hanging. Nothing is judged by how much shorter it takes.
const (
	guard       = 2 * time.Minute
	callTimeout = 45 * time.Second // a node gives up on its database long before
	patience    = 10 * time.Second // with one history; it takes a fraction of a second
)
