package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers/references"
	"github.com/armslog/armslog/registry/reference"
	"github.com/armslog/armslog/schemas"
)

func (a *app) referenceCoverage() *cobra.Command {
	var f importFlags
	var seed bool
	var table string
	var top int
	c := &cobra.Command{
		Use:   "coverage FILE --map NAME",
		Short: "Measure how many rows of a file reach the reference table, and list what does not",
		Long: "Map a file as import does, register nothing, and say of its makes and calibres how many rows and\n" +
			"spellings are in the reference table (that is what records are compared by), how many find forgives\n" +
			"and leaves no choice about, by reason, and which are the commonest that it does not know.",
		Example: "  armslog reference coverage seizures.csv --map sp-ssp\n  armslog reference coverage seizures.csv --map sp-ssp --seed",
		Args:    exactArgs("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error {
			have, err := a.coverageTable(cmd.Context(), seed, table)
			if err != nil {
				return err
			}
			in, err := a.openImport(cmd.Context(), args[0], f)
			if err != nil {
				return err
			}
			defer in.close()
			return a.coverage(in, have, top)
		},
	}
	c.Flags().StringVar(&f.mapping, "map", "", "a mapping that ships (sp-ssp, ua-weapons) or a .json file")
	c.Flags().BoolVar(&seed, "seed", false, "against the built-in table, without a registry")
	c.Flags().StringVar(&table, "table", "", "against a file of entries (NDJSON), without a registry")
	c.Flags().IntVar(&top, "top", 20, "how many spellings that are not known to list")
	return c
}

func (a *app) coverageTable(ctx context.Context, seed bool, file string) ([]*events.ReferenceSubmitted, error) {
	text := schemas.ReferenceSeed()
	switch {
	case file != "":
		var err error
		if text, err = a.referenceFile([]string{file}, false); err != nil {
			return nil, err
		}
	case !seed:
		return a.referenceTable(ctx)
	}
	rows, err := references.Read("armslog", bytes.NewReader(text))
	if err != nil {
		return nil, err
	}
	return references.Merge(nil, rows, true).Changed, nil
}

// stated counts how often each spelling is stated.
type stated map[string]int

func (a *app) coverage(in *importInput, have []*events.ReferenceSubmitted, top int) error {
	makes, calibres := stated{}, stated{}
	rows := 0
	for {
		it, err := in.next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
		if it.body == nil {
			continue
		}
		rows++
		var record struct {
			Firearm struct{ Make, Calibre string }
		}
		if err := json.Unmarshal(it.body, &record); err != nil {
			return fmt.Errorf("read row: %w", err)
		}
		makes[record.Firearm.Make]++
		calibres[record.Firearm.Calibre]++
	}
	fmt.Fprintf(a.out, "%s of %s are records   table of %s\n", plural(rows, "row", "rows"), baseWithEnding(in.name), plural(len(have), "entry", "entries"))
	for _, c := range []struct {
		kind string
		of   stated
	}{{"make", makes}, {"calibre", calibres}} {
		if err := a.covered(c.kind, c.of, have, top); err != nil {
			return err
		}
	}
	return nil
}

// covered prints what of one kind the table knows.
func (a *app) covered(kind string, of stated, have []*events.ReferenceSubmitted, top int) error {
	delete(of, "") // not stated
	var known []*reference.Spellings
	for _, b := range have {
		if b.Kind == kind {
			known = append(known, reference.SpellingsOf(b.Name, b.Aliases, nil))
		}
	}
	rows, spellings := map[string]int{}, map[string]int{}
	var unknown []string
	for text, n := range of {
		how := howCovered(text, known)
		if how == "not found" {
			unknown = append(unknown, text)
		}
		rows[how] += n
		spellings[how]++
		rows["stated"] += n
		spellings["stated"]++
	}
	var lines [][]string
	for _, how := range []string{"stated", "in the table", "words", "beginning", "spelling", "part", "not found"} {
		share := ""
		if rows["stated"] > 0 {
			share = fmt.Sprintf("%.2f %%", 100*float64(rows[how])/float64(rows["stated"]))
		}
		lines = append(lines, []string{how, count(rows[how]), share, count(spellings[how])})
	}
	fmt.Fprintf(a.out, "\n%s\n", kind)
	if err := a.table([]string{"", "ROWS", "SHARE", "SPELLINGS"}, lines); err != nil {
		return err
	}
	slices.SortFunc(unknown, func(x, y string) int { return cmp.Or(cmp.Compare(of[y], of[x]), strings.Compare(x, y)) })
	var common []string
	for _, text := range unknown[:min(top, len(unknown))] {
		common = append(common, fmt.Sprintf("%s %d", text, of[text]))
	}
	if len(common) > 0 {
		fmt.Fprintf(a.out, "commonest not found: %s\n", strings.Join(common, " · "))
	}
	return nil
}

// howCovered says how the table knows a spelling: as records are compared, or
// by what find forgives and leaves no choice about.
func howCovered(text string, known []*reference.Spellings) string {
	hit, ok := reference.Only(reference.Find(text, slices.All(known), 0))
	switch {
	case !ok:
		return "not found"
	case hit.Reason.Exact():
		return "in the table"
	}
	return hit.Reason.String()
}
