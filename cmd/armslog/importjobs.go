package main

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"
)

func (a *app) importStatus() *cobra.Command {
	return &cobra.Command{
		Use:   "status [JOB]",
		Short: "List imports, or show one",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				j, err := loadJob(a.settings, args[0])
				if err != nil {
					return err
				}
				raw, err := json.Marshal(j)
				if err != nil {
					return fmt.Errorf("write job: %w", err)
				}
				return a.object(raw, func() error { return a.fields(raw) })
			}
			return a.listJobs()
		},
	}
}

func (a *app) listJobs() error {
	dir, err := jobsDir(a.settings)
	if err != nil {
		return err
	}
	paths, err := filepath.Glob(filepath.Join(dir, "imp-*.json"))
	if err != nil {
		return fmt.Errorf("list jobs: %w", err)
	}
	var jobs []*job
	for _, path := range paths {
		j, err := readJob(path)
		if err != nil {
			return err
		}
		jobs = append(jobs, j)
	}
	slices.SortFunc(jobs, func(x, y *job) int { return y.Started.Compare(x.Started) })
	l, err := a.newList([]column{{"JOB", "job", false}, {"STATUS", "status", false}, {"FILE", "file", false}, {"LINE", "line", false},
		{"SENT", "sent", false}, {"STARTED", "started", false}, {"UPDATED", "updated", false}})
	if err != nil {
		return err
	}
	for _, j := range jobs {
		raw, err := json.Marshal(j)
		if err != nil {
			return fmt.Errorf("write job: %w", err)
		}
		if err := l.add(raw); err != nil {
			return err
		}
	}
	return l.close()
}

func (a *app) importResume() *cobra.Command {
	var maxErrors int64
	c := &cobra.Command{
		Use:   "resume JOB",
		Short: "Go on with an import that was interrupted",
		Args:  exactArgs("JOB"),
		RunE: func(cmd *cobra.Command, args []string) error {
			j, err := loadJob(a.settings, args[0])
			if err != nil {
				return err
			}
			if j.Status == "finished" || j.Status == "aborted" {
				return &codedError{"job_" + j.Status, fmt.Sprintf("job %s is %s", j.ID, j.Status), "import the file anew: rows that are registered already are unchanged", exitError}
			}
			if err := j.sameFile(); err != nil {
				return err
			}
			if cmd.Flags().Changed("max-errors") {
				j.MaxErrors = maxErrors
			}
			in, err := a.openImport(cmd.Context(), j.File, importFlags{mapping: j.Map, sheet: j.Sheet, follow: j.Follow})
			if err != nil {
				return err
			}
			defer in.close()
			if in.mapping != nil && in.mapping.Name != j.MapName {
				return &codedError{"mapping_changed", fmt.Sprintf("the job was mapped with %s, now there is %s", j.MapName, in.mapping.Name),
					"import the file anew", exitError}
			}
			return a.runImport(cmd.Context(), in, j)
		},
	}
	c.Flags().Int64Var(&maxErrors, "max-errors", 0, "stop when more rows than this are rejected; 0 = never")
	return c
}

func (a *app) importAbort() *cobra.Command {
	return &cobra.Command{
		Use:   "abort JOB",
		Short: "Give an import up; what was registered stays registered",
		Args:  exactArgs("JOB"),
		RunE: func(_ *cobra.Command, args []string) error {
			j, err := loadJob(a.settings, args[0])
			if err != nil {
				return err
			}
			if j.Status == "finished" {
				return &codedError{"job_finished", fmt.Sprintf("job %s is finished", j.ID), "", exitError}
			}
			j.Status = "aborted"
			if err := j.save(); err != nil {
				return err
			}
			fmt.Fprintf(a.out, "%s aborted after line %s\n", j.ID, count(j.Line))
			return nil
		},
	}
}
