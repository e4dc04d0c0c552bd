package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/server"
)

func (p program) migrate(set *settings) *cobra.Command {
	var statusOnly bool
	cmd := &cobra.Command{
		Use: "migrate", Short: "Bring the database's schema up to date (serve does so too)", Args: exactly(),
	}
	cmd.Flags().BoolVar(&statusOnly, "status", false, "only say which schema the database has")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		c, err := set.load(set.logger(p.stderr))
		if err != nil {
			return err
		}
		before, latest, err := server.Schema(cmd.Context(), c)
		if err != nil {
			return err
		}
		if statusOnly || before == latest {
			fmt.Fprintf(p.stdout, "schema %d, newest %d\n", before, latest)
			return nil
		}
		if err := server.Migrate(cmd.Context(), c); err != nil {
			return err
		}
		fmt.Fprintf(p.stdout, "schema %d → %d\n", before, latest)
		return nil
	}
	return cmd
}
