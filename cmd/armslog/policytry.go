package main

import (
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/registry"
)

func (a *app) policyTry() *cobra.Command {
	return &cobra.Command{
		Use:   "try FILE|-",
		Short: "Fold history under another policy: who would have been notified more, and less",
		Long: "try folds the journal from its first entry under another policy, beside the registry, and tells which notifications\n" +
			"would have been sent more and fewer, with 20 examples of each. Nothing is appended. It takes as much memory on the\nserver as the registry's state, and one core; one policy is tried at a time. -o csv is the counts.",
		Args: exactArgs("FILE|-"),
		RunE: func(cmd *cobra.Command, args []string) error {
			body, err := a.readPolicy(args[0])
			if err != nil {
				return err
			}
			if a.global.dryRun {
				a.note("valid; nothing was sent (--dry-run)")
				return nil
			}
			c, err := a.client()
			if err != nil {
				return err
			}
			live := terminal(a.err) && !a.global.quiet
			raw, err := c.Try(cmd.Context(), body, func(folded, all uint64) {
				if live {
					fmt.Fprintf(a.err, "\rfolded %s of %s entries", count(folded), count(all))
				}
			})
			if live {
				fmt.Fprint(a.err, "\r\x1b[K")
			}
			if err != nil {
				return err
			}
			return a.writeTrial(raw)
		},
	}
}

func (a *app) writeTrial(raw json.RawMessage) error {
	var r registry.TrialResult
	if err := json.Unmarshal(raw, &r); err != nil {
		return fmt.Errorf("read trial: %w", err)
	}
	format, err := a.format()
	if err != nil {
		return err
	}
	if format != "csv" {
		return a.object(raw, func() error { return a.trialTable(&r) })
	}
	l, err := a.newList([]column{{"BY", "by", false}, {"VALUE", "value", false}, {"ADDED", "added", false}, {"GONE", "gone", false}})
	if err != nil {
		return err
	}
	for _, c := range r.Counts {
		item, err := marshal(c)
		if err != nil {
			return err
		}
		if err := l.add(item); err != nil {
			return err
		}
	}
	return l.close()
}

func (a *app) trialTable(r *registry.TrialResult) error {
	fmt.Fprintf(a.out, "policy %s on %s entries: %s sent, %s would have been; nothing was appended\n",
		r.Policy, count(r.Entries), plural(int(r.History), "notification was", "notifications were"), count(r.Trial))
	for _, s := range []struct {
		name string
		side registry.TrialSide
	}{{"added", r.Added}, {"gone", r.Gone}} {
		fmt.Fprintf(a.out, "%-6s %s about %s; %s\n", s.name, plural(int(s.side.Notifications), "notification", "notifications"),
			plural(int(s.side.Matches), "match", "matches"), plural(int(s.side.Candidates), "candidate", "candidates"))
	}
	if r.Undecided > 0 {
		fmt.Fprintf(a.out, "%s could not be decided under it: they answer matches that would not have been\n", plural(int(r.Undecided), "request", "requests"))
	}
	if len(r.Counts) == 0 {
		return nil
	}
	var rows [][]string
	for _, c := range r.Counts {
		rows = append(rows, []string{c.By, c.Value, count(c.Added), count(c.Gone)})
	}
	fmt.Fprintln(a.out)
	if err := a.table([]string{"BY", "VALUE", "ADDED", "GONE"}, rows); err != nil {
		return err
	}
	return a.trialExamples(r)
}

func (a *app) trialExamples(r *registry.TrialResult) error {
	var rows [][]string
	add := func(kind string, examples []registry.TrialExample) {
		for _, x := range examples {
			rows = append(rows, []string{
				kind, count(x.Seq), x.Organisation, x.Role, x.Class, shortID(x.MatchID.String()), gradeWords(x.Grade),
				strconv.Itoa(int(x.Bits / 1000)), x.Results.Make, joined(x.Asker, x.ActingFor), x.Owner,
			})
		}
	}
	add("added", r.Added.Examples)
	add("gone", r.Gone.Examples)
	fmt.Fprintln(a.out)
	return a.table([]string{"", "SEQ", "TOLD", "AS", "CLASS", "MATCH", "GRADE", "BITS", "MAKE", "ASKED BY", "OWNER"}, rows)
}
