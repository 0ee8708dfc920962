package producers

import (
	"bytes"
	"io"
	"testing"

	"github.com/segmentio/kafka-go/protocol"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

// What is encoded here, the library reads as what was meant: checksum, sizes
// and all.
func TestLibraryReadsWhatIsEncodedHere(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		some := rapid.SliceOfN(rapid.Byte(), 0, 300)
		msgs := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) events.Message {
			m := events.Message{Value: some.Draw(t, "value")}
			for range rapid.IntRange(0, 5).Draw(t, "headers") {
				m.Headers = append(m.Headers, events.Header{Key: rapid.StringN(1, 80, 200).Draw(t, "key"), Value: some.Draw(t, "header")})
			}
			if len(m.Value) == 0 && rapid.Bool().Draw(t, "nil") {
				m.Value = nil
			}
			return m
		}), 1, 70).Draw(t, "messages")

		batch := appendBatch(nil, msgs, 1_700_000_000_000, nobody)
		sized := append(binaryUint32(len(batch)), batch...)
		var set protocol.RecordSet
		_, err := set.ReadFrom(bytes.NewReader(sized))
		require.NoError(t, err)
		for i, want := range msgs {
			got, err := set.Records.ReadRecord()
			require.NoError(t, err)
			require.EqualValues(t, i, got.Offset)
			require.EqualValues(t, 1_700_000_000_000, got.Time.UnixMilli())
			require.Equal(t, want.Value == nil, got.Value == nil)
			if got.Value != nil {
				value, err := protocol.ReadAll(got.Value)
				require.NoError(t, err)
				require.True(t, bytes.Equal(want.Value, value))
			}
			require.Len(t, got.Headers, len(want.Headers))
			for k, h := range want.Headers {
				require.Equal(t, h.Key, got.Headers[k].Key)
				require.True(t, bytes.Equal(h.Value, got.Headers[k].Value))
			}
		}
		_, err = set.Records.ReadRecord()
		require.ErrorIs(t, err, io.EOF)
		for i, m := range msgs {
			n := len(appendRecord(nil, i, m)) - varintSize(recordSize(i, m))
			require.Equal(t, recordSize(i, m), n)
		}
	})
}

func binaryUint32(n int) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }
