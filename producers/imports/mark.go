package imports

import (
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/armslog/armslog/events"
)

// What spreadsheets do to serial numbers, whatever the source: 12345E23 becomes
// 1.2345E+27, and a number of a calibre's shape a long fraction.
var (
	destroyed = regexp.MustCompile(`^[0-9]+(?:[.,][0-9]+)?E\+[0-9]+$|^[0-9]+[.,][0-9]{5,}$`)
	doubtful  = regexp.MustCompile(`^[0-9]+E[0-9]{1,2}$`)
)

// mark is a MarkRule made ready.
type mark struct {
	MarkRule
	column, series int
	strip          []*regexp.Regexp
	unknownRun     *regexp.Regexp
	says           []*wordSet
	memo           map[string]reading // of texts with hardly a digit: few, and each many times
}

// reading is what a text says of a mark.
type reading struct{ status, text, warning string }

func (b *builder) mark(r MarkRule) (*mark, error) {
	m := &mark{MarkRule: r, column: b.column(r.Column), series: -1, memo: map[string]reading{}}
	if r.SeriesColumn != "" {
		m.series = b.column(r.SeriesColumn)
	}
	for _, p := range r.Strip {
		re, err := regexp.Compile(p)
		if err != nil {
			return nil, fmt.Errorf("compile strip: %w", err)
		}
		m.strip = append(m.strip, re)
	}
	if r.UnknownRun != "" {
		re, err := regexp.Compile(r.UnknownRun)
		if err != nil {
			return nil, fmt.Errorf("compile unknown_run: %w", err)
		}
		m.unknownRun = re
	}
	for _, s := range r.Says {
		set, err := s.compile()
		if err != nil {
			return nil, err
		}
		m.says = append(m.says, set)
	}
	return m, nil
}

// of makes the mark of a row.
func (m *mark) of(row *rowState) (events.Mark, string) {
	vals := row.vals
	got := m.read(vals[m.column])
	switch cell := row.cells[m.column]; {
	case cell == CellDate:
		got = reading{status: "not_recorded", warning: "stored_as_date"}
	case cell == CellNumber && got.warning == "" && got.text != "":
		got.warning = "stored_as_number"
	}
	out := events.Mark{Kind: m.Kind, Place: m.Place, Status: got.status, Text: got.text}
	if m.series >= 0 && got.text != "" {
		out.Series = cleanText(vals[m.series])
	}
	return out, got.warning
}

func (m *mark) read(raw string) reading {
	if countDigits(raw) > 1 {
		return m.readNew(raw)
	}
	got, ok := m.memo[raw]
	if !ok {
		got = m.readNew(raw)
		if len(m.memo) < 4096 {
			m.memo[strings.Clone(raw)] = got
		}
	}
	return got
}

func (m *mark) readNew(raw string) reading {
	text := cleanText(raw)
	folded := fold(text)
	for i, words := range m.says {
		if words.has(folded) {
			return reading{status: m.Says[i].Status, warning: m.Says[i].Warning}
		}
	}
	for _, re := range m.strip {
		if found := re.FindStringSubmatch(folded); len(found) > 1 {
			text = strings.Join(found[1:], "")
			folded = text
		}
	}
	text = m.unknownSigns(text)
	switch {
	case strings.Trim(text, " .,-_/'") == "":
		return reading{status: m.Empty}
	case strings.Trim(text, " .,-_/'?") == "":
		return reading{status: "obliterated"} // signs are there, and none can be read
	case strings.Contains(text, "?"):
		return reading{status: "partial", text: text}
	case m.NoDigit != nil && countDigits(text) == 0 && utf8.RuneCountInString(text) > m.NoDigit.LongerThan:
		return reading{status: m.NoDigit.Status, warning: "not_a_number"}
	case destroyed.MatchString(folded):
		return reading{status: "not_recorded", warning: "number_destroyed"}
	case doubtful.MatchString(folded):
		return reading{status: "readable", text: text, warning: "looks_like_formula"}
	}
	return reading{status: "readable", text: text}
}

// unknownSigns writes each unknown sign as "?".
func (m *mark) unknownSigns(text string) string {
	if m.unknownRun != nil {
		text = m.unknownRun.ReplaceAllStringFunc(text, func(run string) string {
			return strings.Repeat("?", utf8.RuneCountInString(run))
		})
	}
	if !strings.ContainsAny(text, m.UnknownChar) {
		return text
	}
	return strings.Map(func(r rune) rune {
		if strings.ContainsRune(m.UnknownChar, r) {
			return '?'
		}
		return r
	}, text)
}
