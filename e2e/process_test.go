//go:build e2e

package e2e

import (
	"bytes"
	"net/http"
	neturl "net/url"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/freeport"
)

// process is a mayfly that runs as a program of its own, and can be killed and started again.
type process struct {
	t    *testing.T
	url  string // http://localhost:PORT, or --public-url
	host string // 127.0.0.1:PORT
	path string // of the public URL
	data string
	args []string

	cmd    *exec.Cmd
	output *buffer
	exited chan struct{}
}

// start runs the binary in a folder of its own until it is ready.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	port := freePort(t)
	p := &process{
		t:    t,
		url:  "http://localhost:" + port,
		host: "127.0.0.1:" + port,
		data: filepath.Join(t.TempDir(), "data"),
		args: append([]string{"serve", "--listen", "127.0.0.1:" + port}, args...),
	}
	if i := slices.Index(args, "--public-url"); i >= 0 {
		public, err := neturl.Parse(args[i+1])
		if err != nil {
			t.Fatal(err)
		}
		p.url, p.path = args[i+1], public.Path
	}
	p.run()
	t.Cleanup(func() {
		p.kill()
		if t.Failed() {
			t.Logf("mayfly said:\n%s", p.output)
		}
	})
	return p
}

func freePort(t *testing.T) string {
	t.Helper()
	port, err := freeport.Take()
	if err != nil {
		t.Fatal(err)
	}
	return strconv.Itoa(port)
}

// run starts the process, on the folder it had before, and waits until it answers.
func (p *process) run() {
	p.t.Helper()
	p.output = new(buffer)
	p.exited = make(chan struct{})
	p.cmd = exec.Command(binary, append(p.args, "--data", p.data)...)
	p.cmd.Stdout, p.cmd.Stderr = p.output, p.output
	if err := p.cmd.Start(); err != nil {
		p.t.Fatal(err)
	}
	cmd, exited := p.cmd, p.exited
	go func() {
		_ = cmd.Wait() // how it ended is said by what it printed
		close(exited)
	}()
	client := &http.Client{Timeout: 10 * time.Second, Transport: &http.Transport{DisableKeepAlives: true}}
	eventually(p.t, "mayfly is ready", func() bool {
		select {
		case <-p.exited:
			p.t.Fatalf("mayfly ended:\n%s", p.output)
		default:
		}
		resp, err := client.Get("http://" + p.host + p.path + "/readyz")
		if err != nil {
			return false
		}
		resp.Body.Close()
		return resp.StatusCode == http.StatusOK
	})
}

// kill ends the process at once, as a power cut would: nothing of it gets to run any more.
func (p *process) kill() {
	_ = p.cmd.Process.Signal(syscall.SIGKILL) // it may have ended already
	<-p.exited
}

// stop asks the process to end and waits for it.
func (p *process) stop() string {
	p.t.Helper()
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		p.t.Fatal(err)
	}
	<-p.exited
	return p.output.String()
}

// mayfly runs a command of the binary on the server's folder.
func (p *process) mayfly(args ...string) (string, error) {
	cmd := exec.Command(binary, append(args, "--data", p.data, "--public-url", p.url)...)
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func (p *process) mustMayfly(args ...string) string {
	p.t.Helper()
	out, err := p.mayfly(args...)
	if err != nil {
		p.t.Fatalf("mayfly %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
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

// eventually asks until the answer is yes.
func eventually(t *testing.T, what string, ask func() bool) {
	t.Helper()
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); <-tick.C {
		if ask() {
			return
		}
	}
	t.Fatalf("never: %s", what)
}
