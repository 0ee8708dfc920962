package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/producers/imports"
)

// searchRun asks one question a row: one row in, one row out, in order.
type searchRun struct {
	app      *app
	flags    searchFlags
	reader   *imports.Reader
	list     *list
	index    int64
	number   int64
	matches  int64
	rejected int64
}

// resultColumns stand behind the file's own.
func resultColumns() []string {
	return []string{"status", "matches", "candidates", "class", "grade", "strength", "owner", "category", "incident_date",
		"match_id", "search_id", "stands_until", "seq", "code", "message"}
}

func (a *app) searchFile(ctx context.Context, f searchFlags, args []string) error {
	if len(args) > 0 {
		return &usageError{"marks and --file together", "either marks, or a file of them"}
	}
	var from io.Reader = a.in
	options := imports.Options{Sheet: f.sheet, File: imports.File{Format: imports.CSV}}
	if f.file != "-" {
		file, info, err := openFile(f.file)
		if err != nil {
			return err
		}
		defer file.Close()
		from = file
		if info.Mode().IsRegular() {
			options.At, options.Size = file, info.Size()
		}
	}
	reader, err := imports.NewReader(from, options)
	if err != nil {
		return err
	}
	if !slices.Contains(reader.Header(), "mark") {
		return &imports.FileError{Code: "column_missing", Message: "the file has no column mark",
			Hint: "columns: mark, and of make, model, calibre, type, place, country, date, case_number, operation, purpose, context what is known"}
	}
	r := &searchRun{app: a, flags: f, reader: reader}
	if r.list, err = a.newList(r.columns()); err != nil {
		return err
	}
	return r.run(ctx)
}

func (r *searchRun) columns() []column {
	var columns []column
	names := append(slices.Clone(r.reader.Header()), resultColumns()...)
	if r.reader.Format() == imports.XLSX {
		names = append(names, "warning") // what the sheet may have done to the mark
	}
	for _, name := range names {
		columns = append(columns, column{strings.ToUpper(name), name, strings.HasSuffix(name, "_id")})
	}
	return columns
}

func (r *searchRun) run(ctx context.Context) error {
	c, err := r.app.client()
	if err != nil {
		return err
	}
	s := &stream{
		client:     c,
		options:    client.BatchOptions{Path: "/v1/searches:batch", Key: r.app.requestKey(), From: 1},
		feed:       r.feed,
		told:       r.told,
		checkpoint: func(client.Counts, int64) error { return nil },
		patience:   30 * time.Second,
		retrying:   func(err error, _ time.Duration) { r.app.note("waiting for the registry: %v", err) },
	}
	if r.app.global.dryRun {
		err = r.dryRun()
	} else {
		err = s.run(ctx)
	}
	if err = errors.Join(err, r.list.close()); err != nil {
		return err
	}
	switch {
	case r.flags.exitCode && r.matches > 0:
		return silent(exitMatches)
	case r.rejected > 0:
		return silent(exitRejected)
	}
	return nil
}

// dryRun says of each row whether it could be asked.
func (r *searchRun) dryRun() error {
	for {
		it, err := r.feed()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := r.told(it, &client.Verdict{Status: "valid"}); err != nil {
			return err
		}
	}
}

// feed makes a question of the next row.
func (r *searchRun) feed() (item, error) {
	row, err := r.reader.Next()
	if err != nil {
		return item{}, err
	}
	r.index++
	it := item{row: row, index: r.index}
	if row.Err != nil {
		it.errors = []events.FieldError{*row.Err}
		return it, nil
	}
	body, errs := r.question(row)
	if len(errs) > 0 {
		it.errors = errs
		return it, nil
	}
	r.number++
	it.body, it.number = body, r.number
	return it, nil
}

func (r *searchRun) question(row imports.Row) ([]byte, []events.FieldError) {
	f, a := r.flags, r.app
	at := func(name string, otherwise string) string {
		if i := slices.Index(r.reader.Header(), name); i >= 0 && strings.TrimSpace(row.Fields[i]) != "" {
			return strings.TrimSpace(row.Fields[i])
		}
		return otherwise
	}
	f.make, f.model, f.calibre, f.kind = at("make", f.make), at("model", f.model), at("calibre", f.calibre), at("type", f.kind)
	f.place, f.operation, f.country = at("place", f.place), at("operation", f.operation), at("country", f.country)
	f.caseNumber, f.date, f.standUntil = at("case_number", f.caseNumber), at("date", f.date), at("stand_until", f.standUntil)
	text := at("mark", "")
	if text == "" {
		return nil, []events.FieldError{{Code: "required", Message: "the row has no mark"}}
	}
	question, err := a.searchBody(f, []string{text})
	if err != nil {
		return nil, []events.FieldError{{Code: "invalid", Message: err.Error()}}
	}
	question.Purpose, question.Context = at("purpose", question.Purpose), at("context", question.Context)
	body, err := json.Marshal(question)
	if err != nil {
		return nil, []events.FieldError{{Code: "invalid", Message: err.Error()}}
	}
	_, errs := events.Decode(events.TypeSearchMade, body)
	return body, events.Explain(events.TypeSearchMade, body, errs)
}

// told writes the row with its answer.
func (r *searchRun) told(it item, v *client.Verdict) error {
	out := map[string]any{"line": it.row.Line}
	for i, name := range r.reader.Header() {
		if i < len(it.row.Fields) {
			out[name] = it.row.Fields[i]
		}
	}
	errs := it.errors
	if v == nil || it.body == nil {
		out["status"] = "rejected"
	} else {
		errs = v.Errors
		r.answer(out, v)
	}
	if len(errs) > 0 {
		r.rejected++
		out["code"], out["message"] = errs[0].Code, reason(errs)
	}
	if warning := r.warning(it.row); warning != "" {
		out["warning"] = warning
	}
	raw, err := marshal(out)
	if err != nil {
		return err
	}
	return r.list.add(raw)
}

// warning says what a sheet may have done to the mark of a row.
func (r *searchRun) warning(row imports.Row) string {
	i := slices.Index(r.reader.Header(), "mark")
	if i >= len(row.Cells) {
		return ""
	}
	return imports.CellWarning(row.Cells[i])
}

func (r *searchRun) answer(out map[string]any, v *client.Verdict) {
	r.matches += int64(len(v.Matches))
	out["status"], out["seq"], out["search_id"], out["stands_until"] = v.Status, v.Seq, v.ID, v.StandsUntil
	out["matches"], out["candidates"] = len(v.Matches), len(v.Candidates)
	if best := append(v.Matches[:len(v.Matches):len(v.Matches)], v.Candidates...); len(best) > 0 {
		m := best[0]
		out["class"], out["grade"], out["strength"], out["match_id"] = m.Class, m.Grade, m.Strength, m.MatchID
		out["owner"], out["category"], out["incident_date"] = m.Summary.Owner, m.Summary.Category, m.Summary.IncidentDate
	}
	if r.list.format == "json" || r.list.format == "ndjson" {
		out["met"] = append(v.Matches[:len(v.Matches):len(v.Matches)], v.Candidates...)
	}
}
