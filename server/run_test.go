package server_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/server"
)

func serveOn(t *testing.T, s *server.Server, listener net.Listener) (address string, stop func() error) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- s.Serve(ctx, listener) }()
	stop = sync.OnceValue(func() error {
		cancel()
		return <-ended
	})
	t.Cleanup(func() {
		if err := stop(); err != nil {
			t.Error(err)
		}
	})
	return listener.Addr().String(), stop
}

func TestAStopFinishesWhatIsRunning(t *testing.T) {
	t.Parallel()
	s := open(t, config(t))
	register(t, s, "ada@example.com")
	address, stop := serve(t, s)

	body := fmt.Sprintf(`{"identifier":"ada@example.com","password":%q,"delivery":"body"}`, password)
	conn := dial(t, address)
	// The server asks for the body only when it has begun to read it: from then on the request is under way.
	fmt.Fprintf(conn, "POST /v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n"+
		"Expect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
	answers := bufio.NewReader(conn)
	for _, want := range []string{"HTTP/1.1 100 Continue\r\n", "\r\n"} {
		if line, err := answers.ReadString('\n'); err != nil || line != want {
			t.Fatalf("%q, %v", line, err)
		}
	}

	stopped := make(chan error, 1)
	go func() { stopped <- stop() }()
	eventually(t, "new callers are turned away", func() bool {
		other, err := net.Dial("tcp", address)
		if err == nil {
			other.Close()
		}
		return err != nil
	})
	io.WriteString(conn, body)
	resp, err := http.ReadResponse(answers, nil)
	if err != nil {
		t.Fatalf("the request under way was cut: %v", err)
	}
	defer resp.Body.Close()
	if text := readAll(t, resp.Body); resp.StatusCode != http.StatusOK || !strings.Contains(text, "refresh_token") {
		t.Errorf("the request under way was answered %d %s", resp.StatusCode, text)
	}
	if err := <-stopped; err != nil {
		t.Errorf("stop: %v", err)
	}
}

// A client that sends a header every now and then would hold its connection for ever.
func TestASlowHeaderIsNotWaitedForLong(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, open(t, config(t)))
	conn := dial(t, address)
	io.WriteString(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Slow: ")
	if err := conn.SetReadDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	answer, err := io.ReadAll(conn)
	var late net.Error
	if errors.As(err, &late) && late.Timeout() {
		t.Fatal("the connection is still open after a minute")
	}
	if strings.Contains(string(answer), " 200 ") {
		t.Errorf("half a request was answered: %s", answer)
	}
}

func TestAHugeHeaderIsRefused(t *testing.T) {
	t.Parallel()
	address, _ := serve(t, open(t, config(t)))
	conn := dial(t, address)
	fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\nX-Huge: %s\r\n\r\n", strings.Repeat("x", 64<<10))
	resp, err := http.ReadResponse(bufio.NewReader(conn), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestHeaderFieldsTooLarge {
		t.Errorf("status %d, want 431", resp.StatusCode)
	}
}

func TestAnAddressInUseIsToldWithTheSetting(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	c := config(t)
	c.Listen = taken.Addr().String()
	err = open(t, c).Run(t.Context())
	if err == nil {
		t.Fatal("two listen on one address")
	}
	contains(t, err.Error(), taken.Addr().String(), "--listen", "fix: ")

	c = config(t)
	c.Listen, c.AdminListen = "127.0.0.1:0", taken.Addr().String()
	err = open(t, c).Run(t.Context())
	if err == nil {
		t.Fatal("two listen on one address")
	}
	contains(t, err.Error(), "--admin-listen", "fix: ")
}

// Everything that a server starts ends with it: TestMain looks for goroutines that do not.
func TestNothingIsLeftRunning(t *testing.T) {
	for range 3 {
		c := config(t)
		c.AdminListen = "127.0.0.1:0"
		s, err := server.New(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		address, stop := serve(t, s)
		client := &http.Client{Transport: &http.Transport{}}
		for _, path := range []string{"/healthz", "/readyz", "/login", "/docs"} {
			resp, err := client.Get("http://" + address + path)
			if err != nil {
				t.Fatal(err)
			}
			if resp.Body.Close(); resp.StatusCode != http.StatusOK {
				t.Errorf("GET %s: %d", path, resp.StatusCode)
			}
		}
		client.CloseIdleConnections()
		if err := stop(); err != nil {
			t.Error(err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func dial(t *testing.T, address string) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	return conn
}
