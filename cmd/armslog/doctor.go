package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/spf13/cobra"
)

// check is one thing that must be right for the program to work.
type check struct {
	name string
	run  func(context.Context) (says string, err error)
	soft bool // a warning only
}

func (a *app) doctorCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "doctor",
		Short: "Look whether everything is there, and say what is not",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			var rows [][]string
			var failed error
			for _, c := range a.checks() {
				ctx, cancel := context.WithTimeout(cmd.Context(), 5*time.Second)
				says, err := c.run(ctx)
				cancel()
				state := "ok"
				switch {
				case err != nil && c.soft:
					state, says = "warning", err.Error()
				case err != nil:
					state, says = "failed", err.Error()
					failed = errors.Join(failed, err)
				}
				rows = append(rows, []string{c.name, state, says})
			}
			if err := a.writeRows([]string{"CHECK", "STATE", "SAYS"}, rows); err != nil {
				return err
			}
			if failed != nil {
				_, code := a.describe(failed)
				return silent(code)
			}
			return nil
		},
	}
}

func (a *app) checks() []check {
	return []check{
		{"profiles", a.checkProfiles, true},
		{"registry", a.checkRegistry, false},
		{"ready", a.checkReady, false},
		{"signed in", a.checkKey, false},
		{"jobs", a.checkJobs, true},
		{"tables", a.checkTables, true},
	}
}

func (a *app) checkProfiles(context.Context) (string, error) {
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
		return "", fmt.Errorf("%s can be read by others: chmod 600 %s", path, path)
	}
	return plural(len(profiles), "profile", "profiles") + " in " + path, nil
}

func (a *app) checkRegistry(ctx context.Context) (string, error) {
	return a.getHealth(ctx, "/healthz")
}

func (a *app) checkReady(ctx context.Context) (string, error) { return a.getHealth(ctx, "/readyz") }

func (a *app) getHealth(ctx context.Context, path string) (string, error) {
	c, err := a.client()
	if err != nil {
		return "", err
	}
	if _, err := c.Get(ctx, path, nil, nil); err != nil {
		return "", err
	}
	return a.settings.get("url"), nil
}

func (a *app) checkKey(ctx context.Context) (string, error) {
	c, err := a.client()
	if err != nil {
		return "", err
	}
	var me struct {
		Organisation string   `json:"organisation"`
		Roles        []string `json:"roles"`
	}
	if _, err := c.Get(ctx, "/v1/me", nil, &me); err != nil {
		return "", err
	}
	return me.Organisation + " as " + strings.Join(me.Roles, ", "), nil
}

func (a *app) checkJobs(context.Context) (string, error) {
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

func (a *app) checkTables(ctx context.Context) (string, error) {
	resp, err := a.askClickHouse(ctx, "SELECT version()", "TabSeparated")
	if err != nil {
		return "", err
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(io.LimitReader(resp.Body, 4096))
	if err != nil {
		return "", fmt.Errorf("ask the analysts' tables: %w", err)
	}
	if resp.StatusCode != 200 {
		return "", fmt.Errorf("the analysts' tables refuse: %s", strings.TrimSpace(string(text)))
	}
	return "ClickHouse " + strings.TrimSpace(string(text)), nil
}
