//go:build unix

package pgtest

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/mayfly-auth/mayfly/internal/freeport"
)

// Pooler is a real PgBouncer before a cluster, in transaction mode: every transaction may get another connection.
type Pooler struct {
	server *Server
	port   int
}

var errNoPooler = errors.New("these tests need PgBouncer: apt-get install pgbouncer, or put pgbouncer on the PATH")

// Pooler starts one that is stopped when the test is over. It gives each of its places so many connections.
func (s *Server) Pooler(t testing.TB, conns int) *Pooler {
	t.Helper()
	p, cmd, err := s.startPooler(conns)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill() // it may have ended
		_ = cmd.Wait()
	})
	for range 600 {
		conn, err := net.DialTimeout("tcp", p.address(), time.Second)
		if err == nil {
			conn.Close()
			return p
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("PgBouncer does not listen:\n%s", s.poolerLog())
	return nil
}

func (s *Server) startPooler(conns int) (*Pooler, *exec.Cmd, error) {
	program, err := findPooler()
	if err != nil {
		return nil, nil, err
	}
	port, err := freeport.Take()
	if err != nil {
		return nil, nil, err
	}
	p := &Pooler{server: s, port: port}
	settings := fmt.Sprintf(`[databases]
* = host=127.0.0.1 port=%d
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = %d
unix_socket_dir =
auth_type = trust
auth_file = %s
pool_mode = transaction
default_pool_size = %d
max_client_conn = 500
max_db_connections = 100
server_idle_timeout = 1
logfile = %s
`, s.Port, port, filepath.Join(s.folder, "pooler.users"), conns, filepath.Join(s.folder, "pooler.log"))
	var users strings.Builder
	for i := range mostPooled {
		fmt.Fprintf(&users, "\"%s\" \"\"\n", pooled(i))
	}
	for name, text := range map[string]string{"pooler.ini": settings, "pooler.users": users.String()} {
		if err := os.WriteFile(filepath.Join(s.folder, name), []byte(text), 0o644); err != nil {
			return nil, nil, err
		}
	}
	cmd := exec.Command(program, "-q", filepath.Join(s.folder, "pooler.ini"))
	cmd.Dir = s.folder
	cmd.SysProcAttr = s.as // it refuses root as well
	return p, cmd, cmd.Start()
}

func findPooler() (string, error) {
	if path, err := exec.LookPath("pgbouncer"); err == nil {
		return path, nil
	}
	const debian = "/usr/sbin/pgbouncer"
	if _, err := os.Stat(debian); err != nil {
		return "", errNoPooler
	}
	return debian, nil
}

func (s *Server) poolerLog() string {
	text, _ := os.ReadFile(filepath.Join(s.folder, "pooler.log"))
	return string(text)
}

func (p *Pooler) address() string { return fmt.Sprintf("127.0.0.1:%d", p.port) }

// mostPooled bounds the roles that the pooler knows. A role is a place of its own: a pooler passes no search_path on, but
// a role may bring one.
const mostPooled = 2000

func pooled(i int) string { return fmt.Sprintf("pooled_%d", i) }

// Schema is [Server.Schema] through the pooler, with the setting that such a pooler needs.
func (p *Pooler) Schema(t testing.TB) string {
	t.Helper()
	name := pooled(int(p.server.made.Add(1)))
	p.server.Exec(t, fmt.Sprintf("CREATE SCHEMA %[1]s; CREATE ROLE %[1]s LOGIN SUPERUSER; ALTER ROLE %[1]s SET search_path = %[1]s", name))
	t.Cleanup(func() {
		p.server.Exec(t, fmt.Sprintf("DROP SCHEMA %[1]s CASCADE; DROP OWNED BY %[1]s; DROP ROLE %[1]s", name))
	})
	return fmt.Sprintf("postgres://%s@%s/postgres?sslmode=disable&default_query_exec_mode=exec", name, p.address())
}
