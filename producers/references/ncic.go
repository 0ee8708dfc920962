package references

import (
	"regexp"
	"strings"
)

// The NCIC tables are written for people: a name runs into the town, the state
// and a remark. What is clear is taken, the rest is left out and counted.

var (
	countryLine = regexp.MustCompile(`USE (?:STATE|COU?[NT]+U?N?TR?Y) CODE`)
	ofAnother   = regexp.MustCompile(`\b(?:MFD|MFG|MADE|MANUFACTURED|IMPORTED|DISTRIBUTED|SOLD)\.? ?(?:IN [A-Z. ]+ )?BY\b|BRAND(?: NAME)?S? (?:OF|FOR)|TRADE ?NAMES? (?:OF|FOR|USED)|MODEL|\bSEE\b|SAME AS|VARIOUS|\bCODE\b|COPY OF`)
	remark      = regexp.MustCompile(`[;(/_%:]|\b(?:AKA|DBA|D/B/A|MFRS?|MFGR?|MFD|MANUFACTURER|FORMERLY|IMPORTER|MAKERS?|SUBSIDIARY|NOT|DO NOT|ALSO|NOW|BEGAN|OWNED|OR|USE)\b|\b(?:MFRS?|MFG|MFD)\.`)
	legalForm   = regexp.MustCompile(`^(.*?),? ?\b(?:INC|LLC|L\.L\.C|LTD|CORP|CORPORATION|COMPANY|CO|GMBH|S\.?P\.?A|S\.?R\.?L|S\.?A|A\.?G)\b[.,]?`)
	townOfState = regexp.MustCompile(`^[A-Z.]+, ?[A-Z]{2}$`)
)

// ncicMake reads a line of the MAK table.
func ncicMake(code, text string) []Row {
	row := Row{Kind: "make", List: "ncic", Code: code}
	if at := countryLine.FindStringIndex(text); at != nil {
		name, _, both := strings.Cut(text[:at[0]], " OR ")
		if !both {
			return []Row{{Left: "country"}}
		}
		text = name
	}
	if ofAnother.MatchString(text) {
		return []Row{{Left: "of_another_make"}}
	}
	if at := remark.FindStringIndex(text); at != nil {
		text = text[:at[0]]
	}
	text = strings.Trim(text, " ,.")
	row.Names, row.Adds = clearName(text)
	if len(row.Names) == 0 {
		return []Row{{Left: "unclear"}}
	}
	return []Row{row}
}

// clearName are readings of the beginning of a line, the longest first; adds
// says that its first is clear enough for a new entry: a legal form ends it, or
// the line does.
func clearName(text string) (readings []string, adds bool) {
	if m := legalForm.FindStringSubmatch(text); m != nil && len(m[1]) > 2 {
		return []string{strings.Trim(m[1], " ,.&")}, !strings.ContainsAny(m[1], "0123456789")
	}
	words := strings.Fields(text)
	if !strings.Contains(text, ",") {
		if len(text) < 3 || len(words) > 4 {
			return nil, false
		}
		return []string{strings.Trim(text, " &")}, !strings.ContainsAny(text, "0123456789")
	}
	if len(words) > 1 && townOfState.MatchString(strings.Join(words[1:], " ")) {
		return []string{words[0]}, false // KEL-TEC COCOA,FL
	}
	return []string{text}, false
}

// ncicCalibre reads a line of the CAL table: a code stands for a family of
// calibres, each of which is a row of its own.
func ncicCalibre(code, text string) (rows []Row) {
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(",;/", r) }) {
		part = strings.TrimPrefix(strings.Trim(part, " ."), "ALSO ")
		if part != "" && part != "ETC" {
			rows = append(rows, Row{Kind: "calibre", Names: []string{part}, List: "ncic", Code: code})
		}
	}
	return rows
}

// ncicType reads a line of the type tables: "SUBMACHINE GUN OR MACHINE PISTOL",
// "PISTOL, REVOLVER", where what stands behind the comma decides if it is a
// type.
func ncicType(code, text string) []Row {
	row := Row{Kind: "type", List: "ncic", Code: code}
	text, _, _ = strings.Cut(text, "(")
	if head, detail, ok := strings.Cut(text, ","); ok {
		row.Names = []string{strings.TrimSpace(detail), strings.TrimSpace(head)}
		return []Row{row}
	}
	for name := range strings.SplitSeq(text, " OR ") {
		row.Names = append(row.Names, strings.TrimSpace(name))
	}
	return []Row{row}
}
