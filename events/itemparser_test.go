package events

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What is read one after the other in shared memory is what each is by itself,
// and stays so while more is read.
func TestItemParserSharesNothingThatChanges(t *testing.T) {
	var p ItemParser
	var got, want []Item
	for i := range 500 {
		e := sampleEntry()
		e.Seq, e.Off = uint64(i), int64(i)
		e.Owner = fmt.Sprint("owner-", i/7)
		e.Src = []OrgID{"NCB-BR", "NCB-PY", "WCO"}[i%3]
		e.Effects = sampleEffects()[:i%4]
		e.Envelope.Headers = append(e.Envelope.Headers[:0:0], e.Envelope.Headers...)
		e.Envelope.Headers = e.Envelope.Headers[:len(e.Envelope.Headers)-i%2]
		headers := e.Headers()
		one, err := ParseItem(headers, e.Value, int64(i))
		require.NoError(t, err)
		shared, err := p.Parse(headers, e.Value, int64(i))
		require.NoError(t, err)
		clear(headers) // the parser may not keep the list itself
		got, want = append(got, shared), append(want, one)
	}
	require.Equal(t, want, got)
	for _, it := range got {
		require.Equal(t, len(it.Entry.Envelope.Headers), cap(it.Entry.Envelope.Headers), "who appends to one does not write into the next")
	}
}

func TestTextsStayAsTheyAre(t *testing.T) {
	var shared texts
	var got, want []string
	for i := range 5000 {
		s := strings.Repeat(string(rune('a'+i%26)), i%(longText+100))
		b := []byte(s)
		got, want = append(got, shared.of(b)), append(want, s)
		clear(b)
	}
	require.Equal(t, want, got)
	require.Equal(t, "x", (*texts)(nil).of([]byte("x")))
}
