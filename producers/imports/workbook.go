package imports

import (
	"archive/zip"
	"bufio"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strings"
)

// zipMagic is how a workbook begins, as every zip archive does.
const zipMagic = "PK\x03\x04"

// Bounds of a workbook. What unpacks to more is no table of weapons.
const (
	maxPiped      = 64 << 20 // of a workbook that comes through a pipe
	maxPart       = 16 << 20 // of its list of sheets, and of its formats
	maxSharedText = 512 << 20
	maxSheet      = 8 << 30
	maxSheetRow   = 1 << 20 // one row, as XML
)

// workbook is an XLSX file, as ECMA-376 (ISO 29500) describes it: parts in a
// zip archive, which are read as streams. Why not by a library:
// docs/decisions/workbooks.md.
type workbook struct {
	parts   map[string]*zip.File
	sheets  []sheet
	from    epoch
	formats []cellFormat // by the style of a cell
	texts   []string     // shared by cells
}

type sheet struct{ name, part string }

func notWorkbook(what string) error {
	return &FileError{"not_a_workbook", what, "save it as .xlsx (Excel workbook), or as CSV UTF-8"}
}

// openWorkbook finds the sheet and its header.
func openWorkbook(in *bufio.Reader, o Options) (*Reader, error) {
	at, size := o.At, o.Size
	if o.Grows {
		return nil, notWorkbook("a workbook does not grow at its end, and cannot be followed")
	}
	if at == nil {
		text, err := io.ReadAll(io.LimitReader(in, maxPiped+1))
		if err != nil {
			return nil, fmt.Errorf("read workbook: %w", err)
		}
		if len(text) > maxPiped {
			return nil, &FileError{"too_large", fmt.Sprintf("a workbook of more than %d MB comes through a pipe", maxPiped>>20), "name the file instead"}
		}
		at, size = bytes.NewReader(text), int64(len(text))
	}
	archive, err := zip.NewReader(at, size)
	if err != nil {
		return nil, notWorkbook("the file begins as a workbook and cannot be unpacked: it may be cut off")
	}
	w := &workbook{parts: make(map[string]*zip.File, len(archive.File))}
	for _, f := range archive.File {
		w.parts[strings.ToLower(strings.TrimPrefix(f.Name, "/"))] = f
	}
	if err := w.load(); err != nil {
		return nil, err
	}
	s, err := w.choose(o.File.Sheet)
	if err != nil {
		return nil, err
	}
	return w.rows(s, o.File)
}

// load reads the list of sheets, the formats and the shared texts.
func (w *workbook) load() error {
	var book struct {
		Properties struct {
			Date1904 string `xml:"date1904,attr"`
		} `xml:"workbookPr"`
		Sheets []struct {
			Name  string     `xml:"name,attr"`
			State string     `xml:"state,attr"`
			Attrs []xml.Attr `xml:",any,attr"`
		} `xml:"sheets>sheet"`
	}
	const main = "xl/workbook.xml"
	if w.parts[main] == nil {
		return notWorkbook("the file is an archive, and no workbook that is read")
	}
	if err := w.part(main, &book); err != nil {
		return err
	}
	targets, err := w.targets()
	if err != nil {
		return err
	}
	w.from = epoch(book.Properties.Date1904 == "1" || book.Properties.Date1904 == "true")
	for _, s := range book.Sheets {
		for _, a := range s.Attrs {
			if part := targets[a.Value]; a.Name.Local == "id" && part != "" {
				w.sheets = append(w.sheets, sheet{s.Name, part})
			}
		}
	}
	if err := w.loadFormats(); err != nil {
		return err
	}
	return w.loadTexts()
}

// targets are the parts of worksheets by the ids that the workbook gives them.
func (w *workbook) targets() (map[string]string, error) {
	var rels struct {
		All []struct {
			ID     string `xml:"Id,attr"`
			Type   string `xml:"Type,attr"`
			Target string `xml:"Target,attr"`
		} `xml:"Relationship"`
	}
	if err := w.part("xl/_rels/workbook.xml.rels", &rels); err != nil {
		return nil, err
	}
	targets := make(map[string]string, len(rels.All))
	for _, r := range rels.All {
		if strings.HasSuffix(r.Type, "/worksheet") {
			targets[r.ID] = partName(r.Target)
		}
	}
	return targets, nil
}

// partName is where a target of the workbook stands in the archive.
func partName(target string) string {
	if !strings.HasPrefix(target, "/") {
		target = path.Join("xl", target)
	}
	return strings.ToLower(strings.TrimPrefix(target, "/"))
}

// part reads a small part; one that is not there says nothing.
func (w *workbook) part(name string, into any) error {
	r, err := w.open(name)
	if r == nil || err != nil {
		return err
	}
	defer r.Close()
	limited := &io.LimitedReader{R: r, N: maxPart}
	if err := xml.NewDecoder(limited).Decode(into); err != nil {
		return damaged(name, err)
	}
	return nil
}

// open gives nothing for a part that is not there.
func (w *workbook) open(name string) (io.ReadCloser, error) {
	f := w.parts[name]
	if f == nil {
		return nil, nil
	}
	r, err := f.Open()
	if err != nil {
		return nil, damaged(name, err)
	}
	return r, nil
}

func damaged(part string, err error) error {
	return notWorkbook(fmt.Sprintf("the workbook's part %s cannot be read: %v", part, err))
}

// choose finds the sheet that is named, or the only one.
func (w *workbook) choose(name string) (sheet, error) {
	names := make([]string, len(w.sheets))
	for i, s := range w.sheets {
		if s.name == name || name == "" && len(w.sheets) == 1 {
			return s, nil
		}
		names[i] = `"` + s.name + `"`
	}
	list := "it has " + strings.Join(names, ", ")
	switch {
	case len(w.sheets) == 0:
		return sheet{}, notWorkbook("the workbook has no sheet of cells")
	case name == "":
		return sheet{}, &FileError{"sheet_needed", fmt.Sprintf("the workbook has %d sheets, and none is named", len(w.sheets)), list + ": --sheet NAME, or sheet in the mapping"}
	}
	return sheet{}, &FileError{"sheet_missing", fmt.Sprintf("the workbook has no sheet %q", name), list}
}

// loadTexts reads the texts that cells share.
func (w *workbook) loadTexts() error {
	const name = "xl/sharedstrings.xml"
	r, err := w.open(name)
	if r == nil || err != nil {
		return err
	}
	defer r.Close()
	items := newElements(bufio.NewReaderSize(r, MaxRow), "si", 8*MaxRow, maxSharedText)
	for {
		item, err := items.next()
		var file *FileError
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case errors.As(err, &file):
			return err
		case err != nil || item.open:
			return damaged(name, io.ErrUnexpectedEOF)
		}
		text, err := textOf(item)
		if err != nil {
			return damaged(name, err)
		}
		w.texts = append(w.texts, text)
	}
}

// textOf is the text of an item with runs of formats; guides to pronunciation
// (rPh) are not part of it. What is too long for any row stays too long.
func textOf(item element) (string, error) {
	if item.long {
		return strings.Repeat("�", MaxRow), nil
	}
	var b strings.Builder
	d := xml.NewDecoder(bytes.NewReader(item.text))
	inText, guide := false, 0
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return unescape(b.String()), nil
		}
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.StartElement:
			inText = token.Name.Local == "t"
			if token.Name.Local == "rPh" {
				guide++
			}
		case xml.EndElement:
			inText = false
			if token.Name.Local == "rPh" {
				guide--
			}
		case xml.CharData:
			if inText && guide == 0 {
				b.Write(token)
			}
		}
	}
}
