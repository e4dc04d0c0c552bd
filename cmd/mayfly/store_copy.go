package main

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/internal/transfer"
	"github.com/mayfly-auth/mayfly/server"
)

func (p program) storeCopy(set *settings) *cobra.Command {
	var urls server.CopyURLs
	var dryRun bool
	cmd := &cobra.Command{
		Use: "copy --to DATABASE", Short: "Copy users, passwords, sessions and signing keys, so that nobody is signed out",
		Long: "Make one database what another one is: users, password hashes, sessions, signing keys and recent revocations. Refresh\n" +
			"tokens go on working with the copy, if the new server has the secret of the old one. Counted attempts stay behind.\n\n" +
			"The target is empty, or was begun by an earlier run: then this run brings over what has changed since, and what was\n" +
			"interrupted goes on. In the end both sides are read once more and compared. To move a running deployment: copy while the\n" +
			"old server works, stop it, copy again, which takes less long, start the new one. docs/moving.md has the steps.\n\n" +
			"A password need not be in the address: PGPASSWORD and ~/.pgpass are read.",
		Example: "  mayfly store copy --from sqlite:mayfly-data/mayfly.db --to postgres://mayfly@db.example.com/mayfly\n" +
			"  mayfly store copy --from postgres://mayfly@db.example.com/mayfly --to sqlite:new-data/mayfly.db --dry-run",
		Args: exactly(),
	}
	cmd.Flags().SortFlags = false
	cmd.Flags().StringVar(&urls.From, "from", "", "database to copy (default: the one of the settings)")
	cmd.Flags().StringVar(&urls.To, "to", "", "database to copy into")
	cmd.Flags().BoolVar(&dryRun, "dry-run", false, "only count what would be copied")
	cmd.RunE = func(cmd *cobra.Command, _ []string) error {
		if urls.To == "" {
			return usageError{errors.New("--to is missing; fix: name the database to copy into, such as postgres://mayfly@db.example.com/mayfly")}
		}
		c, err := set.load(set.logger(p.stderr))
		if err != nil {
			return err
		}
		if urls.From == "" {
			urls.From = databaseOf(c)
		}
		both, err := server.OpenCopying(cmd.Context(), urls, dryRun)
		if err != nil {
			return err
		}
		return closing(both, p.copyStore(cmd.Context(), both, urls, c.Secrets, dryRun))
	}
	return cmd
}

// databaseOf is the database that a server with these settings works on.
func databaseOf(c server.Config) string {
	switch {
	case c.DatabaseURL != "":
		return c.DatabaseURL
	case c.Data != "":
		return "sqlite:" + filepath.Join(c.Data, "mayfly.db")
	}
	return "sqlite:" + filepath.Join("mayfly-data", "mayfly.db")
}

func (p program) copyStore(ctx context.Context, both *server.Copying, urls server.CopyURLs, secrets []string, dryRun bool) error {
	fmt.Fprintf(p.stdout, "from    %s\nto      %s\n", both.From, both.To)
	finding, err := both.CheckSecret(ctx, urls, secrets)
	if err != nil {
		return err
	}
	fmt.Fprintf(p.stdout, "secret  %s\n", finding)
	if both.Live != nil {
		fmt.Fprintln(p.stdout, "source  a server works on it: what changes from now on comes with the next run")
	}
	bar := newProgress(p.stderr, time.Now)
	report, err := transfer.Copy(ctx, both.Source, both.Target, transfer.Options{
		Source: both.From, Live: both.Live != nil, DryRun: dryRun, Progress: bar.show,
	})
	bar.end()
	var differ *transfer.DifferError
	switch {
	case ctx.Err() != nil:
		return errors.New("interrupted; what was copied is kept; fix: run the same command again, it goes on from there")
	case err != nil && !errors.As(err, &differ):
		return err
	case dryRun:
		fmt.Fprintf(p.stdout, "would copy %d new users and %d changed ones, take away %d, and leave %d as they are\n",
			report.Added, report.Changed, report.Removed, report.Same)
		return nil
	}
	fmt.Fprintf(p.stdout, "copied %d new users and %d changed ones, took away %d, left %d as they were, in %s\n\n",
		report.Added, report.Changed, report.Removed, report.Same, bar.took().Round(time.Millisecond))
	if err := p.tellTables(report); err != nil {
		return err
	}
	p.tellDifferences(report)
	if err == nil {
		p.tellNext(both, report)
	}
	return err
}

// tellTables shows both sides table by table.
func (p program) tellTables(report transfer.Report) error {
	return table(p.stdout, func(t *tabwriter.Writer) error {
		fmt.Fprintln(t, "TABLE\tSOURCE\tTARGET\tCHECKSUM\t")
		for _, one := range report.Tables {
			verdict := "same"
			if one.From != one.To {
				verdict = "not " + one.To.Checksum()
			}
			fmt.Fprintf(t, "%s\t%d\t%d\t%s\t%s\n", one.Name, one.From.Rows, one.To.Rows, one.From.Checksum(), verdict)
		}
		return nil
	})
}

func (p program) tellDifferences(report transfer.Report) {
	for _, text := range report.Differences {
		fmt.Fprintln(p.stderr, "differs:", text)
	}
	if more := report.Differing - len(report.Differences); more > 0 {
		fmt.Fprintf(p.stderr, "differs: and %d more\n", more)
	}
}

// tellNext says what is to be done now.
func (p program) tellNext(both *server.Copying, report transfer.Report) {
	if both.Live != nil {
		fmt.Fprintln(p.stdout, "\nthe source is still at work; next: stop its server, run the same command again to catch up, and only then start the new one")
		return
	}
	fmt.Fprintln(p.stdout, "\nboth sides are the same; next: start the new server, and never again the old one.\n"+
		"If the old server has worked since, run the same command again first. Once a server has started on the target, no copy writes to it.")
}
