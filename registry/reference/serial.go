package reference

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/armslog/armslog/events"
)

// The results of a check.
const (
	Fits       = "fits"
	DoesNotFit = "does_not_fit"
	NoScheme   = "no_scheme" // nothing is known that could say so
)

// Check is what the forms of a maker say of a serial number: a lead, since
// makers made exceptions.
type Check struct {
	Result string `json:"result" doc:"fits, does_not_fit, no_scheme"`
	Years  []int  `json:"years,omitempty" doc:"Years of manufacture that the number implies."`
	Month  int    `json:"month,omitempty" doc:"Month of manufacture that it implies."`
	Form   string `json:"form,omitempty" doc:"The form that it fits."`
	Reason string `json:"reason" doc:"One line for people."`
}

// lastYear bounds forms without an end.
const lastYear = 2999

// CheckSerial says whether a serial number fits the forms of a make, and a year
// of manufacture (0 = not stated).
func CheckSerial(forms []events.SerialForm, serial string, year int) Check {
	number := Fold(serial)
	if len(forms) == 0 {
		return Check{Result: NoScheme, Reason: "no form of its serial numbers is known"}
	}
	var found Check // of a form that the number has, though in another year
	for i := range forms {
		c, ok := checkForm(&forms[i], number)
		if ok && (year == 0 || inYear(&forms[i], c.Years, year)) {
			c.Result, c.Reason = Fits, fitReason(&forms[i], c)
			return c
		}
		if ok && found.Form == "" {
			found = c
		}
	}
	return misfit(forms, found, year)
}

// misfit explains why no form fits. Where no form is known for the year, or
// none that covers all years, nothing can be said.
func misfit(forms []events.SerialForm, found Check, year int) Check {
	var of []string // the forms of that year
	from, until := lastYear, 0
	for i := range forms {
		first, last := span(&forms[i])
		from, until = min(from, first), max(until, last)
		if first <= year && year <= last || first == 0 && last == lastYear {
			of = append(of, forms[i].Pattern)
		}
	}
	found.Result = DoesNotFit
	switch {
	case len(of) == 0 && year > 0:
		found.Reason = fmt.Sprintf("no form is known for %d, only for %s", year, years(from, until))
		found.Result = NoScheme
	case len(of) == 0:
		found.Reason = "it has none of the forms that are known, which are those of " + years(from, until)
		found.Result = NoScheme
	case len(found.Years) > 0:
		found.Reason = fmt.Sprintf("its signs stand for %s, not for %d", list(found.Years), year)
	case year > 0:
		found.Reason = fmt.Sprintf("in %d its numbers were of the form %s", year, strings.Join(of, " or "))
	default:
		found.Reason = "its numbers are of the form " + strings.Join(of, " or ")
	}
	return found
}

func fitReason(f *events.SerialForm, c Check) string {
	first, last := span(f)
	of := "any year"
	if first > 0 || last < lastYear {
		of = years(first, last)
	}
	if len(c.Years) == 0 {
		return "it has the form of " + of
	}
	month := ""
	if c.Month > 0 {
		month = fmt.Sprintf("-%02d", c.Month)
	}
	return fmt.Sprintf("it has the form of %s, and its signs stand for %s%s", of, list(c.Years), month)
}

// checkForm says whether a number has a form, and what it then implies. A
// number whose signs stand for no year of the form has not got it.
func checkForm(f *events.SerialForm, number string) (c Check, ok bool) {
	shape, err := Pattern(f.Pattern)
	if err != nil || !shape.MatchString(number) {
		return c, false
	}
	c.Form = f.Pattern
	if f.Year != nil {
		if c.Years = yearsOf(f, number); len(c.Years) == 0 {
			return c, false
		}
	}
	if n, _, ok := count(f.Month, number); ok {
		c.Month = n + 1
	}
	return c, true
}

func inYear(f *events.SerialForm, implied []int, year int) bool {
	if f.Year != nil {
		return slices.Contains(implied, year)
	}
	first, last := span(f)
	return first <= year && year <= last
}

// yearsOf are the years within the form that the signs stand for: they come
// round when all have been used.
func yearsOf(f *events.SerialForm, number string) (all []int) {
	n, round, ok := count(f.Year, number)
	if !ok {
		return nil
	}
	if f.Year.Down {
		n = -n
	}
	first, last := span(f)
	y := yearIn(f.Year.First, 0) + n
	for y > first && y-round >= first {
		y -= round
	}
	for ; y <= last && len(all) < 4; y += round {
		if y >= first {
			all = append(all, y)
		}
	}
	return all
}

// count is the number that the signs of a code stand for, and how many there
// are.
func count(c *events.SerialCode, number string) (n, round int, ok bool) {
	if c == nil {
		return 0, 0, false
	}
	signs, length := c.Signs, max(int(c.Length), 1)
	if signs == "" {
		signs = "0123456789"
	}
	at := int(c.At) - 1
	if at < 0 || at+length > len(number) {
		return 0, 0, false
	}
	round = 1
	for i := range length {
		v := strings.IndexByte(signs, number[at+i])
		if v < 0 {
			return 0, 0, false
		}
		n, round = n*len(signs)+v, round*len(signs)
	}
	return n, round, true
}

// Pattern compiles the pattern of a serial form for numbers without hyphens. An
// error is returned for a class or count that runs backwards.
func Pattern(pattern string) (*regexp.Regexp, error) {
	p := hyphens.ReplaceAllString(pattern, "$1")
	re, err := regexp.Compile("^(?:" + p + ")$")
	if err != nil {
		return nil, fmt.Errorf("compile pattern %q: %w", pattern, err)
	}
	return re, nil
}

// hyphens finds classes, which are kept, and hyphens outside of them.
var hyphens = regexp.MustCompile(`(\[[^\]]*\])|-(?:\?|\{[0-9,]*\})?`)

func span(f *events.SerialForm) (first, last int) {
	return yearIn(f.From, 0), yearIn(f.Until, lastYear)
}

func yearIn(text string, otherwise int) int {
	y, err := strconv.Atoi(text)
	if err != nil {
		return otherwise
	}
	return y
}

func years(first, last int) string {
	switch {
	case first == 0 && last == lastYear:
		return "any year"
	case first == 0:
		return fmt.Sprintf("up to %d", last)
	case last == lastYear:
		return fmt.Sprintf("%d on", first)
	}
	return fmt.Sprintf("%d to %d", first, last)
}

func list(years []int) string {
	var text []string
	for _, y := range years {
		text = append(text, strconv.Itoa(y))
	}
	return strings.Join(text, " or ")
}
