package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"
	"github.com/xuri/excelize/v2"
)

// exportFlags say where an export goes and how it is written.
type exportFlags struct {
	format string
	limit  int
}

func (f *exportFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&f.format, "format", "", "csv, ndjson or xlsx; else as the file's name ends, or ndjson")
	c.Flags().IntVar(&f.limit, "limit", 0, "how many; 0 = all")
}

// table says how an item becomes cells.
type exportTable struct {
	header []string
	row    func(json.RawMessage) ([]string, error)
}

// export is a file that is being written, item by item.
type export struct {
	table  exportTable
	add    func(json.RawMessage) error
	finish func() error // writes what waits for the end
	rows   int
	file   *os.File // nil: standard output
	name   string   // that the file gets when it is complete
	buf    *bufio.Writer
}

// newExport opens what args name, standard output if nothing. A file gets its
// name when it is complete; until then it has another.
func (a *app) newExport(f exportFlags, args []string, table exportTable) (*export, error) {
	e := &export{table: table, finish: func() error { return nil }}
	out := io.Writer(a.out)
	if len(args) == 1 && args[0] != "-" {
		e.name = args[0]
	}
	format, err := a.exportFormat(f.format, e.name)
	if err != nil {
		return nil, err
	}
	if format == "xlsx" && e.name == "" && terminal(a.out) {
		return nil, &usageError{"a workbook is nothing for a terminal", "name a file: export list.xlsx"}
	}
	if e.name != "" {
		if e.file, err = os.OpenFile(e.name+".part", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600); err != nil {
			return nil, fmt.Errorf("write export: %w", err)
		}
		out = e.file
	}
	e.buf = bufio.NewWriterSize(out, 64<<10)
	switch format {
	case "csv":
		err = e.asCSV()
	case "xlsx":
		err = e.asXLSX()
	default:
		e.add = func(item json.RawMessage) error { return writeLine(e.buf, item) }
	}
	if err != nil {
		return nil, errors.Join(err, e.discard())
	}
	return e, nil
}

// exportFormat goes by the flag, then by the file's name, then by -o.
func (a *app) exportFormat(flag, name string) (string, error) {
	ending := strings.TrimPrefix(strings.ToLower(filepath.Ext(name)), ".")
	for _, f := range []string{flag, ending, a.settings.get("output")} {
		switch f {
		case "csv", "xlsx", "ndjson":
			return f, nil
		}
		if flag != "" {
			return "", &usageError{fmt.Sprintf("--format %s is no format of an export", flag), "one of csv, ndjson, xlsx"}
		}
	}
	return "ndjson", nil
}

// asCSV guards cells that a spreadsheet would take for formulas; import takes
// the guard off.
func (e *export) asCSV() error {
	w := csv.NewWriter(e.buf)
	e.add = func(item json.RawMessage) error {
		row, err := e.table.row(item)
		if err != nil {
			return err
		}
		return w.Write(guarded(row))
	}
	e.finish = func() error {
		w.Flush()
		return w.Error()
	}
	return w.Write(e.table.header)
}

// maxSheetRows is how many rows a sheet has.
const maxSheetRows = 1_048_576

// asXLSX writes every cell as text: a serial that a spreadsheet takes for a
// quantity is damaged.
func (e *export) asXLSX() error {
	book := excelize.NewFile()
	sheet, err := book.NewStreamWriter("Sheet1")
	if err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	line := 0
	write := func(row []string) error {
		if line++; line > maxSheetRows {
			return &codedError{"too_many_rows", fmt.Sprintf("a sheet has %s rows, and there are more", count(maxSheetRows)), "--format csv", exitError}
		}
		cells := make([]any, len(row))
		for i, text := range row {
			if text != "" {
				cells[i] = text
			}
		}
		at, err := excelize.CoordinatesToCellName(1, line)
		if err != nil {
			return fmt.Errorf("write workbook: %w", err)
		}
		return sheet.SetRow(at, cells)
	}
	e.add = func(item json.RawMessage) error {
		row, err := e.table.row(item)
		if err != nil {
			return err
		}
		return write(row)
	}
	e.finish = func() error {
		if err := sheet.Flush(); err != nil {
			return fmt.Errorf("write workbook: %w", err)
		}
		if _, err := book.WriteTo(e.buf); err != nil {
			return fmt.Errorf("write workbook: %w", err)
		}
		return book.Close()
	}
	return write(e.table.header)
}

// put writes one item.
func (e *export) put(item json.RawMessage) error {
	e.rows++
	return e.add(item)
}

// close completes the export, or takes it away where something went wrong.
func (e *export) close(err error) error {
	if err == nil {
		err = e.finish()
	}
	if err == nil || e.file == nil {
		err = errors.Join(err, e.buf.Flush())
	}
	if err != nil {
		return errors.Join(err, e.discard())
	}
	if e.file == nil {
		return nil
	}
	if err := e.file.Close(); err != nil {
		return fmt.Errorf("write export: %w", err)
	}
	return os.Rename(e.name+".part", e.name)
}

func (e *export) discard() error {
	if e.file == nil {
		return nil
	}
	return errors.Join(e.file.Close(), os.Remove(e.name+".part"))
}

// said tells how much was written, where the data went to a file.
func (a *app) said(e *export, what, whats string) {
	if e.name != "" {
		a.note("%s → %s", plural(e.rows, what, whats), e.name)
	}
}
