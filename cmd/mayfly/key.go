package main

import (
	"errors"
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/server"
)

var errSharedSecret = errors.New("HS256 signs with the shared secret, there are no keys to see or rotate; " +
	"fix: change MAYFLY_ACCESS_TOKEN_SECRET here and in your servers at once, or move to signing_alg ES256")

func (p program) key(set *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "key", Short: "List, rotate and revoke signing keys", Args: commandOnly, RunE: help}
	cmd.AddCommand(
		&cobra.Command{
			Use: "list", Short: "List the signing keys", Args: exactly(), RunE: p.withKeys(set, p.keyList),
		},
		&cobra.Command{
			Use: "rotate", Short: "Publish a new key, which signs once every verifier has had time to fetch it", Args: exactly(),
			RunE: p.withKeys(set, p.keyRotate),
		},
		&cobra.Command{
			Use: "revoke KID", Short: "Withdraw a compromised key at once: what it signed is refused as verifiers fetch the key set again",
			Args: exactly("KID"), RunE: p.withKeys(set, p.keyRevoke),
		},
	)
	return cmd
}

func (p program) withKeys(set *settings, do func(*cobra.Command, *server.Rooms, []string) error) func(*cobra.Command, []string) error {
	return p.inRooms(set, func(cmd *cobra.Command, rooms *server.Rooms, args []string) error {
		if rooms.Keys == nil {
			return errSharedSecret
		}
		return do(cmd, rooms, args)
	})
}

func (p program) keyList(cmd *cobra.Command, rooms *server.Rooms, _ []string) error {
	keys, err := rooms.Keys.List(cmd.Context())
	if err != nil {
		return err
	}
	return table(p.stdout, func(t *tabwriter.Writer) error {
		fmt.Fprintln(t, "KID\tALGORITHM\tSTATE\tCREATED\tSIGNS FROM\tREVOKED")
		for _, k := range keys {
			fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\t%s\n", k.ID, k.Algorithm, k.State, moment(k.CreatedAt), moment(k.SignsAt), moment(k.RevokedAt))
		}
		return nil
	})
}

func (p program) keyRotate(cmd *cobra.Command, rooms *server.Rooms, _ []string) error {
	key, err := rooms.Keys.Rotate(cmd.Context())
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "published %s; it signs from %s\n", key.ID, moment(key.SignsAt))
	return nil
}

func (p program) keyRevoke(cmd *cobra.Command, rooms *server.Rooms, args []string) error {
	if err := rooms.Keys.Revoke(cmd.Context(), args[0]); err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "revoked %s; running servers see it within seconds, verifiers when they next fetch the key set\n", args[0])
	return nil
}
