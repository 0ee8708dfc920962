package matching

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// realMarks reads the numbers of the São Paulo table, where * is one unknown
// sign. The table is not part of the project.
func realMarks(t testing.TB) (marks []Mark) {
	shared := os.Getenv("ARMSLOG_SHARED")
	if shared == "" {
		t.Skip("ARMSLOG_SHARED is not set")
	}
	f, err := os.Open(filepath.Join(shared, "data", "sp_seized_2019_2023.csv"))
	require.NoError(t, err)
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	require.NoError(t, err)
	column := slices.Index(rows[0], "NUMERO_ARMA")
	require.GreaterOrEqual(t, column, 0)
	for _, row := range rows[1:] {
		text := strings.TrimSpace(row[column])
		if strings.ContainsAny(text, "0123456789") {
			partial := strings.Contains(text, "*")
			marks = append(marks, Mark{Text: strings.ReplaceAll(text, "*", "?"), Partial: partial})
		}
	}
	return marks
}

func TestRealMarksAgainstBruteForce(t *testing.T) {
	marks := realMarks(t)
	var x Index
	var s Scratch
	classes := map[Class]int{}
	for _, m := range marks {
		x.Add(Entry{Mark: m, Indexed: true})
		classes[DefaultPolicy().Bits.Class(Measure(m).MilliBits)]++
	}
	var asked []Mark
	partials := slices.Collect(func(yield func(Mark) bool) {
		for _, m := range marks {
			if m.Partial && CanSearch(m.Text, "") && !yield(m) {
				return
			}
		}
	})
	require.NotEmpty(t, partials)
	for i := range 20 {
		asked = append(asked, marks[i*len(marks)/20], partials[i*len(partials)/20])
	}
	for _, a := range asked {
		var want []Hit
		var c Scratch
		for id, m := range marks {
			if g := c.Compare(a, m); g != NoMeeting {
				want = append(want, Hit{MarkID(id), g})
			}
		}
		require.Equal(t, want, meet(&x, &s, a), "%d marks meet", len(want))
	}
	require.Greater(t, classes[Strong], classes[Fair], "more than half of real marks are strong")
	require.Greater(t, classes[Fair], classes[Weak])
	t.Logf("%d marks, %d searchable partial; strong %d%%, fair %d%%, weak %d%%", len(marks), len(partials),
		100*classes[Strong]/len(marks), 100*classes[Fair]/len(marks), 100*classes[Weak]/len(marks))
}
