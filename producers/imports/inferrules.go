package imports

import (
	"fmt"
	"slices"
	"strings"
)

// rule adds what a finding says to the mapping; false: it turned out to decide
// nothing, and is a question.
func (p *Proposal) rule(f Finding, c *sampled, columns []*sampled) bool {
	switch f.Field {
	case "mark":
		p.markRule(c)
	case "firearm.type":
		p.tableRule(f, c, typeTexts, "unknown")
	case "category":
		p.tableRule(f, c, categoryTexts, "")
	case "incident.date", "firearm.manufactured":
		return p.dateRule(f, c, columns)
	case "firearm.calibre":
		comma := c.share(func(t string) bool { return decimalPoint(t) != t }) > 0
		p.Mapping.Fields[f.Field] = Rule{Column: c.name, DecimalComma: comma}
	default:
		p.Mapping.Fields[f.Field] = Rule{Column: c.name}
	}
	return true
}

func (p *Proposal) markRule(c *sampled) {
	p.Mapping.Marks = []MarkRule{{
		Kind: "serial", Column: c.name, Empty: "not_recorded", UnknownChar: "?", Says: inferredSays, NoDigit: &NoDigit{LongerThan: 5, Status: "not_recorded"},
	}}
	if c.share(func(t string) bool { return strings.Contains(t, "*") && countDigits(t) > 0 }) > 0 {
		p.ask("Some numbers in %s have a *: is it one unknown sign (marks.0.unknown_char: \"?*\")?", c.name)
	}
}

// tableRule makes a table of the texts that are known, and asks for the others.
func (p *Proposal) tableRule(f Finding, c *sampled, texts map[string]string, otherwise string) {
	rule := Rule{Column: c.name, Table: map[string]string{}, Otherwise: otherwise}
	var unknown []string
	for _, text := range commonest(c, 200) {
		if code := codeOf(texts, text); code != "" {
			rule.Table[text] = code
		} else {
			unknown = append(unknown, text)
		}
	}
	if len(unknown) > 0 {
		most := unknown[:min(len(unknown), 5)]
		p.ask("What are %s in %s (fields %s, table)?", strings.Join(most, ", "), c.name, f.Field)
	}
	p.Mapping.Fields[f.Field] = rule
}

// dateRule reads one column, or year, month and day of a date that stands in
// three.
func (p *Proposal) dateRule(f Finding, c *sampled, columns []*sampled) bool {
	date := &DateRule{From: "1800"}
	if f.Field == "firearm.manufactured" {
		if _, ok := p.Mapping.Fields["incident.date"]; ok {
			date.Until = "incident.date"
		}
	}
	switch layouts := c.layouts(); len(layouts) {
	case 0:
		date.Year = c.name
		date.Month = beside(c, columns, 12, "MES", "MONTH", "MOIS")
		if date.Month != "" {
			date.Day = beside(c, columns, 31, "DIA", "DAY", "JOUR")
		}
	case 1:
		date.Column, date.Layouts = c.name, layouts
	default:
		p.ask("Is the day or the month first in %s (%s: date, layouts \"%s\" or \"%s\")?", c.name, f.Field, layouts[0], layouts[1])
		return false
	}
	p.Mapping.Fields[f.Field] = Rule{Date: date}
	return true
}

// beside finds the column whose name says month, or day, where that of the year
// says year: mes_fabricacao beside ano_fabricacao.
func beside(year *sampled, columns []*sampled, most int, parts ...string) string {
	for _, c := range columns {
		if len(c.words) != len(year.words) || c == year {
			continue
		}
		same := true
		for i, word := range c.words {
			same = same && (word == year.words[i] || slices.Contains(parts, word) && slices.Contains([]string{"ANO", "YEAR", "ANNEE"}, year.words[i]))
		}
		if same && c.share(func(t string) bool { return inRange(t, most) }) > 0.9 {
			return c.name
		}
	}
	return ""
}

func inRange(t string, most int) bool {
	var n int
	_, err := fmt.Sscanf(t, "%d", &n)
	return err == nil && n >= 1 && n <= most
}

// idWords stand in the names of columns that make an id together.
var idWords = []string{"ID", "NUM", "NUMERO", "NRO", "NO", "NUMBER", "COD", "CODIGO", "CODE", "CONT", "SEQ", "ITEM", "ANO", "YEAR", "ANNEE", "CASE", "BO", "REF"}

// sourceID joins columns that tell every row from every other; where none do,
// the id is a digest of what the weapon is.
func (p *Proposal) sourceID(columns []*sampled, used map[string]bool) {
	var names []string
	var parts []*sampled
	for _, c := range columns {
		isID := slices.ContainsFunc(c.words, func(w string) bool { return slices.Contains(idWords, w) })
		of, taken := p.fieldOf(c.name), used[c.name]
		if isID && c.filled == c.rows && (!taken || of == "incident.date" || of == "incident.case_number") {
			names, parts = append(names, c.name), append(parts, c)
		}
	}
	if tellApart(parts) {
		p.Mapping.Fields["source.id"] = Rule{Template: "{" + strings.Join(names, "}/{") + "}"}
		for _, name := range names {
			used[name] = true
		}
		p.ask("Do %s together tell every row from every other, for ever (source.id)?", strings.Join(names, ", "))
		return
	}
	var digest []string
	for _, f := range p.Findings {
		if slices.Contains([]string{"mark", "firearm.type", "firearm.make", "incident.date", "incident.case_number"}, f.Field) {
			digest = append(digest, f.Column)
		}
	}
	if len(digest) > 1 {
		p.Mapping.Fields["source.id"] = Rule{Digest: digest, Prefix: "R-"}
		p.ask("The rows have no id: is it right to make one of %s (source.id: digest)? A row in which one of them is corrected is a new record.", strings.Join(digest, ", "))
		return
	}
	p.ask("Which column tells every row from every other, for ever (source.id)?")
}

// tellApart says that no two rows say the same in all of these columns.
func tellApart(columns []*sampled) bool {
	if len(columns) == 0 {
		return false
	}
	seen := map[string]bool{}
	for row := range columns[0].rows {
		var key strings.Builder
		for _, c := range columns {
			key.WriteString(c.values[row] + "\x00")
		}
		if seen[key.String()] {
			return false
		}
		seen[key.String()] = true
	}
	return true
}

// fieldOf is the field that a column was taken for.
func (p *Proposal) fieldOf(column string) string {
	for _, f := range p.Findings {
		if f.Column == column {
			return f.Field
		}
	}
	return ""
}
