// Command mayfly is the server and the tools around it.
//
// Every command prints what it did to standard output, and why it could not to standard error with the fix. It exits
// with 1 when it failed and with 2 when it was called wrongly.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/mayfly-auth/mayfly/server"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(program{
		args: os.Args[1:], env: os.Environ(), stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr,
	}.run(ctx))
}

// program is one call of the binary: everything it gets from outside, as a value, so that tests can call it.
type program struct {
	args           []string
	env            []string
	stdin          io.Reader
	stdout, stderr io.Writer
}

// usageError is a wrong call.
type usageError struct{ error }

// run does what the arguments say and returns the exit code.
func (p program) run(ctx context.Context) int {
	root := p.root()
	root.SetArgs(p.args)
	root.SetIn(p.stdin)
	root.SetOut(p.stdout)
	root.SetErr(p.stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return 0
	}
	p.complain(err)
	var usage usageError
	if errors.As(err, &usage) {
		return 2
	}
	return 1
}

// complain names every fault on a line of its own.
func (p program) complain(err error) {
	faults := settingFaults(err)
	if len(faults) == 0 {
		fmt.Fprintln(p.stderr, "mayfly:", err)
		return
	}
	for _, fault := range faults {
		fmt.Fprintf(p.stderr, "mayfly: %s: %s\n        fix: %s\n", fault.Setting, fault.Detail, fault.Fix)
	}
}

// settingFaults returns the faults of settings that err is made of.
func settingFaults(err error) []*server.SettingError {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		var faults []*server.SettingError
		for _, one := range joined.Unwrap() {
			faults = append(faults, settingFaults(one)...)
		}
		return faults
	}
	var fault *server.SettingError
	if errors.As(err, &fault) {
		return []*server.SettingError{fault}
	}
	return nil
}

func (p program) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "mayfly",
		Short: "Sign people in once and keep them signed in",
		Long: "Mayfly signs people in once and keeps them signed in: it issues access tokens that live for minutes, and\n" +
			"refresh tokens that replace them for as long as the session lasts.\n\n" +
			"  mayfly serve     starts the server; nothing else has to be set up",
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          commandOnly,
		RunE:          help,
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return usageError{fmt.Errorf("%w; see `%s --help`", err, cmd.CommandPath())}
	})
	set := newSettings(p.env)
	set.addStoreFlags(root.PersistentFlags())
	root.AddCommand(
		p.serve(set), p.migrate(set), p.user(set), p.session(set), p.key(set), p.token(set), p.storage(set), p.doctor(set), p.version(),
	)
	return root
}

// commandOnly refuses a command that a group of commands does not have.
func commandOnly(cmd *cobra.Command, args []string) error {
	if len(args) == 0 {
		return nil
	}
	text := fmt.Sprintf("unknown command %q for `%s`", args[0], cmd.CommandPath())
	if near := cmd.SuggestionsFor(args[0]); len(near) > 0 {
		text += ", did you mean " + near[0] + "?"
	}
	return usageError{fmt.Errorf("%s; see `%s --help`", text, cmd.CommandPath())}
}

// exactly is cobra.ExactArgs with our own words and exit code.
func exactly(names ...string) cobra.PositionalArgs {
	return func(cmd *cobra.Command, args []string) error {
		if len(args) != len(names) {
			return usageError{fmt.Errorf("`%s` takes %s; see `%s --help`", cmd.CommandPath(), counted(names), cmd.CommandPath())}
		}
		return nil
	}
}

func counted(names []string) string {
	if len(names) == 0 {
		return "no arguments"
	}
	text := ""
	for _, name := range names {
		text += " " + name
	}
	return "exactly:" + text
}
