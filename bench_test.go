package mayfly_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly"
)

// BenchmarkVerify compares a first look at a token, and one at a token seen before, with the bare check of a signature
// over as many bytes. What is promised: the first within 1.1 times the bare check, the second within a microsecond and
// without an allocation.
func BenchmarkVerify(b *testing.B) {
	i := newIssuer(b)
	key := newKey(b)
	i.publish(key)
	token := i.token(b, key, nil)

	b.Run("bare", func(b *testing.B) {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			b.Fatal(err)
		}
		signed := []byte(token[:strings.LastIndex(token, ".")])
		digest := sha256.Sum256(signed)
		signature, err := ecdsa.SignASN1(rand.Reader, key, digest[:])
		if err != nil {
			b.Fatal(err)
		}
		b.ReportAllocs()
		for b.Loop() {
			digest := sha256.Sum256(signed)
			if !ecdsa.VerifyASN1(&key.PublicKey, digest[:], signature) {
				b.Fatal("refused")
			}
		}
	})
	b.Run("first", func(b *testing.B) {
		v := i.verifier(b, func(c *mayfly.VerifierConfig) { c.CacheSize, c.Now = -1, nil })
		benchmarkVerify(b, v, i.liveTokens(b, 1))
	})
	b.Run("seen", func(b *testing.B) {
		v := i.verifier(b, func(c *mayfly.VerifierConfig) { c.Now = nil })
		benchmarkVerify(b, v, i.liveTokens(b, 1))
	})
	b.Run("seen/revocations", func(b *testing.B) {
		benchmarkVerify(b, i.follower(b, 100_000), i.liveTokens(b, 1))
	})
	b.Run("seen/parallel", func(b *testing.B) {
		v := i.verifier(b, func(c *mayfly.VerifierConfig) { c.Now = nil })
		benchmarkParallel(b, v, i.liveTokens(b, 64))
	})
	b.Run("seen/revocations/parallel", func(b *testing.B) {
		benchmarkParallel(b, i.follower(b, 100_000), i.liveTokens(b, 64))
	})
}

// BenchmarkMiddleware answers one request after the other over one connection. What is between bare and open is net/http's
// price for reading a token, what is between open and guarded is ours.
func BenchmarkMiddleware(b *testing.B) {
	i := newIssuer(b)
	token := i.liveTokens(b, 1)[0]
	v := i.verifier(b, func(c *mayfly.VerifierConfig) { c.Now = nil })
	mustVerify(b, v, token)
	hello := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "hello") })
	b.Run("bare", func(b *testing.B) { benchmarkServer(b, hello, "") })
	for _, header := range []string{"Authorization: Bearer ", "Cookie: mayfly_access="} {
		name, _, _ := strings.Cut(header, ":")
		b.Run(name+"/open", func(b *testing.B) { benchmarkServer(b, hello, header+token+"\r\n") })
		b.Run(name+"/guarded", func(b *testing.B) { benchmarkServer(b, v.Middleware(hello), header+token+"\r\n") })
	}
}

func benchmarkServer(b *testing.B, h http.Handler, header string) {
	client, served := net.Pipe() // a socket would cost more than all that is compared, and each time another sum
	s := &http.Server{Handler: h}
	defer s.Close()
	go func() { _ = s.Serve(&oneConn{conn: served, closed: make(chan struct{})}) }()
	request := []byte("GET / HTTP/1.1\r\nHost: localhost\r\n" + header + "\r\n")
	answer := make([]byte, 1024)
	b.ReportAllocs()
	for b.Loop() {
		if _, err := client.Write(request); err != nil {
			b.Fatal(err)
		}
		n, err := client.Read(answer) // net/http writes a short answer at once
		if err != nil || !bytes.HasPrefix(answer[:n], []byte("HTTP/1.1 200 ")) || !bytes.HasSuffix(answer[:n], []byte("hello")) {
			b.Fatalf("%v: %s", err, answer[:n])
		}
	}
}

// oneConn is a listener that somebody has already called.
type oneConn struct {
	conn   net.Conn
	closed chan struct{}
}

func (l *oneConn) Accept() (net.Conn, error) {
	if conn := l.conn; conn != nil {
		l.conn = nil
		return conn, nil
	}
	<-l.closed
	return nil, net.ErrClosed
}

func (l *oneConn) Close() error {
	close(l.closed)
	return nil
}

func (l *oneConn) Addr() net.Addr { return &net.TCPAddr{} }

func benchmarkParallel(b *testing.B, v *mayfly.Verifier, tokens []string) {
	b.ReportAllocs()
	b.RunParallel(func(pb *testing.PB) {
		for n := 0; pb.Next(); n++ {
			if _, err := v.Verify(b.Context(), tokens[n%len(tokens)]); err != nil {
				b.Error(err)
				return
			}
		}
	})
}

// follower returns a verifier that follows a feed which has named so many sessions, none of them that of a token here.
func (i *issuer) follower(tb testing.TB, revoked int) *mayfly.Verifier {
	tb.Helper()
	feed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for first := 0; first < revoked; first += 500 {
			sids := make([]string, min(500, revoked-first))
			for n := range sids {
				sids[n] = "revoked " + strconv.Itoa(first+n)
			}
			say(w, revokedEvent(time.Hour, sids...))
		}
		for tick := time.NewTicker(2 * time.Second); ; {
			say(w, "event: current\ndata: {}\n\n")
			select {
			case <-tick.C:
			case <-r.Context().Done():
				tick.Stop()
				return
			}
		}
	}))
	tb.Cleanup(feed.Close)
	v := i.verifier(tb, func(c *mayfly.VerifierConfig) {
		c.Now, c.Revocations = nil, &mayfly.RevocationsConfig{URL: feed.URL, RefuseWhenDown: true}
	})
	tb.Cleanup(v.Close)
	return v
}

func benchmarkVerify(b *testing.B, v *mayfly.Verifier, tokens []string) {
	ctx := b.Context()
	mustVerify(b, v, tokens[0])
	b.ReportAllocs()
	for b.Loop() {
		if _, err := v.Verify(ctx, tokens[0]); err != nil {
			b.Fatal(err)
		}
	}
}

// liveTokens are good by the real clock for a day.
func (i *issuer) liveTokens(tb testing.TB, n int) []string {
	tb.Helper()
	key := newKey(tb)
	i.publish(key)
	now := time.Now().Unix()
	tokens := make([]string, n)
	for at := range tokens {
		tokens[at] = i.token(tb, key, claims{"jti": strconv.Itoa(at), "iat": now, "exp": now + 86400, "auth_time": now})
	}
	return tokens
}

// An allocation for every request would be a cost that no cache was meant to have.
func TestATokenSeenBeforeCostsNoAllocation(t *testing.T) {
	i := newIssuer(t)
	token := i.liveTokens(t, 1)[0]
	ctx := t.Context()
	want := 0.0
	if testing.CoverMode() != "" {
		want = 1 // its counters make Verify too large to be inlined
	}
	for name, v := range map[string]*mayfly.Verifier{
		"without the revocation feed": i.verifier(t, func(c *mayfly.VerifierConfig) { c.Now = nil }),
		"with it":                     i.follower(t, 1000),
	} {
		mustVerify(t, v, token)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := v.Verify(ctx, token); err != nil {
				t.Error(err)
			}
		}); n > want {
			t.Errorf("%s: %v allocations", name, n)
		}
	}
}
