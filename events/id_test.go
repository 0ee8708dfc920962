package events

import (
	"testing"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The constants were written once: every id in every journal hangs on them.
func TestIDsGolden(t *testing.T) {
	request, _ := ParseUUID(sampleID)
	record := RecordID("NCB-BR", Source{"state-rdo", "D-101/2019/384/1"})
	search := SearchID("WCO", request)
	for want, got := range map[string]UUID{
		"1e4d70f0-311c-5193-8174-d232681a6f40": record,
		"128be481-aeb0-5ec9-af4e-6ab242b63c99": search,
		"f0107303-ccab-597f-8413-57120be52a50": MatchID(search, record),
		"28de45e4-9721-58f6-91a3-9bb005d4d68b": NotificationID("NCB-BR", 17),
		"f12769c6-f260-523d-8d3b-039efab2c414": RequestIDFrom("WCO", "key:1"),
	} {
		require.Equal(t, want, got.String())
	}
	require.Equal(t, MatchID(search, record), MatchID(record, search))
}

// Ids are UUIDv5 of the namespace and the parts, joined by NUL.
func TestIDsAreVersion5(t *testing.T) {
	want := uuid.NewSHA1(uuid.UUID(namespace), []byte("record\x00NCB-BR\x00rms\x00a\x00b"))
	require.Equal(t, UUID(want), RecordID("NCB-BR", Source{"rms", "a\x00b"}))
	require.Equal(t, uuid.Version(7), uuid.UUID(NewRequestID()).Version())
}

// Nobody arrives at another's record, and no two sources at the same one.
func TestRecordIDsDiffer(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		owner := rapid.SampledFrom([]string{"NCB-BR", "NCB-B", "R", "WCO"})
		system, id := rapid.StringMatching(`[a-z]{1,3}`), rapid.StringMatching(`[a-z/]{1,3}`)
		a := [3]string{owner.Draw(t, "owner"), system.Draw(t, "system"), id.Draw(t, "id")}
		b := [3]string{owner.Draw(t, "owner2"), system.Draw(t, "system2"), id.Draw(t, "id2")}
		same := RecordID(a[0], Source{a[1], a[2]}) == RecordID(b[0], Source{b[1], b[2]})
		require.Equal(t, a == b, same)
	})
}

func TestParseUUID(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(
			rapid.Map(genUUID(), UUID.String), rapid.StringMatching(`[0-9a-fA-F-]{36}`), rapid.StringMatching(`[0-9a-fA-FgG]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}`), rapid.String(),
		).Draw(t, "text")
		want, err := uuid.Parse(text)
		got, ok := ParseUUID(text)
		require.Equal(t, err == nil && len(text) == 36, ok, text)
		if ok {
			require.Equal(t, UUID(want), got)
			require.Equal(t, want.String(), got.String())
		}
	})
	var u UUID
	require.Error(t, u.UnmarshalText([]byte("{9c1be2d4-7a30-5c52-8a43-51f0c2d9e001}")))
	require.True(t, u.IsZero())
}
