package main

import "github.com/spf13/cobra"

func (p program) storage(set *settings) *cobra.Command {
	cmd := &cobra.Command{Use: "store", Short: "Copy everything from one database into another", Args: commandOnly, RunE: help}
	cmd.AddCommand(p.storeCopy(set))
	return cmd
}
