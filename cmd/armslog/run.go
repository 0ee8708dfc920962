package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/internal/tlsfiles"
)

// app is one run of the program. Data goes to out, everything else to err.
type app struct {
	in       io.Reader
	out, err io.Writer
	lines    slog.Handler // where err takes lines of JSON; nil = words
	settings *settings
	global   globals
}

// globals are the flags of every command that are no settings.
type globals struct {
	idempotencyKey string
	minSeq         uint64
	dryRun         bool
	yes            bool
	quiet          bool
	noColor        bool
}

// run is the whole program; its result is the exit code.
func run(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer) int {
	a := &app{in: stdin, out: stdout, err: stderr, settings: newSettings(os.LookupEnv)}
	root := a.root()
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	return a.exit(root.ExecuteContext(ctx))
}

func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:               "armslog",
		Short:             "A registry of illicit firearms in which a question and a record meet",
		SilenceErrors:     true,
		SilenceUsage:      true,
		DisableAutoGenTag: true,
		PersistentPreRunE: func(c *cobra.Command, _ []string) error { return a.settings.load(c.Flags()) },
		Args:              cobra.ArbitraryArgs,
		RunE:              a.needsVerb,
	}
	f := root.PersistentFlags()
	a.settings.addFlags(f)
	f.StringVar(&a.global.idempotencyKey, "idempotency-key", "", "the same key is the same request, however often it is sent")
	f.Uint64Var(&a.global.minSeq, "min-seq", 0, "answer from this seq on, never older")
	f.BoolVar(&a.global.dryRun, "dry-run", false, "validate only; nothing is sent")
	f.BoolVar(&a.global.yes, "yes", false, "do not ask")
	f.BoolVar(&a.global.quiet, "quiet", false, "no progress and no hints")
	f.BoolVar(&a.global.noColor, "no-color", false, "no colours (or NO_COLOR)")
	root.SetFlagErrorFunc(flagError)
	root.AddCommand(a.commands()...)
	return root
}

// group makes a command that only holds others.
func (a *app) group(name, short string, verbs ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: name, Short: short, Args: cobra.ArbitraryArgs, RunE: a.needsVerb}
	c.AddCommand(verbs...)
	return c
}

// needsVerb answers a command that only holds others.
func (a *app) needsVerb(c *cobra.Command, args []string) error {
	if len(args) == 0 {
		return c.Help()
	}
	hint := "one of: " + strings.Join(verbs(c), ", ")
	if near := nearest(args[0], verbs(c)); near != "" {
		hint = "did you mean " + c.CommandPath() + " " + near + "?"
	}
	return &usageError{fmt.Sprintf("%s has no command %q", c.CommandPath(), args[0]), hint}
}

func verbs(c *cobra.Command) (names []string) {
	for _, sub := range c.Commands() {
		if sub.IsAvailableCommand() {
			names = append(names, sub.Name())
		}
	}
	return names
}

// client speaks to the registry as the settings say.
func (a *app) client() (*client.Client, error) {
	wait, err := a.settings.duration("wait")
	if err != nil {
		return nil, err
	}
	return a.clientWaiting(wait)
}

// clientWaiting sends nothing again once wait has passed.
func (a *app) clientWaiting(wait time.Duration) (*client.Client, error) {
	return a.clientAt(a.settings.get("url"), wait)
}

func (a *app) clientAt(address string, wait time.Duration) (*client.Client, error) {
	h, err := a.http()
	if err != nil {
		return nil, err
	}
	return client.New(client.Config{
		HTTP:           h,
		URL:            address,
		Key:            a.settings.get("key"),
		OnBehalfOf:     a.settings.get("on_behalf_of"),
		Purpose:        a.settings.get("purpose"),
		IdempotencyKey: a.requestKey(),
		MinSeq:         a.global.minSeq,
		Wait:           wait,
		Agent:          "armslog/" + version,
	})
}

// http is for the registry and the tables: nothing limits how long an answer
// takes.
func (a *app) http() (*http.Client, error) {
	t := http.DefaultTransport.(*http.Transport).Clone()
	if file := a.settings.get("ca_file"); file != "" {
		var err error
		if t.TLSClientConfig, err = tlsfiles.Client(file, "", ""); err != nil {
			return nil, err
		}
	}
	return &http.Client{Transport: t}, nil
}

// note tells the user something that is no data.
func (a *app) note(format string, args ...any) {
	switch {
	case a.global.quiet:
	case a.lines != nil:
		a.logLine(slog.LevelInfo, plainly(fmt.Sprintf(format, args...)))
	default:
		fmt.Fprintf(a.err, format+"\n", args...)
	}
}

// terminal says whether w is one.
func terminal(w any) bool {
	f, ok := w.(*os.File)
	return ok && term.IsTerminal(int(f.Fd()))
}

// confirm asks before something that cannot be taken back. Where nobody can
// answer, --yes is needed.
func (a *app) confirm(question string) error {
	if a.global.yes {
		return nil
	}
	if !terminal(a.in) {
		return &usageError{question + " was not confirmed", "add --yes"}
	}
	fmt.Fprintf(a.err, "%s? [y/N] ", question)
	var answer string
	if _, err := fmt.Fscanln(a.in, &answer); err != nil || !strings.HasPrefix(strings.ToLower(answer), "y") {
		return &usageError{question + " was not confirmed", "nothing was done"}
	}
	return nil
}
