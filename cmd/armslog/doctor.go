package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/client"
)

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look whether everything is in order, and say what is not and what helps",
		Long: "doctor looks at what is here (profiles, jobs, the clock), at every node that --url names,\n" +
			"at what each of them finds of itself, and at the analysts' tables.\n" +
			"An administrator of the General Secretariat is told which organisation, path or address it is.\n\n" +
			"It ends with 0 where nothing has failed (warnings do not count), 4 where you are not signed in,\n" +
			"and else 1.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.doctor(cmd.Context()) },
	}
}

func (a *app) doctor(ctx context.Context) error {
	e := &examination{app: a}
	says, err := a.lookAtProfiles()
	e.should("profiles", says, err)
	nodes := strings.Split(a.settings.get("url"), ",")
	for _, node := range nodes {
		if len(nodes) > 1 {
			e.node = withoutPassword(node)
		}
		e.lookAtNode(ctx, strings.TrimSpace(node))
	}
	e.node = ""
	says, err = a.lookAtJobs()
	e.should("jobs", says, err)
	within, cancel := context.WithTimeout(ctx, lookWithin)
	defer cancel()
	says, err = a.lookAtTables(within)
	e.should("tables", says, err)
	return e.report()
}

// lookWithin bounds each thing that is looked at.
const lookWithin = 5 * time.Second

// examination is what doctor has found.
type examination struct {
	app    *app
	node   string // that is looked at, where there are several
	rows   [][]string
	failed error
}

// must adds how a look went without which little works here.
func (e *examination) must(name, says string, err error) {
	e.note(name, gateway.CheckFailed, says, err)
}

// should adds how another look went.
func (e *examination) should(name, says string, err error) {
	e.note(name, gateway.CheckWarning, says, err)
}

func (e *examination) note(name, orElse, says string, err error) {
	c := client.Check{Name: name, State: gateway.CheckOK, Says: says}
	if err != nil {
		f, _ := e.app.describe(err)
		c.State, c.Code, c.Says, c.Do = orElse, f.Code, cmp.Or(f.Detail, f.Title), f.Hint
	}
	e.add(c, err)
}

// add adds a check; why is the error behind it, if there is one here.
func (e *examination) add(c client.Check, why error) {
	if c.Detail != "" {
		c.Says += " (" + c.Detail + ")"
	}
	e.rows = append(e.rows, []string{e.node, c.Name, c.State, c.Code, c.Says, c.Do})
	if c.State != gateway.CheckFailed {
		return
	}
	if why == nil {
		why = &codedError{c.Code, c.Says, c.Do, exitError}
	}
	e.failed = errors.Join(e.failed, why)
}

// report shows everything; what helps stands under what it is for.
func (e *examination) report() error {
	format, err := e.app.format()
	if err != nil {
		return err
	}
	head, rows := []string{"NODE", "CHECK", "STATE", "CODE", "SAYS", "DO"}, e.rows
	if format == "table" {
		head, rows = []string{"NODE", "CHECK", "STATE", "SAYS"}, nil
		for _, r := range e.rows {
			rows = append(rows, []string{r[0], r[1], r[2], r[4]})
			if r[5] != "" {
				rows = append(rows, []string{"", "", "", "→ " + r[5]})
			}
		}
	}
	if err := e.app.writeRows(head, rows); err != nil {
		return err
	}
	if e.failed != nil {
		_, code := e.app.describe(e.failed)
		return silent(code)
	}
	return nil
}

func (a *app) lookAtProfiles() (string, error) {
	profiles, path, err := a.settings.profiles()
	if err != nil {
		return "", err
	}
	if len(profiles) == 0 {
		return "none (" + path + ")", nil
	}
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 {
		return "", &codedError{"profiles_open", path + " can be read by others, and holds keys", "chmod 600 " + path, exitError}
	}
	return plural(len(profiles), "profile", "profiles") + " in " + path, nil
}

func (a *app) lookAtJobs() (string, error) {
	dir, err := jobsDir(a.settings)
	if err != nil {
		return "", err
	}
	f, err := os.CreateTemp(dir, "doctor.*")
	if err != nil {
		return "", fmt.Errorf("imports could not be resumed: %w", err)
	}
	return dir, errors.Join(f.Close(), os.Remove(f.Name()))
}
