package consumers

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzFetchAnswer: whatever a broker answers to a fetch is records in order, not
// before what was asked for, or an error.
func FuzzFetchAnswer(f *testing.F) {
	be := binary.BigEndian
	record := []byte{0, 0, 0, 1, 2, 'v', 2, 2, 'k', 2, 'x'} // attributes, time, offset, no key, value, one header
	body := be.AppendUint32(make([]byte, 2, 64), 0)         // attributes, last offset delta
	body = append(be.AppendUint32(append(body, make([]byte, 8+8+8+2+4)...), 1), byte(2*len(record)))
	body = append(body, record...)
	batch := be.AppendUint32(be.AppendUint64(nil, 5), uint32(9+len(body)))
	batch = append(be.AppendUint32(batch, 0), 2)
	batch = append(be.AppendUint32(batch, checksum(body)), body...)
	answer := append(make([]byte, 8, 128), 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0)
	answer = be.AppendUint64(be.AppendUint64(be.AppendUint64(answer, 6), 6), 0)
	answer = be.AppendUint32(answer, 0xffffffff) // no aborted transactions
	answer = append(be.AppendUint32(answer, uint32(len(batch))), batch...)
	wants := []wanted{{topic: "t", offset: 5, most: 16}}
	got, err := (&bulk{}).answer(answer, wants)
	require.NoError(f, err)
	require.NoError(f, got[0].err)
	require.Len(f, got[0].records, 1, "the seed is an answer")
	f.Add(answer, int64(5), 16)
	f.Add(answer, int64(0), int(all))
	f.Add(batch, int64(5), 1)
	f.Fuzz(func(t *testing.T, b []byte, from int64, most int) {
		from, most = max(from, 0), max(most, 1)
		answers, err := (&bulk{}).answer(b, []wanted{{topic: "t", offset: from, most: most}})
		if err != nil {
			return
		}
		for _, a := range answers {
			require.LessOrEqual(t, len(a.records), most)
			for _, r := range a.records {
				require.GreaterOrEqual(t, r.offset, from)
			}
		}
	})
}
