package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/producers/imports"
)

// Exit codes, as the user's guide lists them.
const (
	exitOK             = 0
	exitError          = 1
	exitUsage          = 2
	exitRejected       = 3 // finished, some rows rejected
	exitNotAllowed     = 4 // not signed in, or not allowed
	exitIntegrity      = 5 // an integrity check failed
	exitMatches        = 6 // search --exit-code: at least one match
	exitOutcomeUnknown = 7 // the same command again is safe
	exitInterrupted    = 130
)

// usageError is a command that cannot be meant as it was typed.
type usageError struct{ message, hint string }

func (e *usageError) Error() string { return e.message }

// silent ends the program with a code after all has been said.
type silent int

func (s silent) Error() string { return fmt.Sprintf("exit %d", int(s)) }

// codedError is an error that has a code and a hint of its own.
type codedError struct {
	code, message, hint string
	exit                int
}

func (e *codedError) Error() string { return e.message }

// failure is what the user is told.
type failure struct {
	*client.Problem
	Hint string `json:"hint,omitempty"`
}

// exit tells an error and gives its exit code.
func (a *app) exit(err error) int {
	var s silent
	if err == nil {
		return exitOK
	}
	if errors.As(err, &s) {
		return int(s)
	}
	f, code := a.describe(err)
	if a.lines != nil {
		a.logLine(slog.LevelError, cmp.Or(f.Detail, f.Title), slog.String("code", f.Code), slog.String("hint", f.Hint))
		return code
	}
	if a.settings.get("output") == "json" {
		text, err := json.Marshal(f)
		if err == nil {
			fmt.Fprintln(a.err, string(text))
			return code
		}
	}
	message := cmp.Or(f.Detail, f.Title)
	fmt.Fprintf(a.err, "%s: %s\n", f.Code, message)
	for _, e := range f.Errors {
		if e.Message != message || e.Pointer != "" {
			fmt.Fprintf(a.err, "  %s %s: %s\n", e.Pointer, e.Code, e.Message)
		}
	}
	if f.Hint != "" {
		fmt.Fprintf(a.err, "hint: %s\n", f.Hint)
	}
	return code
}

// describe gives an error its code, its words and its exit code.
func (a *app) describe(err error) (failure, int) {
	var (
		usage   *usageError
		coded   *codedError
		problem *client.Problem
		file    *imports.FileError
	)
	switch {
	case errors.As(err, &usage):
		return told("usage", usage.message, usage.hint), exitUsage
	case errors.As(err, &coded):
		return told(coded.code, coded.message, coded.hint), coded.exit
	case errors.As(err, &file):
		return told(file.Code, file.Message, file.Hint), exitError
	case errors.Is(err, client.ErrOutcomeUnknown):
		return told("outcome_unknown", err.Error(), "the same command again is safe with --idempotency-key "+a.requestKey()), exitOutcomeUnknown
	case errors.Is(err, context.Canceled):
		return told("interrupted", "interrupted", ""), exitInterrupted
	case errors.As(err, &problem):
		return failure{problem, hintOf(problem)}, exitOf(problem)
	case errors.Is(err, client.ErrUnreachable):
		return told("unreachable", err.Error(), "is it running? armslog up starts one here; armslog config show says where it is looked for"), exitError
	case errors.Is(err, fs.ErrNotExist):
		return told("not_found", err.Error(), ""), exitError
	}
	return told("error", err.Error(), ""), exitError
}

func told(code, message, hint string) failure {
	return failure{&client.Problem{Code: code, Title: message}, hint}
}

func exitOf(p *client.Problem) int {
	if p.Status == http.StatusUnauthorized || p.Status == http.StatusForbidden {
		return exitNotAllowed
	}
	return exitError
}

// hintOf is the hint of a refusal: the registry's own, or what helps here.
func hintOf(p *client.Problem) string {
	for _, e := range p.Errors {
		if e.Hint != "" {
			return e.Hint
		}
	}
	switch p.Status {
	case http.StatusUnauthorized:
		return "choose a profile with -p, or set ARMSLOG_KEY; armslog config show -v says what was used"
	case http.StatusForbidden:
		return "another profile may have the right: armslog config profile"
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return "try again in a moment"
	}
	return ""
}

// refused tells the errors of a body that was looked at here.
func refused(errs []events.FieldError) error {
	return &client.Problem{Status: http.StatusUnprocessableEntity, Code: errs[0].Code, Detail: errs[0].Message, Errors: errs}
}

// flagError says what a flag that is not there may have meant.
func flagError(c *cobra.Command, err error) error {
	var unknown *pflag.NotExistError
	if !errors.As(err, &unknown) {
		return &usageError{err.Error(), "armslog help " + strings.TrimPrefix(c.CommandPath(), "armslog ")}
	}
	hint := c.CommandPath() + " --help lists the flags"
	if near := nearest(unknown.GetSpecifiedName(), flagNames(c)); near != "" {
		hint = "did you mean --" + near + "?"
	}
	return &usageError{err.Error(), hint}
}

// nearest is the name that begins alike, or else the one fewest slips away, at
// most two.
func nearest(typed string, names []string) (near string) {
	best := 3
	for _, name := range names {
		d := imports.Slips(typed, name)
		if len(typed) > 2 && strings.HasPrefix(name, typed) {
			d = 0
		}
		if d < best {
			best, near = d, name
		}
	}
	return near
}

func flagNames(c *cobra.Command) (names []string) {
	c.Flags().VisitAll(func(f *pflag.Flag) { names = append(names, f.Name) })
	return names
}

// exactArgs is cobra.ExactArgs with words.
func exactArgs(names ...string) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) == len(names) {
			return nil
		}
		hint := c.CommandPath() + " " + strings.Join(names, " ")
		if len(args) < len(names) {
			return &usageError{"missing " + names[len(args)], hint}
		}
		return &usageError{fmt.Sprintf("%q is one argument too many", args[len(names)]), hint}
	}
}

// noArgs takes none.
func noArgs(c *cobra.Command, args []string) error { return exactArgs()(c, args) }

// requestKey is the idempotency key of this run's request.
func (a *app) requestKey() string {
	if a.global.idempotencyKey == "" {
		a.global.idempotencyKey = events.NewRequestID().String()
	}
	return a.global.idempotencyKey
}
