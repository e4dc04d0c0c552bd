package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/server"
)

// errUnwell makes the command fail after everything was said.
var errUnwell = errors.New("something is broken; fix: see the lines above")

func (p program) doctor(set *settings) *cobra.Command {
	cmd := &cobra.Command{
		Use: "doctor", Short: "Look for what is wrong with the settings, the database, the secret and the public URL", Args: exactly(),
		Long: "Look for what is wrong with the settings, the database, the secret and the public URL. It changes nothing, takes the same\n" +
			"settings as serve, and can be run while the server runs. It exits with 1 if something is broken.",
		RunE: func(cmd *cobra.Command, _ []string) error {
			c, err := set.load(set.logger(p.stderr))
			if err != nil {
				return err
			}
			unwell := false
			for _, found := range server.Examine(cmd.Context(), c) {
				fmt.Fprintf(p.stdout, "%-8s  %-15s  %s\n", found.State, found.What, found.Detail)
				if found.Fix != "" {
					fmt.Fprintf(p.stdout, "%-8s  %-15s  fix: %s\n", "", "", found.Fix)
				}
				unwell = unwell || found.State == server.Broken
			}
			if unwell {
				return errUnwell
			}
			return nil
		},
	}
	cmd.Flags().SortFlags = false
	set.addServeFlags(cmd.Flags())
	return cmd
}
