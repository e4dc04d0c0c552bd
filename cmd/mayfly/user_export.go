package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/internal/transfer"
	"github.com/mayfly-auth/mayfly/server"
)

func (p program) userExport(set *settings) *cobra.Command {
	var format, output string
	var hashes bool
	cmd := &cobra.Command{
		Use: "export", Short: "Write all users as JSON lines or CSV, oldest first, for `user import` or for a look",
		Long: "Write all users as JSON lines or CSV, oldest first. With --hashes the password hashes are among it, so that\n" +
			"`mayfly user import` can take it and people keep their passwords; such a file is worth as much to a thief as the database is.\n" +
			"Sessions are not in it: `mayfly store copy` brings those too.",
		Example: "  mayfly user export --format csv > people.csv\n" +
			"  mayfly user export --hashes --output people.jsonl",
		Args: exactly(),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&format, "format", "", "jsonl or csv (default: csv if the output ends so, otherwise jsonl)")
	cmd.Flags().BoolVar(&hashes, "hashes", false, "also the password hashes")
	cmd.Flags().StringVar(&output, "output", "", "file to make, which only this user may read; one that is there is never overwritten (default: standard output)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		if format == "" {
			format = "jsonl"
			if strings.HasSuffix(strings.ToLower(output), ".csv") {
				format = "csv"
			}
		}
		if format != "jsonl" && format != "csv" {
			return usageError{fmt.Errorf("%q is not a format; fix: use jsonl or csv", format)}
		}
		return p.inRooms(set, func(cmd *cobra.Command, rooms *server.Rooms, _ []string) error {
			out, err := p.openExport(output)
			if err != nil {
				return err
			}
			n, err := exportUsers(cmd.Context(), rooms, newUserWriter(out, format, hashes), hashes)
			if err := errors.Join(err, out.Close()); err != nil {
				return fmt.Errorf("%w; the export is not whole", err)
			}
			fmt.Fprintf(p.stderr, "exported %d\n", n)
			return nil
		})(cmd, args)
	}
	return cmd
}

// openExport makes the file, readable for its owner alone from the first byte on.
func (p program) openExport(name string) (io.WriteCloser, error) {
	if name == "" {
		return keptOpen{p.stdout}, nil
	}
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s is there already; fix: name another file, or remove it", name)
	}
	return file, err
}

// keptOpen is a writer that belongs to somebody else.
type keptOpen struct{ io.Writer }

func (keptOpen) Close() error { return nil }

func exportUsers(ctx context.Context, rooms *server.Rooms, out userWriter, hashes bool) (n int, err error) {
	var after uuid.UUID
	for {
		page, err := rooms.People(ctx, after, listLot)
		if err != nil {
			return n, err
		}
		if len(page) == 0 {
			return n, out.flush()
		}
		for _, one := range page {
			if err := out.write(exported(one, hashes)); err != nil {
				return n, err
			}
			after = one.ID
			n++
		}
	}
}

func exported(one transfer.Person, hashes bool) importedUser {
	u := importedUser{
		ID: one.ID, Email: one.Email, EmailVerified: one.EmailVerified, Username: one.Username, Name: one.Name,
		Roles: one.Roles, Metadata: jsontext.Value(one.Metadata), CreatedAt: one.CreatedAt, DisabledAt: one.DisabledAt,
	}
	if hashes {
		u.PasswordHash = one.PasswordHash
	}
	return u
}

// userWriter writes the users of an export one after the other.
type userWriter interface {
	write(importedUser) error
	flush() error
}

func newUserWriter(out io.Writer, format string, hashes bool) userWriter {
	if format == "csv" {
		return &csvWriter{out: csv.NewWriter(out), hashes: hashes}
	}
	return jsonWriter{bufio.NewWriter(out)}
}

type jsonWriter struct{ out *bufio.Writer }

func (w jsonWriter) write(u importedUser) error {
	if err := json.MarshalWrite(w.out, u); err != nil {
		return err
	}
	return w.out.WriteByte('\n')
}

func (w jsonWriter) flush() error { return w.out.Flush() }

// csvWriter begins with the names of the columns, also when nobody follows.
type csvWriter struct {
	out    *csv.Writer
	hashes bool
	begun  bool
}

func (w *csvWriter) write(u importedUser) error {
	if err := w.begin(); err != nil {
		return err
	}
	return w.row([]string{
		u.ID.String(), u.Email, strconv.FormatBool(u.EmailVerified), u.Username, u.Name, u.PasswordHash,
		strings.Join(u.Roles, ","), string(u.Metadata), momentText(u.CreatedAt), momentText(u.DisabledAt),
	})
}

func (w *csvWriter) begin() error {
	if w.begun {
		return nil
	}
	w.begun = true
	return w.row(userColumns)
}

// row leaves out the column of hashes where nobody asked for them.
func (w *csvWriter) row(values []string) error {
	kept := make([]string, 0, len(values))
	for i, value := range values {
		if userColumns[i] != "password_hash" || w.hashes {
			kept = append(kept, value)
		}
	}
	return w.out.Write(kept)
}

func (w *csvWriter) flush() error {
	err := w.begin()
	w.out.Flush()
	return errors.Join(err, w.out.Error())
}

func momentText(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339Nano)
}
