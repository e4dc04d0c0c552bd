package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is a server that runs as a program of its own, with all that it starts.
type process struct {
	address string // host:port
	cmd     *exec.Cmd
	said    *strings.Builder
	ended   bool
}

// clockTick is the unit of times in /proc: a hundredth of a second on every Linux that Go runs on.
const clockTick = 10 * time.Millisecond

// announced starts a program that says `listening http://host:port` when it is ready.
func (b *bench) announced(cmd *exec.Cmd) (*process, error) {
	out, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	p, err := b.start(cmd)
	if err != nil {
		return nil, err
	}
	lines := bufio.NewScanner(out)
	for lines.Scan() {
		if address, found := strings.CutPrefix(lines.Text(), "listening http://"); found {
			p.address = address
			go func() { _, _ = io.Copy(io.Discard, out) }()
			return p, nil
		}
	}
	return nil, fmt.Errorf("%s ended before it listened:\n%s", cmd.Path, p.said)
}

// ready starts a program that listens on an address known before, and waits until a path of it answers 200.
func (b *bench) ready(cmd *exec.Cmd, address, path string) (*process, error) {
	p, err := b.start(cmd)
	if err != nil {
		return nil, err
	}
	p.address = address
	client := &http.Client{Timeout: time.Second}
	for until := time.Now().Add(time.Minute); time.Now().Before(until); time.Sleep(2 * time.Millisecond) {
		answer, err := client.Get("http://" + address + path)
		if err != nil {
			continue
		}
		answer.Body.Close()
		if answer.StatusCode == http.StatusOK {
			return p, nil
		}
	}
	return nil, fmt.Errorf("%s does not answer:\n%s", cmd.Path, p.said)
}

// start starts a program in a process group of its own and has it ended with the part.
func (b *bench) start(cmd *exec.Cmd) (*process, error) {
	p := &process{cmd: cmd, said: &strings.Builder{}}
	cmd.Stderr = p.said
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	b.later(p.end)
	return p, nil
}

func (p *process) end() {
	if p.ended {
		return // and its number may be another's
	}
	p.ended = true
	_ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) // it may have ended
	_ = p.cmd.Wait()
}

// cpu returns what the process and its children have used of the processors.
func (p *process) cpu() (time.Duration, error) {
	var ticks int
	err := p.each(func(folder string, stat []string) error {
		for _, field := range stat[11:13] { // user and system time, proc_pid_stat(5)
			n, err := strconv.Atoi(field)
			if err != nil {
				return err
			}
			ticks += n
		}
		return nil
	})
	return time.Duration(ticks) * clockTick, err
}

// memory returns the resident bytes of the process and its children.
func (p *process) memory() (bytes int, err error) {
	err = p.each(func(folder string, _ []string) error {
		status, err := os.ReadFile(filepath.Join(folder, "status"))
		if err != nil {
			return nil // it has ended
		}
		_, rest, found := strings.Cut(string(status), "VmRSS:")
		if !found {
			return nil
		}
		kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
		bytes += kilobytes << 10
		return err
	})
	return bytes, err
}

// each visits the processes of the group. stat are the fields that follow the name.
func (p *process) each(visit func(folder string, stat []string) error) error {
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil || len(folders) == 0 {
		return errors.Join(errors.New("no /proc here: processor time and memory are measured on Linux"), err)
	}
	group := strconv.Itoa(p.cmd.Process.Pid)
	for _, folder := range folders {
		text, err := os.ReadFile(filepath.Join(folder, "stat"))
		if err != nil {
			continue // it has ended
		}
		_, rest, _ := strings.Cut(string(text), ") ")
		if stat := strings.Fields(rest); len(stat) > 12 && stat[2] == group {
			if err := visit(folder, stat); err != nil {
				return err
			}
		}
	}
	return nil
}
