package events

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const sampleID = "0192f0c1-2a10-7d7e-9e1c-8a2b0f4d6c03"

func header(key, value string) Header { return Header{key, []byte(value)} }

func sampleHeaders() []Header {
	return []Header{
		header("ce_type", string(TypeSearchMade)), header("ce_specversion", "1.0"), header("ce_id", sampleID),
		header("ce_source", "WCO"), header("ce_time", "2026-11-23T12:03:00.000Z"), header("ce_actor", "u:7f3a"),
		header("ce_onbehalfof", "FJ-CUSTOMS"), header("ce_noreply", "1"), header("content-type", "application/json"),
		header("ce_future", "\x00\xff"), header("x-other", "not kept"), header("seq", "7"),
	}
}

func TestParseEnvelope(t *testing.T) {
	e, errs := ParseEnvelope(sampleHeaders())
	require.Empty(t, errs)
	require.Equal(t, sampleID, e.ID.String())
	require.Equal(t, TypeSearchMade, e.Type)
	require.Equal(t, "WCO", e.Source)
	require.Equal(t, "2026-11-23T12:03:00.000Z", e.Time)
	require.Equal(t, "u:7f3a", e.Actor)
	require.Equal(t, "FJ-CUSTOMS", e.OnBehalfOf)
	require.True(t, e.NoReply)
	var keys []string
	for _, h := range e.Headers {
		keys = append(keys, h.Key)
	}
	require.Equal(t, strings.Fields("ce_actor ce_future ce_id ce_noreply ce_onbehalfof ce_source ce_specversion ce_time ce_type content-type"), keys)
}

func TestParseEnvelopeErrors(t *testing.T) {
	id, kind := header("ce_id", sampleID), header("ce_type", "armslog.search.made.v1")
	tests := map[string]struct {
		headers []Header
		want    []FieldError
	}{
		"none":            {nil, []FieldError{{Pointer: "/headers/ce_id", Code: "required"}, {Pointer: "/headers/ce_type", Code: "required"}}},
		"nil id":          {[]Header{header("ce_id", UUID{}.String()), kind}, []FieldError{{Pointer: "/headers/ce_id", Code: "header_invalid"}}},
		"no uuid":         {[]Header{header("ce_id", "7"), kind}, []FieldError{{Pointer: "/headers/ce_id", Code: "header_invalid"}}},
		"twice":           {[]Header{id, id, kind}, []FieldError{{Pointer: "/headers/ce_id", Code: "header_twice"}}},
		"too long":        {[]Header{id, kind, header("ce_x", strings.Repeat("x", MaxHeaderBytes+1))}, []FieldError{{Pointer: "/headers/ce", Code: "header_too_long"}}},
		"key too long":    {[]Header{id, kind, header("ce_"+strings.Repeat("x", 70), "")}, []FieldError{{Pointer: "/headers/ce", Code: "header_too_long"}}},
		"version":         {[]Header{id, kind, header("ce_specversion", "0.3")}, []FieldError{{Pointer: "/headers/ce_specversion", Code: "header_invalid"}}},
		"mail as actor":   {[]Header{id, kind, header("ce_actor", "desk@example.org")}, []FieldError{{Pointer: "/headers/ce_actor", Code: "header_invalid"}}},
		"organisation":    {[]Header{id, kind, header("ce_onbehalfof", "fj")}, []FieldError{{Pointer: "/headers/ce_onbehalfof", Code: "header_invalid"}}},
		"content type":    {[]Header{id, kind, header("content-type", "text/csv")}, []FieldError{{Pointer: "/headers/content-type", Code: "header_invalid"}}},
		"type with bytes": {[]Header{id, header("ce_type", "\xff\n")}, []FieldError{{Pointer: "/headers/ce_type", Code: "header_invalid"}}},
		"hostile key":     {[]Header{id, kind, header("ce_a\nb/c", "1"), header("ce_a\nb/c", "2")}, []FieldError{{Pointer: "/headers/ce_a\uFFFDb~1c", Code: "header_twice"}}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			e, errs := ParseEnvelope(tt.headers)
			require.Equal(t, tt.want, errs)
			again, _ := ParseEnvelope(e.Headers)
			require.Equal(t, e, again, "an entry keeps the envelope as it was")
			for _, x := range Explain(e.Type, nil, errs) {
				require.NotEmpty(t, x.Message)
			}
		})
	}
}

// However many headers a sender makes, what is kept is bounded.
func TestParseEnvelopeBounds(t *testing.T) {
	var headers []Header
	for range 200 {
		headers = append(headers, header("ce_x", strings.Repeat("v", MaxHeaderBytes)))
	}
	e, errs := ParseEnvelope(headers)
	require.Len(t, e.Headers, MaxHeaders)
	require.LessOrEqual(t, len(errs), maxErrors)
	require.Equal(t, "header_too_long", errs[0].Code)
	size := 0
	for _, h := range e.Headers {
		size += len(h.Key) + len(h.Value)
	}
	require.LessOrEqual(t, size+MaxBody, MaxMessage+MaxHeaders*maxHeaderKey)
}

func TestNewEnvelope(t *testing.T) {
	id := NewRequestID()
	e := NewEnvelope(id, TypeSearchMade, header(HeaderNoReply, "1"))
	require.Equal(t, id, e.ID)
	require.True(t, e.NoReply)
	again, errs := ParseEnvelope(e.Headers)
	require.Empty(t, errs)
	require.Equal(t, e, again)
}

func TestValidOrg(t *testing.T) {
	for _, s := range []string{"WCO", "NCB-BR", "A1", "0A", strings.Repeat("A", 32)} {
		require.True(t, ValidOrg(s), s)
	}
	for _, s := range []string{"", "A", "-A", "wco", "NCB BR", "NCB_BR", "NCB.BR", strings.Repeat("A", 33), "ÄÖ"} {
		require.False(t, ValidOrg(s), s)
	}
}

func BenchmarkParseItem(b *testing.B) {
	e := sampleEntry()
	e.Effects = sampleEffects()[:1]
	headers := e.Headers()
	b.Run("one", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, err := ParseItem(headers, e.Value, 7); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("stretch", func(b *testing.B) {
		var p ItemParser
		b.ReportAllocs()
		for b.Loop() {
			if _, err := p.Parse(headers, e.Value, 7); err != nil {
				b.Fatal(err)
			}
		}
	})
}
