package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/internal/session"
	"github.com/mayfly-auth/mayfly/server"
)

func (p program) session(set *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "session", Short: "List and revoke a user's sessions", Args: commandOnly, RunE: help}
	cmd.AddCommand(p.sessionList(set), p.sessionRevoke(set))
	return cmd
}

func (p program) sessionList(set *settings) *cobra.Command {
	var all bool
	cmd := &cobra.Command{Use: "list USER", Short: "List a user's sessions, newest first (USER: email, username or id)", Args: exactly("USER")}
	cmd.Flags().BoolVar(&all, "all", false, "also those that have ended in the last 30 days, with the reason")
	cmd.RunE = p.inRooms(set, func(cmd *cobra.Command, rooms *server.Rooms, args []string) error {
		u, err := find(cmd, rooms, args[0])
		if err != nil {
			return err
		}
		sessions, err := rooms.Sessions.List(cmd.Context(), u, all)
		if err != nil {
			return err
		}
		return table(p.stdout, func(t *tabwriter.Writer) error {
			fmt.Fprintln(t, "ID\tDEVICE\tADDRESS\tCREATED\tLAST USED\tENDED\tREASON")
			for _, s := range sessions {
				address := "-"
				if s.Device.Address.IsValid() {
					address = s.Device.Address.String()
				}
				fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\t%s\n", s.ID, s.Device.Name(), address, moment(s.CreatedAt), moment(s.RotatedAt),
					moment(s.EndedAt), dash(string(s.EndReason)))
			}
			return nil
		})
	})
	return cmd
}

func (p program) sessionRevoke(set *settings) *cobra.Command {
	var all bool
	cmd := &cobra.Command{
		Use: "revoke USER [SESSION]", Short: "End one session of a user, or with --all every one",
		Args: func(cmd *cobra.Command, args []string) error {
			if all {
				return exactly("USER")(cmd, args)
			}
			return exactly("USER", "SESSION")(cmd, args)
		},
	}
	cmd.Flags().BoolVar(&all, "all", false, "every session of the user")
	cmd.RunE = p.inRooms(set, func(cmd *cobra.Command, rooms *server.Rooms, args []string) error {
		u, err := find(cmd, rooms, args[0])
		if err != nil {
			return err
		}
		if all {
			n, err := rooms.Sessions.EndAll(cmd.Context(), u.ID, uuid.Nil, session.EndedByAdmin)
			if err == nil {
				fmt.Fprintf(p.stdout, "revoked every session of %s: %d\n", u.Email, n)
			}
			return err
		}
		id, err := uuid.Parse(args[1])
		if err != nil {
			return usageError{fmt.Errorf("%q is not a session id; fix: `mayfly session list %s` shows them", args[1], args[0])}
		}
		ended, err := rooms.Sessions.End(cmd.Context(), u.ID, id, session.EndedByAdmin)
		if err != nil {
			return err
		}
		if !ended {
			return fmt.Errorf("%s has no live session %s; fix: `mayfly session list %s` shows them", u.Email, id, args[0])
		}
		fmt.Fprintln(p.stdout, "revoked", id)
		return nil
	})
	return cmd
}
