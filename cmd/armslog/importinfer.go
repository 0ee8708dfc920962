package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers/imports"
)

func (a *app) importInfer() *cobra.Command {
	var known imports.Known
	var save string
	c := &cobra.Command{
		Use:   "infer FILE",
		Short: "Look at a file and propose a mapping for it",
		Long: "Look at a file (CSV, XLSX, XML, fixed width, NDJSON or JSON) and propose a mapping: how it is\n" +
			"written, which column is what, and five rows as they would be registered. What cannot be decided\n" +
			"is left out and asked; the questions stand in the mapping too. Nothing is sent.",
		Example: "  armslog import infer seizures.xlsx --country BR --retain-years 15 --save ours\n" +
			"  armslog import seizures.xlsx --map ours --dry-run\n  armslog import infer seizures.csv -o json > ours.json",
		Args: exactArgs("FILE"),
		RunE: func(_ *cobra.Command, args []string) error { return a.infer(args[0], known, save) },
	}
	f := c.Flags()
	f.StringVar(&save, "save", "", "keep the mapping: a name for --map, or a file that ends in .json")
	f.StringVar(&known.Sheet, "sheet", "", "XLSX: the sheet, where there are several")
	f.StringVar(&known.Country, "country", "", "where it happened, if no column says so (two letters)")
	f.StringVar(&known.Category, "category", "", "what happened, if no column says so: "+strings.Join(events.Categories.Codes(), ", "))
	f.IntVar(&known.RetainYears, "retain-years", 0, "how long the records are kept, counted from what happened")
	return c
}

func (a *app) infer(name string, known imports.Known, save string) error {
	if known.Country != "" && !events.Countries.Has(strings.ToUpper(known.Country)) {
		return &usageError{fmt.Sprintf("--country %s is none", known.Country), "two letters, such as BR"}
	}
	if known.Category != "" && !events.Categories.Has(known.Category) {
		return &usageError{fmt.Sprintf("--category %s is none", known.Category), "one of " + strings.Join(events.Categories.Codes(), ", ")}
	}
	file, info, err := openFile(name)
	if err != nil {
		return err
	}
	defer file.Close()
	p, err := imports.Infer(file, info.Size(), baseName(name), known)
	if err != nil {
		return err
	}
	raw, err := marshal(p.Mapping)
	if err != nil {
		return err
	}
	if err := a.object(raw, func() error { return a.showProposal(baseWithEnding(name), p) }); err != nil {
		return err
	}
	if save == "" {
		return nil
	}
	return a.saveMapping(name, save, p.Mapping)
}

// showProposal is the screen of infer.
func (a *app) showProposal(name string, p *imports.Proposal) error {
	about := []string{string(p.Format)}
	if p.Format == imports.CSV {
		about = append(about, fmt.Sprintf("separated by %q", p.Comma))
	}
	if p.Mapping.Legacy != "" {
		about = append(about, p.Mapping.Legacy)
	}
	if n := p.Mapping.File.Skip; n > 0 {
		about = append(about, plural(n, "line", "lines")+" above the rows")
	}
	if r := p.Mapping.File.Record; r != "" {
		about = append(about, "record element "+r)
	}
	fmt.Fprintf(a.out, "%s   %s   %s looked at\n\n", name, strings.Join(about, ", "), plural(p.Rows, "row", "rows"))
	var rows [][]string
	for _, f := range p.Findings {
		rows = append(rows, []string{strings.Replace(f.Field, "mark", "marks.0", 1), f.Column, f.Confidence(), f.Because})
	}
	if err := a.table([]string{"FIELD", "COLUMN", "SURE", "BECAUSE OF"}, rows); err != nil {
		return err
	}
	if err := a.showSample(p.Sample); err != nil {
		return err
	}
	if len(p.Mapping.Questions) == 0 {
		return nil
	}
	fmt.Fprintf(a.out, "\nNot decided; answer by a flag, or in the mapping:\n")
	for _, q := range p.Mapping.Questions {
		fmt.Fprintf(a.out, "  ? %s\n", q)
	}
	return nil
}

func (a *app) showSample(records []*events.RecordSubmitted) error {
	if len(records) == 0 {
		return nil
	}
	fmt.Fprintf(a.out, "\nThe first %s, as they would be registered:\n", plural(len(records), "row", "rows"))
	var rows [][]string
	for _, r := range records {
		mark := r.Firearm.Marks[0]
		text := mark.Text
		if text == "" {
			text = "(" + mark.Status + ")"
		}
		rows = append(rows, []string{text, r.Firearm.Type, r.Firearm.Make, r.Firearm.Model, r.Firearm.Calibre, r.Category, r.Incident.Date.String(),
			r.Incident.Country, r.Incident.Place, r.Incident.CaseNumber, r.Source.ID})
	}
	return a.table([]string{"MARK", "TYPE", "MAKE", "MODEL", "CALIBRE", "CATEGORY", "DATE", "COUNTRY", "PLACE", "CASE", "SOURCE ID"}, rows)
}

// saveMapping keeps a mapping where --map finds it. One that is there is never
// written over: somebody may have answered its questions.
func (a *app) saveMapping(name, save string, m *imports.Mapping) error {
	path := save
	if filepath.Ext(save) != ".json" {
		var err error
		if path, err = a.settings.mappingPath(save); err != nil {
			return err
		}
		m.Name = save + "@1"
	}
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write mapping: %w", err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("save mapping: %w", err)
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if errors.Is(err, os.ErrExist) {
		return &codedError{"mapping_exists", path + " is there already", "choose another name, or remove it", exitError}
	}
	if err != nil {
		return fmt.Errorf("save mapping: %w", err)
	}
	if _, err := f.Write(append(text, '\n')); err != nil {
		return errors.Join(fmt.Errorf("save mapping: %w", err), f.Close())
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("save mapping: %w", err)
	}
	a.note("mapping → %s   next: armslog import %s --map %s --dry-run", path, name, save)
	return nil
}

// mappingPath is where a mapping of the user's own is kept. Its name is a plain
// one, and not that of a mapping that ships.
func (s *settings) mappingPath(name string) (string, error) {
	if name == "" || strings.Trim(name, "abcdefghijklmnopqrstuvwxyz0123456789-_") != "" || slices.Contains(imports.MappingNames(), name) {
		return "", &usageError{fmt.Sprintf("%q is no name for a mapping of one's own", name), "small letters, digits and -, or a file that ends in .json"}
	}
	return s.configPath(filepath.Join("mappings", name+".json"))
}

// loadMapping finds a mapping of the user's own, one that ships, or a file.
func (s *settings) loadMapping(name string) (*imports.Mapping, error) {
	if path, err := s.mappingPath(name); err == nil {
		if _, err := os.Stat(path); err == nil {
			return imports.LoadMapping(path)
		}
	}
	return imports.LoadMapping(name)
}
