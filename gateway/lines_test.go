package gateway

import (
	"bytes"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// pieces is a reader that gives what it has in pieces of drawn sizes.
type pieces struct {
	t    *rapid.T
	left []byte
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.left) == 0 {
		return 0, io.EOF
	}
	n := rapid.IntRange(0, min(len(p.left), len(b))).Draw(p.t, "piece")
	copy(b, p.left[:n])
	p.left = p.left[n:]
	return n, nil
}

// However the bytes come in, the lines are those of a split at line feeds; one
// that is too long is there once, as such.
func TestLinesAreTheLinesOfTheBody(t *testing.T) {
	const longest = 20
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.SliceOfN(rapid.SampledFrom([]byte("ab\n\r")), 0, 400).Draw(t, "body")
		body = append(body, bytes.Repeat([]byte("x"), rapid.IntRange(0, 100).Draw(t, "long"))...)
		l := newLineReader(&pieces{t, body}, longest)
		l.buf = make([]byte, longest+rapid.IntRange(2, 50).Draw(t, "buffer"))
		want := bytes.Split(body, []byte("\n"))
		if len(want[len(want)-1]) == 0 {
			want = want[:len(want)-1]
		}
		for _, line := range want {
			got, tooLong, err := l.next()
			require.NoError(t, err)
			require.Equal(t, len(line) > longest, tooLong)
			if !tooLong {
				require.Equal(t, string(line), string(got))
			}
		}
		_, _, err := l.next()
		require.ErrorIs(t, err, io.EOF)
	})
}

func TestLinesBeforeABreakAreKept(t *testing.T) {
	broken := errors.New("broken")
	l := newLineReader(io.MultiReader(bytes.NewReader([]byte("one\ntwo\nhal")), iotest.ErrReader(broken)), 20)
	for _, want := range []string{"one", "two"} {
		got, _, err := l.next()
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	_, _, err := l.next()
	require.ErrorIs(t, err, broken, "half a line is no line")
	require.ErrorIs(t, newFailing().err(), io.ErrNoProgress)
}

type failing struct{ *lineReader }

// newFailing reads from one that never gives anything.
func newFailing() failing { return failing{newLineReader(nothing{}, 20)} }

func (f failing) err() error { _, _, err := f.next(); return err }

type nothing struct{}

func (nothing) Read([]byte) (int, error) { return 0, nil }
