package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/mayfly-auth/mayfly/internal/account"
	"github.com/mayfly-auth/mayfly/server"
)

func (p program) user(set *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "user", Short: "Make, import, export, list, disable and enable users, set passwords", Args: commandOnly, RunE: help}
	cmd.AddCommand(
		p.userCreate(set),
		p.userImport(set),
		p.userExport(set),
		&cobra.Command{
			Use: "list", Short: "List all users, oldest first", Args: exactly(), RunE: p.inRooms(set, p.userList),
		},
		&cobra.Command{
			Use: "disable USER", Short: "Shut a user out and end every session (USER: email, username or id)",
			Args: exactly("USER"), RunE: p.inRooms(set, p.userDisabled(true)),
		},
		&cobra.Command{
			Use: "enable USER", Short: "Let a disabled user in again",
			Args: exactly("USER"), RunE: p.inRooms(set, p.userDisabled(false)),
		},
		&cobra.Command{
			Use: "password USER", Short: "Set a user's password, read from the terminal or from standard input, and end every session",
			Example: "  mayfly user password ada@example.com\n  pwgen 20 1 | mayfly user password ada@example.com",
			Args:    exactly("USER"), RunE: p.inRooms(set, p.userPassword),
		},
	)
	return cmd
}

func help(cmd *cobra.Command, _ []string) error { return cmd.Help() }

func (p program) userCreate(set *settings) *cobra.Command {
	var n account.NewUser
	var metadata string
	cmd := &cobra.Command{
		Use: "create EMAIL", Short: "Make a user; the password is read from the terminal or from standard input",
		Example: "  mayfly user create ada@example.com --username ada --role admin\n" +
			"  pwgen 20 1 | mayfly user create ada@example.com",
		Args: exactly("EMAIL"),
	}
	cmd.Flags().StringVar(&n.Username, "username", "", "username")
	cmd.Flags().StringVar(&n.Name, "name", "", "full name")
	cmd.Flags().StringSliceVar(&n.Roles, "role", nil, "role; may be given several times")
	cmd.Flags().StringVar(&metadata, "metadata", "", "JSON object that only administrators set")
	cmd.Flags().StringVar(&n.PasswordHash, "password-hash", "", "argon2, bcrypt, scrypt or PBKDF2 hash made elsewhere, instead of a password")
	cmd.RunE = p.inRooms(set, func(cmd *cobra.Command, rooms *server.Rooms, args []string) (err error) {
		n.Email = args[0]
		if metadata != "" {
			n.Metadata = []byte(metadata)
		}
		if n.PasswordHash == "" {
			if n.Password, err = p.readPassword(); err != nil {
				return err
			}
		}
		u, err := rooms.Accounts.Create(cmd.Context(), n)
		if err != nil {
			return inWords(err)
		}
		fmt.Fprintf(p.stdout, "created %s  %s\n", u.ID, u.Email)
		return nil
	})
	return cmd
}

// readPassword asks at a terminal without showing what is typed, and reads one line anywhere else.
func (p program) readPassword() (string, error) {
	if file, ok := p.stdin.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		fmt.Fprint(p.stderr, "Password: ")
		typed, err := term.ReadPassword(int(file.Fd()))
		fmt.Fprintln(p.stderr)
		return string(typed), err
	}
	line, err := bufio.NewReader(p.stdin).ReadString('\n')
	line = strings.TrimRight(line, "\r\n")
	if line == "" {
		return "", errors.Join(errors.New("no password on standard input; fix: type one at the terminal, or pipe one in"), ignoreEnd(err))
	}
	return line, nil
}

// listLot is how many users are read at once: a table of a million is never held whole.
const listLot = 500

func (p program) userList(cmd *cobra.Command, rooms *server.Rooms, _ []string) error {
	return table(p.stdout, func(t *tabwriter.Writer) error {
		fmt.Fprintln(t, "ID\tEMAIL\tUSERNAME\tNAME\tROLES\tCREATED\tDISABLED")
		var after uuid.UUID
		for {
			users, err := rooms.Users.List(cmd.Context(), after, listLot)
			if err != nil || len(users) == 0 {
				return err
			}
			for _, u := range users {
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", u.ID, u.Email, dash(u.Username), dash(u.Name),
					dash(strings.Join(u.Roles, ",")), moment(u.CreatedAt), moment(u.DisabledAt))
				after = u.ID
			}
		}
	})
}

func dash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

func (p program) userDisabled(disabled bool) func(*cobra.Command, *server.Rooms, []string) error {
	return func(cmd *cobra.Command, rooms *server.Rooms, args []string) error {
		u, err := find(cmd, rooms, args[0])
		if err != nil {
			return err
		}
		if err := rooms.Users.Disable(cmd.Context(), u.ID, disabled, time.Now()); err != nil {
			return err
		}
		done := "enabled"
		if disabled {
			done = "disabled, every session ended:"
		}
		fmt.Fprintln(p.stdout, done, u.Email)
		return nil
	}
}

func (p program) userPassword(cmd *cobra.Command, rooms *server.Rooms, args []string) error {
	u, err := find(cmd, rooms, args[0])
	if err != nil {
		return err
	}
	password, err := p.readPassword()
	if err != nil {
		return err
	}
	if err := rooms.Accounts.SetPassword(cmd.Context(), u.ID, password); err != nil {
		return inWords(err)
	}
	fmt.Fprintln(p.stdout, "password set, every session ended:", u.Email)
	return nil
}
