package imports

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
)

func (r RetainRule) source() source {
	return func(row *rowState) (string, string) {
		from := row.today
		if date := row.record.Incident.Date; r.From != "run" && !date.IsZero() {
			from = min(from, date.Max())
		}
		year := time.UnixMilli(from.Start()).UTC().Year() + r.Years
		return strconv.Itoa(year) + "-12-31", ""
	}
}

// date reads year, month and day as far as they are there, or one column.
func (b *builder) date(r DateRule) (source, error) {
	read := b.dateParts(r)
	if r.Column != "" {
		read = b.dateLayouts(r)
	}
	from, err := bound(r.From)
	if err != nil {
		return nil, err
	}
	until, err := bound(r.Until)
	if err != nil {
		return nil, err
	}
	return func(row *rowState) (string, string) {
		text, warning := read(row)
		d, ok := events.ParseDate(text)
		switch {
		case text == "" || !ok:
			return "", warning
		case !from(row).IsZero() && d.Max() < from(row).Min(), !until(row).IsZero() && d.Min() > until(row).Max():
			return "", "implausible_date"
		}
		return text, warning
	}, nil
}

// bound is a fixed date, or that of the row's incident.
func bound(text string) (func(*rowState) events.Date, error) {
	if text == "incident.date" {
		return func(row *rowState) events.Date { return row.record.Incident.Date }, nil
	}
	var fixed events.Date
	if err := fixed.UnmarshalText([]byte(text)); err != nil {
		return nil, fmt.Errorf("read bound: %w", err)
	}
	return func(*rowState) events.Date { return fixed }, nil
}

func (b *builder) dateParts(r DateRule) source {
	year, month, day := -1, -1, -1
	for at, name := range map[*int]string{&year: r.Year, &month: r.Month, &day: r.Day} {
		if name != "" {
			*at = b.column(name)
		}
	}
	part := func(row *rowState, i int) string {
		if i < 0 {
			return ""
		}
		return cleanText(row.vals[i])
	}
	return func(row *rowState) (string, string) {
		text := part(row, year)
		if text == "" {
			return "", ""
		}
		if _, ok := events.ParseDate(text); !ok {
			return "", "date_unreadable"
		}
		for _, i := range []int{month, day} {
			p := part(row, i)
			if len(p) == 1 {
				p = "0" + p
			}
			if p == "" {
				break
			}
			if _, ok := events.ParseDate(text + "-" + p); !ok {
				return text, "date_unreadable"
			}
			text += "-" + p
		}
		return text, ""
	}
}

func (b *builder) dateLayouts(r DateRule) source {
	i := b.column(r.Column)
	return func(row *rowState) (string, string) {
		text := cleanText(row.vals[i])
		if text == "" || b.absent.has(fold(text)) {
			return "", ""
		}
		for _, layout := range r.Layouts {
			if t, err := time.Parse(layout, text); err == nil {
				return t.Format(precision(layout)), ""
			}
		}
		if day, _, _ := strings.Cut(text, "T"); isDate(day) { // as the contract and sheets write dates
			return day, ""
		}
		return "", "date_unreadable"
	}
}

// precision is how much of a date a layout tells.
func precision(layout string) string {
	some := time.Date(2001, 3, 4, 0, 0, 0, 0, time.UTC)
	switch some.Format(layout) {
	default:
		return time.DateOnly
	case some.AddDate(0, 1, 0).Format(layout):
		return "2006"
	case some.AddDate(0, 0, 1).Format(layout):
		return "2006-01"
	}
}

func isDate(text string) bool {
	_, ok := events.ParseDate(text)
	return ok
}
