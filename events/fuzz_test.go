package events

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// goldenBodies are the golden bodies of package schemas, by type.
func goldenBodies(f testing.TB, see func(t Type, value []byte)) {
	paths, err := filepath.Glob("../schemas/testdata/golden/*/*.json")
	require.NoError(f, err)
	require.NotEmpty(f, paths)
	for _, p := range paths {
		value, err := os.ReadFile(p)
		require.NoError(f, err)
		see(Type("armslog."+filepath.Base(filepath.Dir(p))), value)
	}
}

// FuzzDecode: no value makes the decoder panic or take what encoding/json would
// not; what it takes is read again and survives encoding.
func FuzzDecode(f *testing.F) {
	goldenBodies(f, func(t Type, value []byte) { f.Add(string(t), value) })
	f.Fuzz(func(t *testing.T, kind string, value []byte) {
		body, errs := Decode(Type(kind), value)
		Explain(Type(kind), value, errs)
		lenient, _ := Read(Type(kind), value)
		if body == nil {
			require.NotEmpty(t, errs)
			require.LessOrEqual(t, len(errs), maxErrors)
			again, err := parseFieldErrors(appendFieldErrors(nil, errs))
			require.NoError(t, err)
			require.Equal(t, errs, again)
			return
		}
		require.True(t, json.Valid(value))
		require.Equal(t, body, lenient)
		again, errs := Decode(Type(kind), must(json.Marshal(body)))
		require.Empty(t, errs)
		require.Equal(t, must(json.Marshal(body)), must(json.Marshal(again)))
	})
}

func FuzzParseEffects(f *testing.F) {
	f.Add(AppendEffects(nil, sampleEffects()))
	for _, e := range sampleEffects() {
		f.Add(AppendEffects(nil, []Effect{e}))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		effects, err := ParseEffects(b)
		if err != nil {
			require.ErrorIs(t, err, ErrNotJournal)
			return
		}
		require.True(t, json.Valid(b))
		if sole, ok := soleRecord(b); ok { // read where it stands, or as JSON: the same
			r := effectReader{scanner: scanner{s: string(b)}}
			r.take('[')
			require.Equal(t, Effect(sole), r.effect())
			require.Equal(t, []Effect{sole}, effects)
		}
		form := AppendEffects(nil, effects)
		again, err := ParseEffects(form)
		require.NoError(t, err)
		require.Equal(t, form, AppendEffects(nil, again))
	})
}

// split makes headers of bytes: "key=value" lines.
func split(b []byte) (headers []Header) {
	for line := range bytes.SplitSeq(b, []byte("\n")) {
		k, v, _ := bytes.Cut(line, []byte("="))
		headers = append(headers, Header{string(k), v})
	}
	return headers
}

func join(headers []Header) []byte {
	var b []byte
	for _, h := range headers {
		b = append(append(append(append(b, h.Key...), '='), h.Value...), '\n')
	}
	return b
}

func FuzzParseItem(f *testing.F) {
	f.Add(join(full().Headers()), full().Value)
	f.Add(join(Fence{"b", "a", 2}.Headers()), []byte(nil))
	goldenBodies(f, func(t Type, value []byte) {
		e := sampleEntry()
		e.Envelope, e.Value = NewEnvelope(UUID{1}, t), value
		f.Add(join(e.Headers()), value)
	})
	f.Fuzz(func(t *testing.T, headers, value []byte) {
		it, err := ParseItem(split(headers), value, 7)
		if err != nil {
			require.ErrorIs(t, err, ErrNotJournal)
			return
		}
		if it.Fence != nil {
			again, err := ParseItem(it.Fence.Headers(), nil, 7)
			require.NoError(t, err)
			require.Equal(t, it, again)
			return
		}
		again, err := ParseItem(it.Entry.Headers(), value, 7)
		require.NoError(t, err)
		require.Equal(t, it.Entry.Leaf(), again.Entry.Leaf())
	})
}

func FuzzParseEnvelope(f *testing.F) {
	f.Add(join(sampleHeaders()))
	f.Add([]byte("ce_id=\nce_id=\nce_a b/~=\xff"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, errs := ParseEnvelope(split(b))
		require.LessOrEqual(t, len(errs), maxErrors)
		if len(errs) > 0 {
			back, err := parseFieldErrors(appendFieldErrors(nil, errs))
			require.NoError(t, err)
			require.Equal(t, errs, back)
		}
		again, _ := ParseEnvelope(e.Headers)
		require.Equal(t, e, again)
	})
}
