package imports

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// Cell says what a field of a sheet was.
type Cell uint8

// What a cell may be.
const (
	CellText   Cell = iota
	CellNumber      // zeros at its beginning may be lost
	CellPower       // shown as 1.2E+10, or with more digits than are kept
	CellDate
	CellError // #N/A, #REF! …: its field is empty
)

// cellFormat is what a number format makes of a number.
type cellFormat struct {
	kind   Cell
	layout string // of dates, as in package time
	zeros  int    // 00000: so many digits at least
}

// loadFormats reads the number formats of styles.
func (w *workbook) loadFormats() error {
	var styles struct {
		Formats []struct {
			ID   int    `xml:"numFmtId,attr"`
			Code string `xml:"formatCode,attr"`
		} `xml:"numFmts>numFmt"`
		Cells []struct {
			Format int `xml:"numFmtId,attr"`
		} `xml:"cellXfs>xf"`
	}
	if err := w.part("xl/styles.xml", &styles); err != nil {
		return err
	}
	codes := make(map[int]string, len(styles.Formats))
	for _, f := range styles.Formats {
		codes[f.ID] = f.Code
	}
	for _, c := range styles.Cells {
		code, own := codes[c.Format]
		if !own {
			code = builtinFormat(c.Format)
		}
		w.formats = append(w.formats, formatOfCode(code))
	}
	return nil
}

// builtinFormat is the code of a format that has a number and no text; 27 to
// 36 and 50 to 58 are dates of East Asian languages.
func builtinFormat(id int) string {
	switch {
	case id == 11 || id == 48:
		return "0.00E+00"
	case id == 17:
		return "mmm-yy"
	case id >= 18 && id <= 21 || id >= 45 && id <= 47:
		return "h:mm:ss"
	case id == 22:
		return "m/d/yy h:mm"
	case id >= 14 && id <= 16, id >= 27 && id <= 36, id >= 50 && id <= 58:
		return "yyyy-mm-dd"
	}
	return "General"
}

// formatOfCode reads what a format code says of dates, powers and zeros.
func formatOfCode(code string) cellFormat {
	code = bareCode(code)
	switch {
	case strings.Contains(code, "general") || code == "" || code == "@":
		return cellFormat{kind: CellNumber}
	case strings.Trim(code, "0") == "":
		return cellFormat{kind: CellNumber, zeros: len(code)}
	case strings.Contains(code, "e+") || strings.Contains(code, "e-"):
		return cellFormat{kind: CellPower}
	}
	year, month, day := strings.Contains(code, "y"), strings.Contains(code, "m"), strings.Contains(code, "d")
	clock := strings.ContainsAny(code, "hs")
	switch {
	case day:
		return cellFormat{kind: CellDate, layout: time.DateOnly}
	case year && month:
		return cellFormat{kind: CellDate, layout: "2006-01"}
	case year:
		return cellFormat{kind: CellDate, layout: "2006"}
	case clock:
		return cellFormat{kind: CellDate, layout: time.TimeOnly}
	case month:
		return cellFormat{kind: CellDate, layout: time.DateOnly}
	}
	return cellFormat{kind: CellNumber}
}

// bareCode is the first part of a format code, in lower case, without what is
// quoted, escaped or in brackets.
func bareCode(code string) string {
	var b strings.Builder
	var end byte
	for i := 0; i < len(code); i++ {
		switch c := code[i]; {
		case end != 0:
			if c == end {
				end = 0
			}
		case c == '"':
			end = '"'
		case c == '[':
			end = ']'
		case c == '\\' || c == '_' || c == '*':
			i++
		case c == ';':
			return strings.ToLower(b.String())
		default:
			b.WriteByte(c)
		}
	}
	return strings.ToLower(b.String())
}

// epoch says from which day a workbook counts: 1904 (true) or 1900.
type epoch bool

// number is a numeric cell as its user sees it, as far as that is no loss.
func (w *workbook) number(raw string, style int) (string, Cell) {
	v, err := strconv.ParseFloat(raw, 64)
	if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
		return raw, CellText
	}
	f := cellFormat{kind: CellNumber}
	if style >= 0 && style < len(w.formats) {
		f = w.formats[style]
	}
	if f.kind == CellDate {
		if text, ok := w.from.date(v, f.layout); ok {
			return text, CellDate
		}
	}
	if f.kind == CellPower || math.Abs(v) >= 1e15 { // 15 digits are kept
		return strconv.FormatFloat(v, 'E', -1, 64), CellPower
	}
	if rounded, err := strconv.ParseFloat(strconv.FormatFloat(v, 'g', 15, 64), 64); err == nil {
		v = rounded
	}
	text := strconv.FormatFloat(v, 'f', -1, 64)
	if f.zeros > len(text) && strings.Trim(text, "0123456789") == "" {
		return strings.Repeat("0", f.zeros-len(text)) + text, CellText // the format keeps its zeros
	}
	return text, CellNumber
}

// date is the day number v. Day 60 of the calendar of 1900 never was.
func (e epoch) date(v float64, layout string) (string, bool) {
	if v < 0 || v >= 2_958_466 { // the year 10000
		return "", false
	}
	first := time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)
	switch {
	case bool(e):
		first = time.Date(1904, 1, 1, 0, 0, 0, 0, time.UTC)
	case v < 60:
		first = first.AddDate(0, 0, 1)
	}
	days, part := math.Modf(v)
	seconds := int(math.Round(part * 86_400))
	t := first.AddDate(0, 0, int(days)).Add(time.Duration(seconds) * time.Second)
	if layout == time.DateOnly && seconds%86_400 != 0 {
		layout = "2006-01-02T15:04:05"
	}
	return t.Format(layout), true
}
