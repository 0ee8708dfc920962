package imports

import (
	"fmt"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"golang.org/x/text/encoding/charmap"
	"pgregory.net/rapid"
)

var fixed = File{Format: Fixed, Skip: 1, Length: 20, Columns: []Column{
	{Name: "id", At: 1, Length: 4}, {Name: "serial", At: 5, Length: 10}, {Name: "make", At: 15, Length: 6},
}}

// Columns are counted in characters, in whatever character set; what programs
// leave out at the end of a row is not there.
func TestFixedRoundTrip(t *testing.T) {
	field := rapid.StringMatching(`[A-Z0-9ÇÃ]([A-Z0-9 ÇÃ]{0,4}[A-ZÇ])?`)
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.SliceOfN(field, 3, 3), 1, 6).Draw(t, "rows")
		latin, trim := rapid.Bool().Draw(t, "latin"), rapid.Bool().Draw(t, "trim")
		text := "ID  SERIAL    MAKE\n"
		for _, row := range want {
			row[0] = string([]rune(row[0])[:min(4, utf8.RuneCountInString(row[0]))])
			row[0] = strings.TrimSpace(row[0])
			line := fmt.Sprintf("%-4s%-10s%-6s", row[0], row[1], row[2])
			if trim {
				line = strings.TrimRight(line, " ")
			}
			text += line + "\r\n"
		}
		if latin {
			var err error
			text, err = charmap.Windows1252.NewEncoder().String(text)
			require.NoError(t, err)
		}
		r, rows := rowsOf(t, []byte(text), Options{File: fixed}, false)
		require.Equal(t, []string{"id", "serial", "make"}, r.Header())
		require.Len(t, rows, len(want))
		for i, row := range rows {
			require.Nil(t, row.Err)
			require.Equal(t, want[i], row.Fields)
			require.EqualValues(t, i+2, row.Line)
		}
	})
}

func TestBadFixed(t *testing.T) {
	text := "head\n" +
		"0001RZ100001  ROSSI\n" +
		"0002RZ100002  ROSSI  shifted\n" +
		"\n" +
		"0003RZ\x00100003\n" +
		strings.Repeat("x", MaxRow+10) + "\n" +
		"0004\n" +
		"\x1a"
	_, rows := rowsOf(t, []byte(text), Options{File: fixed}, false)
	var got []string
	for _, row := range rows {
		if row.Err != nil {
			got = append(got, fmt.Sprintf("%d %s", row.Line, row.Err.Code))
		} else {
			got = append(got, fmt.Sprintf("%d %s", row.Line, strings.Join(row.Fields, ",")))
		}
	}
	require.Equal(t, []string{"2 0001,RZ100001,ROSSI", "3 wrong_row_length", "5 nul_byte", "6 too_long", "7 0004,,"}, got)
}

// A file of rejects is CSV, whatever its rows were.
func TestRejectsOfOtherFormats(t *testing.T) {
	text := "id,serial,make,line,code,message,hint\n0001,RZ100001,ROSSI,2,x,y,z\n"
	for _, f := range []File{fixed, weapons, {Sheet: "One"}} {
		r, rows := rowsOf(t, []byte(text), Options{File: f}, false)
		require.Equal(t, CSV, r.Format())
		require.Len(t, rows, 1)
		require.Equal(t, "RZ100001", rows[0].Fields[1])
	}
}

// A table without a header gets the names of the mapping, and so do its
// rejects.
func TestHeaderOfMapping(t *testing.T) {
	f := File{Skip: 1, Header: []string{"id", "mark"}}
	r, rows := rowsOf(t, []byte("title\n1,A\n2,B\n"), Options{File: f}, false)
	require.Equal(t, f.Header, r.Header())
	require.Len(t, rows, 2)
	require.EqualValues(t, 2, rows[0].Line)
	f.Skip = 0
	r, rows = rowsOf(t, []byte("id,mark,line,code,message,hint\n1,A,2,x,y,z\n"), Options{File: f}, false)
	require.Len(t, r.Header(), 6)
	require.Len(t, rows, 1)

	sheet := sheetOf(t, [][]any{{"title"}, {}, {"1", "A"}, {"2", "B"}})
	r, rows = rowsOf(t, sheet, Options{File: File{Skip: 2, Header: []string{"id", "mark"}}}, true)
	require.Equal(t, []string{"id", "mark"}, r.Header())
	require.Len(t, rows, 2)
	require.EqualValues(t, 3, rows[0].Line)
	require.Equal(t, []string{"1", "A"}, rows[0].Fields)
}

func TestFileMistakes(t *testing.T) {
	for _, c := range []struct {
		file File
		says string
	}{
		{File{Format: "xls"}, "is none of"},
		{File{Skip: -1}, "have bounds"},
		{File{Format: Fixed, Columns: []Column{{Name: "a", Path: "a"}}}, "at and length"},
		{File{Columns: []Column{{Name: "a"}}}, "at and length"},
		{File{Columns: []Column{{Path: "a"}}}, "needs a name"},
		{File{Columns: []Column{{Name: "a", At: 1}}}, "at and length"},
		{File{Columns: []Column{{Name: "a", Path: "a"}, {Name: "a", Path: "b"}}}, "twice"},
	} {
		require.ErrorContains(t, c.file.check(), c.says)
	}
	require.NoError(t, fixed.check())
	require.NoError(t, weapons.check())
}

// Guard makes no cell a formula, and Unguard takes every cell back.
func TestGuard(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		cell := rapid.StringMatching(`'{0,3}[=+@-]?'?.{0,5}`).Draw(t, "cell")
		guarded := Guard(cell)
		require.Equal(t, cell, Unguard(guarded))
		require.False(t, strings.HasPrefix(guarded, "=") || strings.HasPrefix(guarded, "+") || strings.HasPrefix(guarded, "-") || strings.HasPrefix(guarded, "@"))
	})
}
