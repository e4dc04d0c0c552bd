package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/internal/accesstoken"
	"github.com/mayfly-auth/mayfly/internal/jws"
	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/server"
)

func (p program) token(set *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "token", Short: "Look into tokens", Args: commandOnly, RunE: help}
	cmd.AddCommand(&cobra.Command{
		Use:   "inspect [TOKEN]",
		Short: "Say what an access or refresh token holds and whether it is good; read from standard input when not given",
		Example: "  mayfly token inspect eyJhbGciOi…\n" +
			"  pbpaste | mayfly token inspect     # keeps it out of the shell's history",
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return nil
			}
			return exactly("TOKEN")(cmd, args)
		},
		RunE: p.inRooms(set, p.tokenInspect),
	})
	return cmd
}

// longestToken is the most that is read from standard input.
const longestToken = 64 << 10

func (p program) tokenInspect(cmd *cobra.Command, rooms *server.Rooms, args []string) error {
	token := strings.Join(args, "")
	if token == "" {
		line, err := bufio.NewReader(io.LimitReader(p.stdin, longestToken)).ReadString('\n')
		if token = strings.TrimSpace(line); token == "" {
			return errors.Join(errors.New("no token given; fix: name one, or pipe one in"), ignoreEnd(err))
		}
	}
	if strings.HasPrefix(token, "mfr_") {
		return p.inspectRefresh(cmd, rooms, token)
	}
	return p.inspectAccess(rooms, token)
}

// ignoreEnd drops io.EOF, which only says that the last line had no line break.
func ignoreEnd(err error) error {
	if errors.Is(err, io.EOF) {
		return nil
	}
	return err
}

func (p program) inspectAccess(rooms *server.Rooms, token string) error {
	parsed, err := jws.Parse(token)
	if err != nil {
		return fmt.Errorf("this is neither an access token nor a refresh token: %w", err)
	}
	fmt.Fprintf(p.stdout, "access token, %s, key %s, type %s\n", parsed.Header.Algorithm, dash(parsed.Header.KeyID), dash(parsed.Header.Type))
	var claims bytes.Buffer
	if err := json.Indent(&claims, parsed.Payload, "", "  "); err == nil {
		fmt.Fprintln(p.stdout, claims.String())
	}
	_, err = rooms.Tokens.Verify(token)
	switch {
	case errors.Is(err, accesstoken.ErrWrongIssuer):
		return fmt.Errorf("not good: %w; if it is this server's, fix: give --public-url the value that the server has", err)
	case err != nil:
		return fmt.Errorf("not good: %w", err)
	}
	fmt.Fprintln(p.stdout, "good: signature, issuer, audience and times are right (whether its session still lives is another matter: `mayfly session list`)")
	return nil
}

func (p program) inspectRefresh(cmd *cobra.Command, rooms *server.Rooms, token string) error {
	e, err := rooms.Sessions.Explain(cmd.Context(), token)
	if errors.Is(err, session.ErrInvalid) {
		return errors.New("not good: no refresh token of this server, or its session is no longer kept")
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "refresh token\n  user        %s  %s\n  session     %s  %s\n  generation  %d (newest %d, parent %d, rotated %s)\n",
		e.User, e.Record.Owner.Email, e.Session, e.Record.Device.Name(), e.Generation, e.Record.Generation, e.Record.Parent, moment(e.Record.RotatedAt))
	if e.Ended != "" {
		return fmt.Errorf("not good: the session ended at %s: %s", moment(e.EndedAt), e.Ended)
	}
	if e.Verdict == session.Reuse {
		return errors.New("not good: neither the newest token nor its parent; presenting it would end the session as reuse")
	}
	fmt.Fprintln(p.stdout, "good")
	return nil
}
