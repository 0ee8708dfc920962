package imports

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// inferBytes is how much of a file is looked at, and inferRows how many rows.
const (
	inferBytes = 4 << 20
	inferRows  = 2000
)

// structure finds where the rows and columns of a file are: what Options need,
// and in words.
func structure(head []byte, o *Options) (said []string, err error) {
	o.Legacy = charsetOf(head)
	lines := sampleLines(head, o.Legacy)
	switch first := bytes.TrimLeft(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), " \t\r\n"); {
	case bytes.HasPrefix(head, []byte(zipMagic)):
		o.Legacy = ""
		o.File.Skip, err = titles(head, *o)
		return nil, err
	case bytes.HasPrefix(first, []byte("<")):
		err = xmlStructure(head, o)
	case bytes.HasPrefix(first, []byte("{")), bytes.HasPrefix(first, []byte("[")):
	case isFixed(lines):
		fixedStructure(lines, o)
		said = append(said, "Do the columns stand where they are cut (file.columns)?")
	default:
		o.File.Skip = untilSeparated(head, lines)
		o.File.Skip, err = titles(head, *o)
	}
	if o.Legacy != "" {
		said = append(said, fmt.Sprintf("Is %s the character set of lines that are not UTF-8 (legacy_charset)?", o.Legacy))
	}
	return said, err
}

// charsetOf is "" for UTF-8. Cyrillic text in one byte a letter is mostly
// letters behind letters; accents stand alone.
func charsetOf(head []byte) string {
	if utf8.Valid(bytes.TrimRightFunc(head, func(r rune) bool { return r == utf8.RuneError })) {
		return ""
	}
	runs, alone := 0, 0
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		if utf8.Valid(line) {
			continue
		}
		for word := range bytes.FieldsFuncSeq(line, func(r rune) bool { return r < 0x80 }) {
			if len(word) > 2 {
				runs++
			} else {
				alone++
			}
		}
	}
	if runs > alone {
		return "windows-1251"
	}
	return "windows-1252"
}

// sampleLines are the first lines that say something.
func sampleLines(head []byte, legacy string) (lines []string) {
	charset, err := legacyCharset(legacy)
	if err != nil {
		charset = charmap.Windows1252
	}
	rows := csvRows{legacy: charset}
	for line := range bytes.SplitSeq(bytes.TrimPrefix(head, []byte("\xef\xbb\xbf")), []byte("\n")) {
		if text := strings.TrimRight(rows.text(line), "\r"); strings.Trim(text, " \x1a") != "" {
			lines = append(lines, text)
		}
		if len(lines) == 500 {
			break
		}
	}
	return lines
}

// untilSeparated counts the lines before the first one with separators.
func untilSeparated(head []byte, lines []string) (n int) {
	if len(lines) == 0 {
		return 0
	}
	comma := commaOf(lines[len(lines)/2])
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		if bytes.IndexByte(line, comma) >= 0 {
			return n
		}
		n++
	}
	return 0
}

// titles counts the lines or rows above the header of a CSV file or a sheet:
// the header is the first that says something in at least half of the columns.
func titles(text []byte, o Options) (int, error) {
	o.File.Header = make([]string, 256) // then the first row is a row, too
	for i := range o.File.Header {
		o.File.Header[i] = fmt.Sprint("column ", i)
	}
	r, err := NewReader(bytes.NewReader(text), o)
	if err != nil {
		return 0, err
	}
	var rows []Row
	var filled []int
	for len(rows) < 12 {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
		n := 0
		for _, f := range row.Fields {
			if strings.TrimSpace(f) != "" {
				n++
			}
		}
		rows, filled = append(rows, row), append(filled, n)
	}
	for i, row := range rows {
		if 2*filled[i] >= slices.Max(filled) {
			return int(row.Line) - 1, nil
		}
	}
	return 0, nil
}

// isFixed says that rows have no separators, and that some column is blank in
// all of them.
func isFixed(lines []string) bool {
	if len(lines) < 3 {
		return false
	}
	separated := 0
	for _, line := range lines {
		if strings.ContainsAny(line, commas) {
			separated++
		}
	}
	return separated*2 < len(lines) && len(cuts(lines[1:])) > 1
}

// cuts are the columns between places that are blank in all rows.
func cuts(lines []string) (columns []Column) {
	var used []bool
	for _, line := range lines {
		for i, r := range []rune(line) {
			if i >= len(used) {
				used = append(used, make([]bool, i+1-len(used))...)
			}
			used[i] = used[i] || r != ' '
		}
	}
	from := -1
	for i := range len(used) + 1 {
		switch filled := i < len(used) && used[i]; {
		case filled && from < 0:
			from = i
		case !filled && from >= 0:
			columns = append(columns, Column{At: from + 1, Length: i - from})
			from = -1
		}
	}
	return columns
}

