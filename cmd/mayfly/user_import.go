package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/server"
)

// importedUser is one user of an import, and a line of an export.
type importedUser struct {
	ID            uuid.UUID      `json:"id,omitzero"`
	Email         string         `json:"email"`
	EmailVerified bool           `json:"email_verified,omitzero"`
	Username      string         `json:"username,omitzero"`
	Name          string         `json:"name,omitzero"`
	PasswordHash  string         `json:"password_hash,omitzero"`
	Roles         []string       `json:"roles,omitempty"`
	Metadata      jsontext.Value `json:"metadata,omitempty"`
	CreatedAt     time.Time      `json:"created_at,omitzero"`
	DisabledAt    time.Time      `json:"disabled_at,omitzero"`
}

// userReader reads the users of an import one after the other.
type userReader interface {
	// read returns the next user and where it is, such as "line 3". io.EOF; *lineError when it is no user, after which
	// the next one can be read.
	read(ctx context.Context) (u importedUser, where string, err error)
	io.Closer
}

// lineError says that a line is no user.
type lineError struct{ cause string }

func (e *lineError) Error() string { return e.cause }

// importOptions are the flags of an import.
type importOptions struct {
	format     string
	collection string
	renames    []string
}

func (p program) userImport(set *settings) *cobra.Command {
	var o importOptions
	cmd := &cobra.Command{
		Use: "import FILE", Short: "Bring users along with their password hashes, from JSON lines, CSV or MongoDB (FILE: - is standard input)",
		Long: "JSON lines: each line is an object with email and password_hash (argon2, bcrypt, scrypt or PBKDF2), and at will username,\n" +
			"name, roles, metadata, email_verified, created_at, disabled_at and id.\n" +
			"CSV: the first line names the columns, the same ones; roles are separated by commas or blanks, metadata is JSON.\n" +
			"MongoDB: mongodb://user:password@host/database.collection reads email, username, fullName, password (a bcrypt hash) and\n" +
			"createdAt; _id goes to metadata.old_id.\n\n" +
			"A line that can not be taken is told and left out; to import a file again does no harm: whoever has the email or the id\n" +
			"already stays as they are. Each new user is told as their id and email, in the order of the lines.",
		Example: `  echo '{"email":"ada@example.com","password_hash":"$2b$10$..."}' | mayfly user import -` + "\n" +
			"  mayfly user import people.csv --map mail=email --map plan=metadata.plan --map avatar=\n" +
			"  mayfly user import mongodb://127.0.0.1:27017/shop.users",
		Args: exactly("FILE"),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&o.format, "format", "", "jsonl or csv (default: csv if FILE ends so, otherwise jsonl)")
	cmd.Flags().StringArrayVar(&o.renames, "map", nil, "COLUMN=FIELD of CSV and MongoDB: what a column is here, metadata.NAME to keep it there, nothing to leave it out")
	cmd.Flags().StringVar(&o.collection, "collection", "", "MongoDB: the collection (default: the one in the address, or users)")
	cmd.RunE = func(cmd *cobra.Command, args []string) error {
		mapped, err := parseRenames(o.renames)
		if err != nil {
			return usageError{err}
		}
		return p.inRooms(set, func(cmd *cobra.Command, rooms *server.Rooms, args []string) error {
			from, err := p.openImport(cmd.Context(), args[0], o, mapped)
			if err != nil {
				return err
			}
			return closing(from, p.importUsers(cmd.Context(), rooms, from))
		})(cmd, args)
	}
	return cmd
}

func (p program) openImport(ctx context.Context, name string, o importOptions, mapped renames) (userReader, error) {
	if strings.HasPrefix(name, "mongodb://") || strings.HasPrefix(name, "mongodb+srv://") {
		return openMongoUsers(ctx, name, o.collection, mapped)
	}
	format := o.format
	if format == "" && strings.HasSuffix(strings.ToLower(name), ".csv") {
		format = "csv"
	}
	if format != "" && format != "jsonl" && format != "csv" {
		return nil, usageError{fmt.Errorf("%q is not a format; fix: use jsonl or csv", format)}
	}
	if format != "csv" && len(mapped) > 0 {
		return nil, usageError{errors.New("--map is for CSV and MongoDB; fix: name the members of JSON lines as Mayfly does, or add --format csv")}
	}
	file, err := p.openFile(ctx, name)
	if err != nil {
		return nil, err
	}
	if format != "csv" {
		return newJSONUsers(file), nil
	}
	users, err := newCSVUsers(file, mapped)
	if err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return users, nil
}

// openFile opens a file, or standard input, so that reading it ends with the context: a pipe may say nothing for hours.
func (p program) openFile(ctx context.Context, name string) (io.ReadCloser, error) {
	file := io.NopCloser(p.stdin)
	if name != "-" {
		var err error
		if file, err = os.Open(name); err != nil {
			return nil, err
		}
	}
	out, in := io.Pipe()
	stop := context.AfterFunc(ctx, func() { in.CloseWithError(ctx.Err()) })
	go func() {
		defer stop()
		_, err := io.Copy(in, file)
		in.CloseWithError(errors.Join(err, file.Close()))
	}()
	return out, nil
}
