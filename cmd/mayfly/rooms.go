package main

import (
	"errors"
	"io"
	"net/http"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/internal/door"
	"github.com/mayfly-auth/mayfly/internal/user"
	"github.com/mayfly-auth/mayfly/server"
)

// inRooms makes the RunE of a command that works on the database, also while a server runs.
func (p program) inRooms(set *settings, do func(cmd *cobra.Command, rooms *server.Rooms, args []string) error) func(*cobra.Command, []string) error {
	return func(cmd *cobra.Command, args []string) error {
		c, err := set.load(set.logger(p.stderr))
		if err != nil {
			return err
		}
		rooms, err := server.Open(cmd.Context(), c)
		if err != nil {
			return err
		}
		return closing(rooms, do(cmd, rooms, args))
	}
}

func closing(c io.Closer, err error) error { return errors.Join(err, c.Close()) }

// find returns the user with this email, username or id.
func find(cmd *cobra.Command, rooms *server.Rooms, name string) (user.User, error) {
	return rooms.FindUser(cmd.Context(), name)
}

// inWords says what is wrong with what was typed, field by field, in the words of the other doors.
func inWords(err error) error {
	p := door.Translate(err)
	if p.Status >= http.StatusInternalServerError {
		return err
	}
	text := p.Detail
	for _, fault := range p.Errors {
		text += "\n  " + fault.Field + ": " + fault.Detail
		if fault.Fix != "" {
			text += " fix: " + fault.Fix
		}
	}
	if len(p.Errors) == 0 && p.Fix != "" {
		text += " fix: " + p.Fix
	}
	return errors.New(text)
}

// table prints rows under a header, in columns.
func table(w io.Writer, rows func(*tabwriter.Writer) error) error {
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	return errors.Join(rows(t), t.Flush())
}

func moment(t time.Time) string {
	if t.IsZero() {
		return "-"
	}
	return t.UTC().Format("2006-01-02 15:04:05Z")
}