// fixedStructure takes the first line for a header where it has no digits.
func fixedStructure(lines []string, o *Options) {
	o.File.Format = Fixed
	head := lines[0]
	if strings.ContainsAny(head, "0123456789") {
		head = ""
	} else {
		lines, o.File.Skip = lines[1:], 1
	}
	signs, seen := []rune(head), map[string]bool{}
	o.File.Columns = cuts(lines)
	if head != "" { // a column without a name is the rest of the one before
		o.File.Columns = slices.DeleteFunc(o.File.Columns, func(c Column) bool {
			return c.At > 1 && strings.TrimSpace(string(signs[min(c.At-1, len(signs)):min(c.At-1+c.Length, len(signs))])) == ""
		})
	}
	for i := range o.File.Columns {
		c := &o.File.Columns[i]
		if i > 0 { // a column reaches from behind the one before: its longest text may not be in the sample
			before := &o.File.Columns[i-1]
			before.Length = c.At - before.At
		}
		to := len(signs)
		if i+1 < len(o.File.Columns) {
			to = min(to, o.File.Columns[i+1].At-1)
		}
		name := cleanText(string(signs[min(c.At-1, len(signs)):max(to, min(c.At-1, len(signs)))]))
		if name == "" || seen[name] {
			name = fmt.Sprintf("column_%d", i+1)
		}
		c.Name, seen[name] = name, true
	}
	if n := len(o.File.Columns); n > 0 {
		o.File.Columns[n-1].Length += 200 // the longest text may not be in the sample
	}
}

// xmlStructure finds the element that is a record: the one nearest to the root
// that stands there more than once and has something in it.
func xmlStructure(head []byte, o *Options) error {
	d := xml.NewDecoder(bytes.NewReader(head))
	d.Strict = false
	d.CharsetReader = func(_ string, r io.Reader) (io.Reader, error) { return r, nil }
	times, inner := map[string]int{}, map[string]map[string]bool{}
	var path []string
	for {
		token, err := d.Token()
		if err != nil {
			if !errors.Is(err, io.EOF) && len(times) == 0 {
				return &FileError{"not_xml", "the file begins as XML and cannot be read", "is it the right file?"}
			}
			break
		}
		switch token := token.(type) {
		case xml.StartElement:
			path = append(path, token.Name.Local)
			at := strings.Join(path, "/")
			times[at]++
			for _, a := range token.Attr {
				addBelow(inner, path, "@"+a.Name.Local)
			}
		case xml.EndElement:
			path = path[:max(len(path)-1, 0)]
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 && len(path) > 0 {
				addBelow(inner, path, "")
			}
		}
		if len(path) > maxDepth {
			break
		}
	}
	best := ""
	for _, at := range slices.Sorted(maps.Keys(times)) {
		if times[at] > 1 && len(inner[at]) > 1 && (best == "" || strings.Count(at, "/") < strings.Count(best, "/")) {
			best = at
		}
	}
	if best == "" {
		return &FileError{"no_records", "no element stands in the file more than once", "is it a table? name the element in the mapping: file.record"}
	}
	o.File.Record = best[strings.LastIndexByte(best, '/')+1:]
	for _, p := range slices.Sorted(maps.Keys(inner[best])) {
		o.File.Columns = append(o.File.Columns, Column{Name: strings.NewReplacer("/", "_", "@", "").Replace(p), Path: p})
	}
	o.File.Columns = slices.CompactFunc(o.File.Columns, func(x, y Column) bool { return x.Name == y.Name })
	return nil
}

// addBelow says of each element on a path that something stands below it.
func addBelow(inner map[string]map[string]bool, path []string, what string) {
	for i := range path {
		at := strings.Join(path[:i+1], "/")
		below := strings.Trim(strings.Join(path[i+1:], "/")+"/"+what, "/")
		if below == "" {
			continue
		}
		if inner[at] == nil {
			inner[at] = map[string]bool{}
		}
		inner[at][below] = true
	}
}

// columnsOf reads the first rows and collects what stands in their columns; of
// JSON the members are the columns.
func columnsOf(r *Reader) (columns []*sampled, rows []Row, err error) {
	byName := map[string]*sampled{}
	add := func(name, text string) {
		text = cleanText(text)
		c := byName[name]
		if c == nil {
			c = &sampled{name: name, words: words(name), texts: map[string]int{}}
			byName[name], columns = c, append(columns, c)
		}
		for len(rows) > len(c.values) {
			c.values = append(c.values, "")
		}
		if len(rows) > 0 {
			c.values[len(rows)-1] = text
		}
		if text != "" && !slices.Contains([]string{"NULL", "N/A", "-"}, strings.ToUpper(text)) {
			c.filled++
			c.texts[text]++
		}
	}
	for _, name := range r.Header() {
		add(name, "")
	}
	for len(rows) < inferRows {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, nil, err
		}
		if row.Err != nil {
			continue
		}
		rows = append(rows, row)
		for i, name := range r.Header() {
			add(name, row.Fields[i])
		}
		if row.JSON != nil {
			addMembers(row.JSON, add)
		}
	}
	for _, c := range columns {
		c.rows = len(rows)
		c.values = append(c.values, make([]string, len(rows)-len(c.values))...)
	}
	return columns, rows, nil
}

func addMembers(text []byte, add func(name, text string)) {
	var members map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if d.Decode(&members) != nil {
		return
	}
	for _, name := range slices.Sorted(maps.Keys(members)) {
		if v := members[name]; v != nil {
			add(name, fmt.Sprint(v))
		}
	}
}

// headless says that a header is a row like the others: of its names, some
// hold no letter.
func headless(header []string) bool {
	return slices.ContainsFunc(header, func(name string) bool {
		return name != "" && !strings.ContainsFunc(name, unicode.IsLetter)
	})
}
