package producers

import (
	"encoding/binary"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzReadProduced: whatever a broker answers to an append is an offset or an
// error.
func FuzzReadProduced(f *testing.F) {
	be := binary.BigEndian
	answer := append([]byte{0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 't', 0, 0, 0, 1, 0, 0, 0, 0, 0, 0}, be.AppendUint64(nil, 7)...)
	answer = be.AppendUint32(be.AppendUint64(answer, 1<<40), 0)
	f.Add(answer)
	f.Add(answer[:20])
	f.Fuzz(func(t *testing.T, b []byte) {
		if at, err := readProduced(b); err != nil {
			require.Zero(t, at)
		}
	})
}
