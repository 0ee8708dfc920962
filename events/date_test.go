package events

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestParseDate(t *testing.T) {
	for text, want := range map[string][2]string{
		"2019":                  {"2019-01-01", "2019-12-31"},
		"2019-05":               {"2019-05-01", "2019-05-31"},
		"2019-02":               {"2019-02-01", "2019-02-28"},
		"2020-02":               {"2020-02-01", "2020-02-29"},
		"1900-02":               {"1900-02-01", "1900-02-28"},
		"2000-02":               {"2000-02-01", "2000-02-29"},
		"2019-05-14":            {"2019-05-14", "2019-05-14"},
		"1500":                  {"1500-01-01", "1500-12-31"},
		"2999-12-31":            {"2999-12-31", "2999-12-31"},
		"1969-12-31":            {"1969-12-31", "1969-12-31"},
		"2018/2019-03":          {"2018-01-01", "2019-03-31"},
		"2019-05-14/2019-05-14": {"2019-05-14", "2019-05-14"},
	} {
		d, ok := ParseDate(text)
		require.True(t, ok, text)
		require.Equal(t, want, [2]string{d.Min().String(), d.Max().String()}, text)
		require.Equal(t, text, d.String())
		require.Equal(t, (d.Max() + 1).Start(), d.End())
	}
	for _, text := range []string{
		"", "19", "201", "20190", "1499", "3000", "2019-", "2019-00", "2019-13", "2019-1", "2019-02-29", "1900-02-29", "2019-04-31", "2019-05-00", "2019-05-1",
		"2019/05", "2019-05/14", "2019/", "/2019", "2019/2018", "2019-05-14/2019-05", "2019-05/2019-04", "2019/2019-06", "2018/2019/2020", " 2019", "2019 ", "２０１９", "2019-05-14T00:00:00Z", "+2019", "-019",
	} {
		_, ok := ParseDate(text)
		require.False(t, ok, text)
	}
}

// Days, months and years are those of package time.
func TestDateLikeTime(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		y := rapid.IntRange(firstYear, lastYear).Draw(t, "y")
		m := rapid.IntRange(1, 12).Draw(t, "m")
		d := rapid.IntRange(0, 32).Draw(t, "d")
		text := fmt.Sprintf("%04d-%02d-%02d", y, m, d)
		want, err := time.Parse(time.DateOnly, text)
		got, ok := ParseDate(text)
		require.Equal(t, err == nil, ok, text)
		day, dayOK := ParseDay(text)
		require.Equal(t, ok, dayOK)
		if ok {
			require.Equal(t, want.UnixMilli(), got.Min().Start())
			require.Equal(t, want.AddDate(0, 0, 1).UnixMilli(), got.End())
			require.Equal(t, text, day.String())
			require.Equal(t, day, DayOf(got.End()-1))
		}
		month, _ := ParseDate(text[:7])
		require.Equal(t, time.Date(y, time.Month(m), 1, 0, 0, 0, 0, time.UTC).UnixMilli(), month.Min().Start())
		require.Equal(t, time.Date(y, time.Month(m)+1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), month.End())
		year, _ := ParseDate(text[:4])
		require.Equal(t, time.Date(y+1, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli(), year.End())
	})
}

func TestDayOf(t *testing.T) {
	for ms, want := range map[int64]Day{0: 0, 1: 0, MillisPerDay - 1: 0, MillisPerDay: 1, -1: -1, -MillisPerDay: -1, -MillisPerDay - 1: -2} {
		require.Equal(t, want, DayOf(ms), ms)
	}
}

func TestDatesAsText(t *testing.T) {
	type dates struct {
		Date Date `json:"date,omitzero"`
		Day  Day  `json:"day,omitempty"`
	}
	for _, d := range []dates{{}, {MustDate("2018/2019-03"), 20_000}} {
		b, err := json.Marshal(d)
		require.NoError(t, err)
		var back dates
		require.NoError(t, json.Unmarshal(b, &back))
		require.Equal(t, d, back)
	}
	require.Equal(t, `{}`, string(must(json.Marshal(dates{}))))
	var d dates
	require.Error(t, json.Unmarshal([]byte(`{"date":"soon"}`), &d))
	require.Error(t, json.Unmarshal([]byte(`{"day":"2019-05"}`), &d))
	require.Equal(t, MustDate("2024-10-04"), DateOfDay(20_000))
	require.Panics(t, func() { MustDate("2019-02-30") })
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
