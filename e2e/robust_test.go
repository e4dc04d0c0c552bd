//go:build e2e

package e2e

import (
	"bufio"
	"encoding/base64"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

func TestGarbageTokensTouchNothing(t *testing.T) {
	const lot = 10_000
	admin := "127.0.0.1:" + freePort(t)
	p := start(t, "--admin-listen", admin)
	a := newAPI(t, p.url)
	held := a.register(t, "ada@example.com")
	before := p.mustMayfly("session", "list", "ada@example.com", "--all")

	var refused atomic.Int64
	together(16, func(worker int) {
		random := rand.New(rand.NewPCG(uint64(worker), 18))
		for range lot / 16 {
			got, err := a.refresh(garbage(random, held.Refresh))
			if err != nil || got.Status != http.StatusUnauthorized || got.Code != "refresh_invalid" {
				t.Errorf("garbage is answered %d %s %v", got.Status, got.Body, err)
				return
			}
			refused.Add(1)
		}
	})
	metrics := (&api{url: "http://" + admin, client: a.client}).must(t, http.StatusOK, "GET", "/metrics", "", nil)
	if want := fmt.Sprintf(`mayfly_problems_total{code="refresh_invalid"} %d`, lot); !strings.Contains(metrics.Body, want) {
		t.Errorf("the metrics do not have %q", want)
	}
	if after := p.mustMayfly("session", "list", "ada@example.com", "--all"); after != before {
		t.Errorf("sessions before\n%s\nand after\n%s", before, after)
	}
	if got := a.mustRefresh(t, held.Refresh); got.Refresh != held.Refresh { // still within the first window
		t.Errorf("generation %d after %d", generationOf(t, got.Refresh), generationOf(t, held.Refresh))
	}
}

// garbage is nonsense, a token of random bytes, or a good one with one byte changed.
func garbage(random *rand.Rand, good string) string {
	switch random.IntN(3) {
	case 0:
		return strings.Repeat("x", 1+random.IntN(400))
	case 1:
		raw := make([]byte, 70)
		for i := range raw {
			raw[i] = byte(random.Uint32())
		}
		return "mfr_" + base64.RawURLEncoding.EncodeToString(raw)
	}
	raw, _ := base64.RawURLEncoding.DecodeString(strings.TrimPrefix(good, "mfr_"))
	raw[random.IntN(len(raw))] ^= byte(1 + random.IntN(255))
	return "mfr_" + base64.RawURLEncoding.EncodeToString(raw)
}

func TestABodyTooLargeIsRefusedAndTheServerGoesOn(t *testing.T) {
	p := start(t)
	a := newAPI(t, p.url)
	for range 5 {
		got, err := a.call("POST", "/v1/login", "", map[string]string{"identifier": strings.Repeat("a", 1<<20), "password": password})
		// The server may close the connection before all of it is sent; a client then sees either.
		if err == nil && got.Status != http.StatusRequestEntityTooLarge {
			t.Errorf("1 MB: %d %s", got.Status, got.Body)
		}
		a.must(t, http.StatusOK, "GET", "/healthz", "", nil)
	}
}

func TestPipelinedRequestsAreAnsweredInOrder(t *testing.T) {
	p := start(t)
	newAPI(t, p.url).register(t, "ada@example.com")
	conn := connect(t, p)
	const lot = 50
	body := `{"refresh_token":"mfr_garbage"}`
	go func() {
		for range lot {
			fmt.Fprintf(conn, "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n")
			fmt.Fprintf(conn, "POST /v1/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", len(body), body)
		}
	}()
	answers := bufio.NewReader(conn)
	for i := range 2 * lot {
		resp, err := http.ReadResponse(answers, nil)
		if err != nil {
			t.Fatalf("answer %d: %v", i, err)
		}
		io.Copy(io.Discard, resp.Body)
		resp.Body.Close()
		if want := []int{http.StatusOK, http.StatusUnauthorized}[i%2]; resp.StatusCode != want {
			t.Fatalf("answer %d: %d, want %d", i, resp.StatusCode, want)
		}
	}
}

func TestHalfRequestsHoldNobodyUp(t *testing.T) {
	p := start(t)
	a := newAPI(t, p.url)
	for _, half := range []string{
		"", "P", "POST /v1/refresh HTTP/1.1\r\n", "POST /v1/refresh HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n\r\n{",
		"POST /v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{\"id",
	} {
		for range 20 {
			io.WriteString(connect(t, p), half)
		}
	}
	for range 50 {
		a.must(t, http.StatusOK, "GET", "/readyz", "", nil)
	}
	for _, nonsense := range []string{
		"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", // a TLS handshake
		"GET / HTTP/9.9\r\n\r\n", "\r\n\r\n\r\n", "GET /healthz HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
		"POST /v1/refresh HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
		"GET /healthz HTTP/1.1\r\nHost: a\r\nBad Header: x\r\n\r\n",
	} {
		conn := connect(t, p)
		io.WriteString(conn, nonsense)
		text, err := io.ReadAll(conn)
		if err != nil && len(text) == 0 {
			t.Errorf("%q: neither answered nor closed: %v", nonsense, err)
		}
		if strings.Contains(string(text), " 200 ") || strings.Contains(string(text), " 500 ") {
			t.Errorf("%q is answered %q", nonsense, text)
		}
	}
}

func connect(t *testing.T, p *process) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.host)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	return conn
}

// The real program, stopped in the middle of its work, answers what it had begun.
func TestAStoppedProgramAnswersWhatItHadBegun(t *testing.T) {
	p := start(t)
	a := newAPI(t, p.url)
	a.register(t, "ada@example.com")
	body := fmt.Sprintf(`{"identifier":"ada@example.com","password":%q,"delivery":"body"}`, password)
	conn := connect(t, p)
	fmt.Fprintf(conn, "POST /v1/login HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nExpect: 100-continue\r\nContent-Length: %d\r\n\r\n", len(body))
	answers := bufio.NewReader(conn)
	if line, err := answers.ReadString('\n'); err != nil || !strings.Contains(line, "100") {
		t.Fatalf("the server does not ask for the body: %q %v", line, err)
	}
	if _, err := answers.ReadString('\n'); err != nil {
		t.Fatal(err)
	}
	said := make(chan string, 1)
	go func() { said <- p.stop() }()
	eventually(t, "new callers are turned away", func() bool {
		other, err := net.Dial("tcp", p.host)
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
	resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Errorf("the request under way: %d", resp.StatusCode)
	}
	if text := <-said; !strings.Contains(text, "stopped: everything that was running has been answered") {
		t.Errorf("it said %s", text)
	}
}
