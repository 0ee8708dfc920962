package imports

import (
	"cmp"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
)

// sampled is a column of a file of which nothing is known yet.
type sampled struct {
	name   string
	words  []string
	filled int            // rows in which it says something
	rows   int            // looked at
	texts  map[string]int // how often each stands
	values []string       // by row
}

// Finding is a column that is taken for a field, and why.
type Finding struct {
	Field   string  `json:"field"` // mark, or a path
	Column  string  `json:"column"`
	Sure    float64 `json:"sure"`    // from 0 to 1
	Because string  `json:"because"` // in words
}

// Confidence is Sure in a word.
func (f Finding) Confidence() string {
	switch {
	case f.Sure >= 0.8:
		return "high"
	case f.Sure >= 0.6:
		return "medium"
	}
	return "low"
}

// least is how sure a finding must be to be proposed; below, it is a question.
const least = 0.45

// looks say which share of a column's texts, from 0 to 1, is like those of a
// field. A field that is not here may hold any text.
var looks = map[string]func(*sampled) float64{
	"mark": looksLikeMark,
	"firearm.calibre": func(c *sampled) float64 {
		return c.share(func(t string) bool { return calibreForm.MatchString(fold(t)) })
	},
	"firearm.type": func(c *sampled) float64 { return c.share(func(t string) bool { return codeOf(typeTexts, t) != "" }) },
	"category": func(c *sampled) float64 {
		return c.share(func(t string) bool { return codeOf(categoryTexts, t) != "" })
	},
	"incident.country":               looksLikeCountry,
	"firearm.country_of_manufacture": looksLikeCountry,
	"incident.date":                  looksLikeDate,
	"firearm.manufactured":           looksLikeDate,
	"source.id":                      func(c *sampled) float64 { return unique(c) },
	"firearm.make":                   looksLikeWord, "firearm.model": func(*sampled) float64 { return 0.8 },
	"incident.place": looksLikeWord,
	"incident.case_number": func(c *sampled) float64 {
		return c.share(func(t string) bool { return strings.ContainsAny(t, "0123456789") })
	},
}

// byLooks are the fields that a column may be taken for whatever its name.
var byLooks = []string{"mark", "firearm.type", "category", "incident.date"}

var calibreForm = regexp.MustCompile(`^(?:P?\.?[0-9]{1,3}(?:[.,][0-9]{1,2})?(?: ?(?:MM|ACP|AUTO|MAG|MAGNUM|SPL|SPECIAL|LR|WIN|REM|GA|GAUGE|CAL|PARA|PARABELLUM|LUGER|SW|S&W|GAP))*\.?|[0-9]{1,2}(?:[.,][0-9]{1,2})? ?[X*] ?[0-9]{2}.*)$`)

// share is which part of the texts, each as often as it stands, is so.
func (c *sampled) share(is func(string) bool) float64 {
	if c.filled == 0 {
		return 0
	}
	n := 0
	for text, times := range c.texts {
		if is(text) {
			n += times
		}
	}
	return float64(n) / float64(c.filled)
}

func looksLikeMark(c *sampled) float64 {
	return c.share(func(t string) bool {
		signs := len(strings.Trim(t, " "))
		return signs >= 4 && signs <= 20 && countDigits(t) >= 2 && (countDigits(t) < signs || signs >= 5) && !strings.ContainsAny(t, "/:")
	}) * min(1, 1.5*float64(len(c.texts))/float64(max(c.filled, 1)))
}

func looksLikeCountry(c *sampled) float64 {
	return c.share(func(t string) bool { return events.Countries.Has(strings.ToUpper(t)) })
}

func looksLikeWord(c *sampled) float64 {
	return c.share(func(t string) bool { return countDigits(t)*2 < len(t) })
}

func unique(c *sampled) float64 {
	if c.rows == 0 {
		return 0
	}
	return float64(len(c.texts)) / float64(c.rows)
}

