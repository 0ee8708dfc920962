package references

import (
	"bufio"
	"encoding/csv"
	"fmt"
	"io"
	"strings"

	"github.com/armslog/armslog/events"
)

// Row is what one line of a table says of one thing.
type Row struct {
	Line  int
	Kind  string   // make, model, calibre, type
	Names []string // spellings; the first names a new entry
	Maker []string // of a model: spellings of its make
	List  string   // of Code, such as ncic
	Code  string
	Adds  bool                       // makes an entry where none is named
	Left  string                     // why the line is left out; "" = it is not
	Whole *events.ReferenceSubmitted // the line is an entry in full
}

// Maps are the tables that can be read.
func Maps() []string { return []string{"ncic-mak", "ncic-cal", "ncic-gtyp", "nvdrs", "armslog"} }

// Read reads a table of one of Maps. An error says that the file as a whole
// cannot be read; a line that tells nothing is a row that is left out.
func Read(table string, from io.Reader) ([]Row, error) {
	switch table {
	case "ncic-mak":
		return coded(from, ncicMake)
	case "ncic-cal":
		return coded(from, ncicCalibre)
	case "ncic-gtyp":
		return coded(from, ncicType)
	case "nvdrs":
		return nvdrs(from)
	case "armslog":
		return entries(from)
	}
	return nil, fmt.Errorf("read table: %q is none of %s", table, strings.Join(Maps(), ", "))
}

// coded reads lines of a code, a tab and a text.
func coded(from io.Reader, read func(code, text string) []Row) (all []Row, err error) {
	lines := bufio.NewScanner(from)
	for n := 1; lines.Scan(); n++ {
		code, text, ok := strings.Cut(strings.TrimRight(lines.Text(), "\r"), "\t")
		rows := []Row{{Left: "no_code"}}
		if ok {
			rows = read(strings.TrimSpace(code), strings.ToUpper(strings.TrimSpace(text)))
		}
		for _, r := range rows {
			r.Line = n
			all = append(all, r)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	return all, nil
}

// nvdrs reads the list of makes and models of the National Violent Death
// Reporting System: code, make, model.
func nvdrs(from io.Reader) (all []Row, err error) {
	in := csv.NewReader(from)
	in.LazyQuotes = true
	head, err := in.Read()
	if err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	if strings.Join(head, ",") != "code,make,model" {
		return nil, fmt.Errorf("read table: its columns are %s, and not code, make, model", strings.Join(head, ", "))
	}
	for last := ""; ; {
		cells, err := in.Read()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read table: %w", err)
		}
		line, _ := in.FieldPos(0)
		makers := names(cells[1])
		if len(makers) == 0 || noMake[makers[0]] {
			all = append(all, Row{Line: line, Left: "not_a_make"})
			continue
		}
		if cells[1] != last {
			all = append(all, Row{Line: line, Kind: "make", Names: makers, Adds: true})
			last = cells[1]
		}
		model := strings.TrimSpace(strings.Trim(cells[2], `"`))
		if model == "" || noMake[model] {
			continue
		}
		all = append(all, Row{Line: line, Kind: "model", Names: []string{model}, Maker: makers, List: "nvdrs", Code: strings.TrimSpace(cells[0]), Adds: true})
	}
}

// noMake are words of the column that name no maker.
var noMake = map[string]bool{"UNKNOWN": true, "OTHER": true, "ALLIES": true, "RUSSIA": true, "GERMANY": true, "HUNGARY": true}

// names are the spellings that stand in one cell, apart by a slash; what is in
// brackets explains them.
func names(cell string) (all []string) {
	cell = strings.Trim(cell, `"`)
	for before, rest, ok := strings.Cut(cell, "("); ok; before, rest, ok = strings.Cut(cell, "(") {
		_, behind, _ := strings.Cut(rest, ")")
		cell = before + behind
	}
	for part := range strings.SplitSeq(cell, "/") {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// entries reads NDJSON of reference.submitted, as the seed is.
func entries(from io.Reader) (all []Row, err error) {
	lines := bufio.NewScanner(from)
	lines.Buffer(nil, 2*events.MaxBody)
	for n := 1; lines.Scan(); n++ {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		body, errs := events.Decode(events.TypeReferenceSubmitted, []byte(lines.Text()))
		if len(errs) > 0 {
			all = append(all, Row{Line: n, Left: errs[0].Code})
			continue
		}
		all = append(all, Row{Line: n, Whole: body.(*events.ReferenceSubmitted)})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("read table: %w", err)
	}
	return all, nil
}
