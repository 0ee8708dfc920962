package events

import (
	"fmt"
	"strings"
	"time"
)

// Day counts days of UTC since 1970-01-01.
type Day int32

// MillisPerDay is the length of a Day in the unit of log time.
const MillisPerDay = 24 * 60 * 60 * 1000

// DayOf is the UTC day of a log time in Unix milliseconds.
func DayOf(ms int64) Day {
	d := ms / MillisPerDay
	if ms%MillisPerDay < 0 {
		d--
	}
	return Day(d)
}

// Start is the first millisecond of the day.
func (d Day) Start() int64 { return int64(d) * MillisPerDay }

// ParseDay reads 2006-01-02, in the years of ParseDate.
func ParseDay(text string) (d Day, ok bool) {
	if len(text) != len(time.DateOnly) {
		return 0, false
	}
	d, _, ok = parsePart(text)
	return d, ok
}

// String is the day as 2006-01-02.
func (d Day) String() string { return string(d.Append(nil)) }

// Append appends the day as 2006-01-02.
func (d Day) Append(dst []byte) []byte {
	return time.UnixMilli(d.Start()).UTC().AppendFormat(dst, time.DateOnly)
}

// MarshalText writes the day as 2006-01-02.
func (d Day) MarshalText() ([]byte, error) { return d.Append(nil), nil }

// UnmarshalText reads 2006-01-02.
func (d *Day) UnmarshalText(b []byte) error {
	got, ok := ParseDay(string(b))
	if !ok {
		return fmt.Errorf("parse day: %q is none", b)
	}
	*d = got
	return nil
}

// Date is a date of reduced precision (2019, 2019-05, 2019-05-14) or an
// interval of two such (2018/2019-03), as written. The zero Date is "not
// known". Source: ISO 8601-1 reduced precision, and 8601-1 intervals.
type Date struct {
	text     string
	min, max Day
}

// The years that a date may have: older weapons bear no serial numbers.
const (
	firstYear = 1500
	lastYear  = 2999
)

// ParseDate reads a date; ok is false where text is none. Years run from 1500
// to 2999.
func ParseDate(text string) (d Date, ok bool) {
	from, to, interval := strings.Cut(text, "/")
	lo, hi, ok := parsePart(from)
	if !ok {
		return Date{}, false
	}
	if interval {
		lo2, hi2, ok := parsePart(to)
		if !ok || lo2 < lo || hi2 < hi {
			return Date{}, false
		}
		hi = hi2
	}
	return Date{text: text, min: lo, max: hi}, true
}

// DateOfDay is the Date that means exactly that day.
func DateOfDay(d Day) Date { return Date{text: d.String(), min: d, max: d} }

// DateOfDays is the shortest Date that means the days from lo to hi: a year, a
// month, a day, or an interval of days.
func DateOfDays(lo, hi Day) Date {
	from, to := lo.String(), hi.String()
	for _, n := range []int{4, 7, 10} {
		if d, ok := ParseDate(from[:n]); ok && d.min == lo && d.max == hi {
			return d
		}
	}
	return Date{text: from + "/" + to, min: lo, max: hi}
}

// MustDate is ParseDate for constants; it panics on a text that is no date.
func MustDate(text string) Date {
	d, ok := ParseDate(text)
	if !ok {
		panic("events: no date: " + text)
	}
	return d
}

// String is the date as it was written, "" for the zero Date.
func (d Date) String() string { return d.text }

// IsZero says that the date is not known.
func (d Date) IsZero() bool { return d.text == "" }

// Min and Max are the first and the last day that the date may mean.
func (d Date) Min() Day { return d.min }

// Max is the last day that the date may mean; the date ends at 24:00 of it.
func (d Date) Max() Day { return d.max }

// End is the first millisecond after the date, as log time.
func (d Date) End() int64 { return (d.max + 1).Start() }

// MarshalText writes the date as it was written.
func (d Date) MarshalText() ([]byte, error) { return []byte(d.text), nil }

// UnmarshalText reads what MarshalText wrote.
func (d *Date) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*d = Date{}
		return nil
	}
	got, ok := ParseDate(string(b))
	if !ok {
		return fmt.Errorf("parse date: %q is none", b)
	}
	*d = got
	return nil
}

func parsePart(s string) (lo, hi Day, ok bool) {
	if len(s) != 4 && len(s) != 7 && len(s) != 10 {
		return 0, 0, false
	}
	y, ok := digits(s[:4])
	if !ok || y < firstYear || y > lastYear {
		return 0, 0, false
	}
	if len(s) == 4 {
		return dayOf(y, 1, 1), dayOf(y, 12, 31), true
	}
	m, ok := digits(s[5:7])
	if !ok || s[4] != '-' || m < 1 || m > 12 {
		return 0, 0, false
	}
	if len(s) == 7 {
		return dayOf(y, m, 1), dayOf(y, m, daysIn(y, m)), true
	}
	d, ok := digits(s[8:10])
	if !ok || s[7] != '-' || d < 1 || d > daysIn(y, m) {
		return 0, 0, false
	}
	lo = dayOf(y, m, d)
	return lo, lo, true
}

func digits(s string) (n int, ok bool) {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return 0, false
		}
		n = n*10 + int(s[i]-'0')
	}
	return n, true
}

func daysIn(y, m int) int {
	switch m {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if y%4 == 0 && (y%100 != 0 || y%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}

// dayOf counts the days of the proleptic Gregorian calendar, without the cost
// of package time: a fold parses millions of dates. Months count from March,
// so that the leap day is the last of its year.
func dayOf(y, m, d int) Day {
	if m <= 2 {
		y, m = y-1, m+12
	}
	return Day(365*y + y/4 - y/100 + y/400 + (153*(m-3)+2)/5 + d - 719469)
}
