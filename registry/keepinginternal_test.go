package registry

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

func TestMonthsBefore(t *testing.T) {
	for _, c := range []struct {
		day    string
		months int
		want   string
	}{
		{"2027-08-31", 6, "2027-02-28"}, {"2028-08-31", 6, "2028-02-29"}, {"2027-08-15", 6, "2027-02-15"},
		{"2027-03-31", 1, "2027-02-28"}, {"2027-01-31", 1, "2026-12-31"}, {"2027-05-01", 6, "2026-11-01"},
	} {
		day, _ := events.ParseDay(c.day)
		require.Equal(t, c.want, monthsBefore(day, c.months).String(), c)
	}
	rapid.Check(t, func(t *rapid.T) {
		day := events.Day(rapid.Int32Range(10_000, 60_000).Draw(t, "day"))
		months := rapid.IntRange(1, 12).Draw(t, "months")
		require.Less(t, monthsBefore(day, months), day)
		require.LessOrEqual(t, monthsBefore(day, months), monthsBefore(day+1, months), "stages fall due in the order of the days")
	})
}

// Whatever is kept, amended and let go: what each owner keeps until each day,
// and what is due next, are what a look at all records says; and rows that hold
// no more never become the greater part.
func TestKeepingAgainstAllRecords(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := New()
		k := &s.due.keeping
		at := events.Day(20_000).Start()
		for range rapid.IntRange(1, 300).Draw(t, "steps") {
			id := byte(rapid.IntRange(1, 40).Draw(t, "record"))
			row, known := s.findSubject(events.UUID{15: id})
			if !known {
				row = s.addSubject(subject{id: events.UUID{15: id}, org: orgRef(id%3 + 1), category: 1, flags: flagClosed})
			}
			r := s.subject(row)
			s.release(r)
			r.flags = uint8(rapid.SampledFrom([]int{0, 0, 0, int(flagClosed), int(flagExpired)}).Draw(t, "flags"))
			if r.until = events.Day(20_000 + 100*rapid.IntRange(1, 4).Draw(t, "until")); r.flags == 0 {
				k.keep(s, row, at)
			}
			checkKeeping(t, s, at)
		}
	})
}

func checkKeeping(t *rapid.T, s *State, at int64) {
	want, days := map[string]int{}, map[events.Day]bool{}
	for i := range s.subjects.len() {
		if r := s.subject(uint32(i)); r.keptUntil(r.until) {
			want[fmt.Sprint(r.until, r.org)]++
			days[r.until] = true
		}
	}
	got, total := map[string]int{}, 0
	for day, owners := range s.due.keeping.days {
		require.NotEmpty(t, owners)
		for _, x := range owners {
			got[fmt.Sprint(day, x.owner)] = int(x.n)
			total += int(x.n)
			require.LessOrEqual(t, len(x.rows), 2*int(x.n)+64)
			held := map[uint32]bool{}
			for _, row := range x.rows {
				if r := s.subject(row); r.keptUntil(day) && r.org == x.owner {
					held[row] = true
				}
			}
			require.Len(t, held, int(x.n))
		}
	}
	require.Equal(t, want, got)
	for stage, due := range s.due.keeping.due {
		n := 0
		for day := range days {
			if stageAt(stage, day) > at {
				n++
			}
		}
		require.Len(t, due, n)
		require.IsIncreasing(t, append([]events.Day{0}, due...))
	}
}