func looksLikeDate(c *sampled) float64 {
	if len(c.layouts()) > 0 {
		return 1
	}
	return 0.8 * c.share(isYear)
}

func looksLikeYears(field string, c *sampled) bool {
	return (field == "incident.date" || field == "firearm.manufactured") && len(c.layouts()) == 0
}

func isYear(t string) bool {
	n, err := strconv.Atoi(t)
	return err == nil && len(t) == 4 && n >= 1800 && n < 2100
}

// dateLayouts are those that are looked for; of a pair that differs in the
// order of day and month only one can be right.
var dateLayouts = []string{
	"2006-01-02", "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02T15:04:05Z07:00", "2006/01/02", "20060102",
	"2/1/2006", "1/2/2006", "2/1/2006 15:04", "1/2/2006 15:04", "2/1/2006 15:04:05", "1/2/2006 15:04:05",
	"2.1.2006", "2.1.2006 15:04:05", "2-1-2006", "1-2-2006", "2/1/06", "1/2/06", "2 Jan 2006", "Jan 2, 2006",
}

// layouts are the layouts in which at least nine texts of ten stand. There are
// two where days and months cannot be told apart.
func (c *sampled) layouts() (fit []string) {
	var shares []float64
	for _, layout := range dateLayouts {
		if n := c.share(func(t string) bool { _, err := time.Parse(layout, t); return err == nil }); n >= 0.9 {
			fit, shares = append(fit, layout), append(shares, n)
		}
	}
	if len(fit) == 2 && shares[0] != shares[1] {
		if shares[0] < shares[1] {
			return fit[1:]
		}
		return fit[:1]
	}
	return fit
}

// score says how well a column fits a field.
func (c *sampled) score(field string) Finding {
	f := Finding{Field: field, Column: c.name}
	name, look := named(field, c.words), looks[field](c)
	if c.filled == 0 || look < 0.3 {
		return f
	}
	if f.Sure = 0.6*name + 0.4*look; name == 0 {
		f.Sure = 0
	}
	f.Because = "its name"
	if name < 0.5 {
		f.Because = "its name, perhaps"
	}
	if byContent := 0.65 * look; name == 0 && look >= 0.75 && slices.Contains(byLooks, field) && !(field == "mark" && !mixed(c)) {
		f.Sure, f.Because = byContent, "what stands in it"
	} else if name > 0 && field != "firearm.model" {
		f.Because += ", and " + strconv.Itoa(int(100*look)) + " % look so"
	}
	if strings.HasPrefix(f.Because, "its name, ") && looksLikeYears(field, c) {
		f.Because = "its name, and it holds years"
	}
	f.Sure *= 0.8 + 0.2*float64(c.filled)/float64(c.rows)
	return f
}

// mixed says that most texts are of letters and digits: plain numbers may be
// anything.
func mixed(c *sampled) bool {
	return c.share(func(t string) bool { return countDigits(t) > 0 && strings.Trim(t, "0123456789") != "" }) > 0.4
}

// assign gives each field at most one column and each column at most one
// field, the surest first.
func assign(columns []*sampled) (found, doubtful []Finding) {
	var all []Finding
	for _, field := range slices.Sorted(maps.Keys(looks)) {
		for _, c := range columns {
			if f := c.score(field); f.Sure > 0.3 {
				all = append(all, f)
			}
		}
	}
	slices.SortStableFunc(all, func(x, y Finding) int { return cmp.Compare(y.Sure, x.Sure) })
	fields, taken := map[string]bool{}, map[string]bool{}
	for _, f := range all {
		if fields[f.Field] || taken[f.Column] || f.Field == "source.id" && f.Sure < 0.9 {
			continue
		}
		fields[f.Field] = true
		if f.Sure < least {
			doubtful = append(doubtful, f)
			continue
		}
		taken[f.Column] = true
		found = append(found, f)
	}
	return found, doubtful
}
