package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers/references"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

func (a *app) referenceImport() *cobra.Command {
	var table string
	var seed, newMakes bool
	c := &cobra.Command{
		Use:   "import FILE|- --map NAME",
		Short: "Merge a table that others keep into the reference table",
		Long: "Merge a table that others keep: what a line names is amended by its code and its spelling, and\n" +
			"what nothing names is left out and counted. Two makes that the table knows are a conflict when\n" +
			"firearms are compared, so makes that it does not know are added only with --new-makes. The tables\n" +
			"are " + strings.Join(references.Maps(), ", ") + " (NDJSON of entries in full); none of them ships with armslog,\n" +
			"but for the built-in table: --seed. Sent again, what is known is not sent.",
		Example: "  armslog reference import --seed\n  armslog reference import ncic_mak.tsv --map ncic-mak --dry-run\n" +
			"  armslog reference import nvdrs_make_model.csv --map nvdrs",
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			text, err := a.referenceFile(args, seed)
			if err != nil {
				return err
			}
			name := "built-in table"
			if seed {
				table = "armslog"
			} else {
				name = baseWithEnding(args[0])
			}
			if !slices.Contains(references.Maps(), table) {
				return &usageError{fmt.Sprintf("--map %q is none", table), "one of " + strings.Join(references.Maps(), ", ")}
			}
			rows, err := references.Read(table, bytes.NewReader(text))
			if err != nil {
				return err
			}
			return a.mergeReference(cmd.Context(), name, rows, newMakes)
		},
	}
	c.Flags().StringVar(&table, "map", "", strings.Join(references.Maps(), ", "))
	c.Flags().BoolVar(&seed, "seed", false, "the built-in table")
	c.Flags().BoolVar(&newMakes, "new-makes", false, "add makes that the table does not know")
	return c
}

// maxTable bounds a table that is read.
const maxTable = 64 << 20

func (a *app) referenceFile(args []string, seed bool) ([]byte, error) {
	switch {
	case seed && len(args) > 0:
		return nil, &usageError{"a file and --seed together", "either a table of others, or the built-in one"}
	case seed:
		return schemas.ReferenceSeed(), nil
	case len(args) == 0:
		return nil, &usageError{"missing FILE", "armslog reference import FILE --map NAME, or --seed"}
	}
	in := a.in
	if args[0] != "-" {
		f, _, err := openFile(args[0])
		if err != nil {
			return nil, err
		}
		defer f.Close()
		in = f
	}
	text, err := io.ReadAll(io.LimitReader(in, maxTable))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", args[0], err)
	}
	return text, nil
}

func (a *app) mergeReference(ctx context.Context, name string, rows []references.Row, newMakes bool) error {
	have, err := a.referenceTable(ctx)
	if err != nil {
		return err
	}
	m := references.Merge(have, rows, newMakes)
	fmt.Fprintf(a.out, "%s   %s   %s to add   %s to amend   %s known\n",
		name, plural(len(rows), "row", "rows"), count(m.Added), count(m.Amended), count(m.Known))
	if len(m.Left) > 0 {
		fmt.Fprintf(a.out, "left out     %s\n", leftWords(m.Left))
	}
	if a.global.dryRun {
		fmt.Fprintln(a.out, "dry run: nothing was sent")
		return nil
	}
	return a.sendReference(ctx, m.Changed)
}

// leftWords are "country 563   unclear 103", the most first.
func leftWords(left map[string]int) string {
	reasons := slices.SortedFunc(maps.Keys(left), func(x, y string) int {
		if left[x] != left[y] {
			return left[y] - left[x]
		}
		return strings.Compare(x, y)
	})
	var parts []string
	for _, r := range reasons {
		parts = append(parts, r+" "+count(left[r]))
	}
	return strings.Join(parts, "   ")
}

// referenceTable is the whole table as it stands.
func (a *app) referenceTable(ctx context.Context) (all []*events.ReferenceSubmitted, err error) {
	c, err := a.client()
	if err != nil {
		return nil, err
	}
	for item, err := range items(ctx, c, "/v1/reference", url.Values{}, 0) {
		if err != nil {
			return nil, err
		}
		var r registry.ReferenceInfo
		if err := json.Unmarshal(item, &r); err != nil {
			return nil, fmt.Errorf("read entry: %w", err)
		}
		all = append(all, &r.ReferenceSubmitted)
	}
	return all, nil
}

// sendReference submits entries one after another: a model is refused before
// its make is there. Each is a request of its own, so each has a key of its own.
func (a *app) sendReference(ctx context.Context, changed []*events.ReferenceSubmitted) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	var last uint64
	for i, body := range changed {
		var reply events.Reply
		if _, err := c.Under(fmt.Sprintf("%s:%d", a.requestKey(), i)).Post(ctx, "/v1/reference", body, &reply); err != nil {
			a.note("%s of %s sent; the same command again goes on", count(i), count(len(changed)))
			return err
		}
		last = reply.Seq
	}
	if len(changed) > 0 {
		fmt.Fprintf(a.out, "%s sent  ·  the table holds so from seq %s on\n", plural(len(changed), "entry", "entries"), count(last))
	}
	return nil
}
