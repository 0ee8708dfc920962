package events

import (
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func sampleRecord(t testing.TB) []byte {
	b, err := os.ReadFile("testdata/record.json")
	require.NoError(t, err)
	return b
}

func TestDecodeContractRecord(t *testing.T) {
	body, errs := Decode(TypeRecordSubmitted, sampleRecord(t))
	require.Empty(t, errs)
	r := body.(*RecordSubmitted)
	require.Equal(t, Source{"state-rdo", "D-101/2019/384/1"}, r.Source)
	require.EqualValues(t, 1, r.BaseRevision)
	require.Len(t, r.Firearm.Marks, 3)
	require.Equal(t, Mark{Kind: "serial", Place: "barrel", Status: "partial", Text: "?V204*"}, r.Firearm.Marks[1])
	require.Equal(t, "930200", r.Incident.Customs.HSCode)
	require.Equal(t, []Leg{{"PY", "departure"}, {"BR", "destination"}}, r.Incident.Route)
	require.Equal(t, MustDate("2017"), r.Origin.Diversion.Date)
	require.Equal(t, MustDate("2031-11-23"), r.RetainUntil)
}

func BenchmarkDecode(b *testing.B) {
	full := sampleRecord(b)
	short := []byte(`{"source":{"system":"state-rdo","id":"D-101/2019/384/1"},"category":"seized","firearm":{"type":"revolver","make":"taurus","calibre":"38","marks":[{"kind":"serial","place":"frame","status":"readable","text":"RV204187"}]},"incident":{"date":"2019","country":"BR","subdivision":"BR-SP","place":"SAO PAULO","case_number":"D-101/2019/384"},"retain_until":"2031-11-23"}`)
	for name, value := range map[string][]byte{"full": full, "short": short} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			b.SetBytes(int64(len(value)))
			for b.Loop() {
				if _, errs := Decode(TypeRecordSubmitted, value); errs != nil {
					b.Fatal(errs)
				}
			}
		})
	}
}

func BenchmarkDigest(b *testing.B) {
	body, _ := Decode(TypeRecordSubmitted, sampleRecord(b))
	r := body.(*RecordSubmitted)
	b.ReportAllocs()
	for b.Loop() {
		Digest(r)
	}
}

func TestExplainSerialIsStatus(t *testing.T) {
	value := []byte(strings.Replace(string(sampleRecord(t)), "RV204187", "RASPADO", 1))
	_, errs := Decode(TypeRecordSubmitted, value)
	require.Equal(t, []FieldError{{
		Pointer: "/firearm/marks/0/text", Code: "serial_is_status",
		Message: `"RASPADO" says the number was scraped off`, Hint: "status: obliterated, no text",
	}}, Explain(TypeRecordSubmitted, value, errs))
}
