package imports

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/armslog/armslog/events"
)

// source gives the text of one field of a row, "" when it is absent, and the
// code of a warning.
type source func(r *rowState) (text, warning string)

// rowState is what a source may look at.
type rowState struct {
	vals   []string // by column index of the builder
	cells  []Cell   // what each was, in a sheet
	record *events.RecordSubmitted
	today  events.Day
}

// builder collects the columns that a mapping uses.
type builder struct {
	columns []string
	index   map[string]int
	absent  *wordSet
}

func (b *builder) column(name string) int {
	i, ok := b.index[name]
	if !ok {
		i = len(b.columns)
		b.columns = append(b.columns, name)
		b.index[name] = i
	}
	return i
}

var errRule = errors.New("a rule needs exactly one of value, column, template, digest, date, retain")

func (b *builder) rule(r Rule) (source, error) {
	var found []source
	if r.Value != "" {
		found = append(found, func(*rowState) (string, string) { return r.Value, "" })
	}
	if r.Column != "" {
		found = append(found, b.columnSource(r))
	}
	if r.Template != "" {
		found = append(found, b.template(r.Template))
	}
	if len(r.Digest) > 0 {
		found = append(found, b.digest(r))
	}
	if r.Retain != nil {
		found = append(found, r.Retain.source())
	}
	if r.Date != nil {
		s, err := b.date(*r.Date)
		if err != nil {
			return nil, err
		}
		found = append(found, s)
	}
	if len(found) != 1 {
		return nil, errRule
	}
	return b.lookUp(r, found[0])
}

func (b *builder) columnSource(r Rule) source {
	i := b.column(r.Column)
	return func(row *rowState) (string, string) {
		text := cleanText(row.vals[i])
		if r.DecimalComma {
			text = decimalPoint(text)
		}
		return text, ""
	}
}

// lookUp adds to a source what a rule says about its texts.
func (b *builder) lookUp(r Rule, from source) (source, error) {
	absent, err := r.Absent.compile()
	if err != nil {
		return nil, err
	}
	rewrites, err := compileRewrites(r.Rewrite)
	if err != nil {
		return nil, err
	}
	table := make(map[string]string, len(r.Table))
	for k, v := range r.Table {
		table[fold(k)] = v
	}
	if r.Column == "" {
		return from, nil
	}
	read := func(text string) said {
		folded := fold(text)
		code, ok := table[folded]
		switch {
		case text == "" || b.absent.has(folded) || absent.has(folded):
			return said{}
		case len(table) == 0:
			return said{text: rewrite(rewrites, text)}
		case ok:
			return said{text: code}
		case r.Otherwise == "absent":
			return said{}
		}
		return said{r.Otherwise, "not_in_table"}
	}
	memo := map[string]said{} // the texts of such columns are few, and each stands many times
	return func(row *rowState) (string, string) {
		text, _ := from(row)
		got, ok := memo[text]
		if !ok {
			got = read(text)
			if len(memo) < 4096 {
				memo[strings.Clone(text)] = got
			}
		}
		return got.text, got.warning
	}, nil
}

// said is what a text comes to, and the code of a warning.
type said struct{ text, warning string }

// rewriting is one pair of Rule.Rewrite made ready.
type rewriting struct {
	from *regexp.Regexp
	to   string
}

func compileRewrites(pairs [][2]string) (out []rewriting, err error) {
	for _, p := range pairs {
		from, err := regexp.Compile(p[0])
		if err != nil {
			return nil, fmt.Errorf("compile rewrite: %w", err)
		}
		out = append(out, rewriting{from, p[1]})
	}
	return out, nil
}

// rewrite applies the first that meets.
func rewrite(all []rewriting, text string) string {
	for _, w := range all {
		if w.from.MatchString(text) {
			return w.from.ReplaceAllString(text, w.to)
		}
	}
	return text
}

// template fills {COLUMN}; the text is absent when one of the columns is.
func (b *builder) template(t string) source {
	var literals []string
	var columns []int
	for {
		before, rest, found := strings.Cut(t, "{")
		literals = append(literals, before)
		if !found {
			break
		}
		name, after, _ := strings.Cut(rest, "}")
		columns = append(columns, b.column(name))
		t = after
	}
	return func(row *rowState) (string, string) {
		var out strings.Builder
		for i, c := range columns {
			text := cleanText(row.vals[c])
			if text == "" {
				return "", ""
			}
			out.WriteString(literals[i])
			out.WriteString(text)
		}
		out.WriteString(literals[len(columns)])
		return out.String(), ""
	}
}

// digest is the id of a row that has none of its own. Folding keeps it the
// same when the source corrects case, spaces or look-alikes.
func (b *builder) digest(r Rule) source {
	columns := make([]int, len(r.Digest))
	for i, name := range r.Digest {
		columns[i] = b.column(name)
	}
	return func(row *rowState) (string, string) {
		h := sha256.New()
		for _, c := range columns {
			h.Write([]byte(fold(row.vals[c])))
			h.Write([]byte{0})
		}
		return r.Prefix + strings.ToUpper(hex.EncodeToString(h.Sum(nil)[:10])), ""
	}
}

// decimalPoint writes a comma between two digits as a point.
func decimalPoint(s string) string {
	b := []byte(s)
	for i := 1; i < len(b)-1; i++ {
		if b[i] == ',' && isDigit(b[i-1]) && isDigit(b[i+1]) {
			b[i] = '.'
		}
	}
	return string(b)
}

func isDigit(c byte) bool { return c >= '0' && c <= '9' }
