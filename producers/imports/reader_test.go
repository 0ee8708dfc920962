package imports

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func readAll(t require.TestingT, in io.Reader) (rows []Row) {
	r, err := NewReader(in, Options{})
	require.NoError(t, err)
	for {
		row, err := r.Next()
		if errors.Is(err, io.EOF) {
			return rows
		}
		require.NoError(t, err)
		rows = append(rows, row)
	}
}

// What encoding/csv writes is read back field by field, whatever it holds and
// however the bytes arrive.
func TestCSVRoundTrip(t *testing.T) {
	field := rapid.StringMatching(`[a-z ,;"\n\tçЖ']{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOfN(rapid.SliceOfN(field, 3, 3), 1, 8).Draw(t, "rows")
		var b bytes.Buffer
		w := csv.NewWriter(&b)
		require.NoError(t, w.Write([]string{"first", "second", "third"}))
		require.NoError(t, w.WriteAll(want))
		rows := readAll(t, iotest.OneByteReader(&b))
		require.Len(t, rows, len(want))
		for i, row := range rows {
			require.Nil(t, row.Err)
			require.Equal(t, want[i], row.Fields)
		}
	})
}

// Bytes of any kind give rows and verdicts, never a failure, and line numbers
// that rise.
func TestAnyBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.SliceOf(rapid.SampledFrom([]byte("a,\"\n\r[]{}:\\1\x00\xff é"))).Draw(t, "bytes")
		r, err := NewReader(bytes.NewReader(text), Options{})
		if err != nil {
			var file *FileError
			require.ErrorAs(t, err, &file)
			return
		}
		last := int64(0)
		for {
			row, err := r.Next()
			if errors.Is(err, io.EOF) {
				return
			}
			require.NoError(t, err)
			require.GreaterOrEqual(t, row.Line, last)
			last = row.Line
		}
	})
}

// The elements of an array come as encoding/json would read them.
func TestArrayRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.SliceOf(rapid.MapOf(rapid.String(), rapid.String())).Draw(t, "rows")
		text, err := json.MarshalIndent(want, "", "  ")
		require.NoError(t, err)
		if len(want) == 0 {
			return // null is no array
		}
		rows := readAll(t, bytes.NewReader(text))
		require.Len(t, rows, len(want))
		for i, row := range rows {
			require.Nil(t, row.Err)
			got := map[string]string{}
			require.NoError(t, json.Unmarshal(row.JSON, &got))
			require.Equal(t, want[i], got)
		}
	})
}

// A reader that fails stops the file with its error, and its unfinished line
// is not taken for a row.
func TestReaderFails(t *testing.T) {
	broken := errors.New("disk is gone")
	for _, text := range []string{"a,b\n1,2\n3,", "{\"a\":1}\n{\"a\"", "[{\"a\":1},{\"a\""} {
		r, err := NewReader(io.MultiReader(strings.NewReader(text), iotest.ErrReader(broken)), Options{})
		require.NoError(t, err)
		row, err := r.Next()
		require.NoError(t, err)
		require.Nil(t, row.Err)
		_, err = r.Next()
		require.ErrorIs(t, err, broken)
	}
}

// Lines are counted through quoted line ends, blank lines and long lines.
func TestLineNumbers(t *testing.T) {
	text := "a,b\n1,\"x\ny\"\n\n3," + strings.Repeat("z", MaxRow) + "\n4,ok\n"
	var lines []int64
	for _, row := range readAll(t, strings.NewReader(text)) {
		lines = append(lines, row.Line)
	}
	require.Equal(t, []int64{2, 5, 6}, lines)
}

func TestLegacyCharset(t *testing.T) {
	for _, name := range []string{"", "windows-1252", "windows-1251", "iso-8859-1", "koi8-r"} {
		_, err := legacyCharset(name)
		require.NoError(t, err, name)
	}
	_, err := legacyCharset("utf-7")
	require.Error(t, err)
}
