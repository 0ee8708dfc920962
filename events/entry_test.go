package events

import (
	"encoding/hex"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func sampleEntry() *Entry {
	envelope, _ := ParseEnvelope(sampleHeaders())
	return &Entry{
		Seq: 1215, Owner: "node-1/7", Src: "WCO", Off: 41, Span: 1, At: 1_795_435_380_123, Engine: 1, Policy: "2026-11-23.1",
		Salt: [16]byte{1, 2, 3, 15: 0xff}, Verdict: Accepted, Envelope: envelope, Value: []byte(`{"purpose":"border_control"}`),
	}
}

func full() *Entry {
	e := sampleEntry()
	e.Warnings = []FieldError{{Pointer: "/firearm/marks/0", Code: "weak_mark"}}
	e.Effects = sampleEffects()
	return e
}

func item(t require.TestingT, e *Entry) Item {
	it, err := ParseItem(e.Headers(), e.Value, 3000)
	require.NoError(t, err)
	return it
}

func TestEntryRoundTrip(t *testing.T) {
	rejected := sampleEntry()
	rejected.Verdict, rejected.Errors = Rejected, []FieldError{{Code: "too_broad"}, {Pointer: "/a b/0", Code: "unknown_field"}}
	duplicate := sampleEntry()
	duplicate.Verdict, duplicate.Of = Duplicate, 7
	own := &Entry{Src: SourceRegistry, Span: 1, Verdict: Accepted, Value: []byte("{}"), Envelope: NewEnvelope(UUID{1}, TypeSearchLapsed)}
	run := &Entry{Seq: 3, Src: "NCB-BR", Off: 10, Span: 500, Verdict: Unchanged, Value: []byte{}, Envelope: Envelope{Headers: nil}}
	for name, e := range map[string]*Entry{"full": full(), "rejected": rejected, "duplicate": duplicate, "own": own, "run": run} {
		it := item(t, e)
		require.Equal(t, e, it.Entry, name)
		require.EqualValues(t, 3000, it.Offset)
		require.Nil(t, it.Fence)
		require.Equal(t, e.Leaf(), it.Entry.Leaf(), name)
	}
}

func TestFenceRoundTrip(t *testing.T) {
	for _, f := range []Fence{{"node-1/1", "", 1}, {"node-2/4", "node-1/1", 7}} {
		it, err := ParseItem(f.Headers(), nil, 9)
		require.NoError(t, err)
		require.Equal(t, Item{Fence: &f, Offset: 9}, it)
	}
}

// The leaf hash is fixed for ever: this constant was written once.
func TestLeafGolden(t *testing.T) {
	leaf := full().Leaf()
	require.Equal(t, "68d6eda32ee217dd27d074c2905209c548d3b94a07976392890c30dd65d7ae49", hex.EncodeToString(leaf[:]))
}

// A leaf depends on everything but who led, and whether value and salt have
// been erased.
func TestLeafCovers(t *testing.T) {
	want := full().Leaf()
	same := map[string]func(*Entry){
		"owner":    func(e *Entry) { e.Owner = "node-2/9" },
		"erasure":  (*Entry).Erase,
		"messages": func(e *Entry) { e.Warnings[0].Message = "words" },
	}
	for name, change := range same {
		e := full()
		change(e)
		require.Equal(t, want, e.Leaf(), name)
	}
	other := map[string]func(*Entry){
		"seq": func(e *Entry) { e.Seq++ }, "src": func(e *Entry) { e.Src = "WCP" }, "off": func(e *Entry) { e.Off++ },
		"span": func(e *Entry) { e.Span++ }, "at": func(e *Entry) { e.At++ }, "engine": func(e *Entry) { e.Engine++ },
		"policy": func(e *Entry) { e.Policy += "x" }, "verdict": func(e *Entry) { e.Verdict = Failed },
		"warnings": func(e *Entry) { e.Warnings = nil }, "effects": func(e *Entry) { e.Effects = e.Effects[1:] },
		"value": func(e *Entry) { e.Value[0] ^= 1 }, "salt": func(e *Entry) { e.Salt[0] ^= 1 },
		"envelope": func(e *Entry) { e.Envelope.Headers[1].Value = []byte("x") },
	}
	for name, change := range other {
		e := full()
		change(e)
		require.NotEqual(t, want, e.Leaf(), name)
	}
}

func TestErase(t *testing.T) {
	e := full()
	e.Erase()
	require.Empty(t, e.Value)
	it := item(t, e)
	require.Empty(t, it.Entry.Value)
	require.Equal(t, e.Commit, it.Entry.Commit)
	require.Equal(t, [16]byte{}, it.Entry.Salt)
	require.Equal(t, full().Leaf(), it.Entry.Leaf())
	once := *e.Commit
	e.Erase()
	require.Equal(t, once, *e.Commit)
}

func TestParseItemRefuses(t *testing.T) {
	change := func(key, value string) []Header {
		headers := full().Headers()
		for i := range headers {
			if headers[i].Key == key {
				headers[i].Value = []byte(value)
			}
		}
		return headers
	}
	for name, headers := range map[string][]Header{
		"nothing":        nil,
		"a request":      sampleHeaders(),
		"no nonce":       {header("fence", ""), header("prev", ""), header("engine", "1")},
		"fence engine":   {header("fence", "n"), header("prev", ""), header("engine", "x")},
		"seq":            change("seq", "-1"),
		"off":            change("off", "9223372036854775808"),
		"span":           change("span", "0"),
		"salt":           change("salt", "short"),
		"effects":        change("effects", "[{}]"),
		"no verdict":     change("verdict", ""),
		"verdict":        change("verdict", "postponed"),
		"warnings":       change("warnings", "weak_mark"),
		"unknown header": append([]Header{header("speed", "1")}, full().Headers()...),
	} {
		_, err := ParseItem(headers, nil, 0)
		require.ErrorIs(t, err, ErrNotJournal, name)
	}
}

// Whatever a sender calls its fields, what is said about them comes back from
// the journal as it was, bounded and in one line.
func TestFieldErrorsCodec(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		name := rapid.OneOf(rapid.String(), rapid.StringMatching("[\n \r\x00/~a\u2028\u202e]{0,80}")).Draw(t, "name")
		other := rapid.String().Draw(t, "other")
		errs := []FieldError{
			{Pointer: pointerTo([]step{{name, -1}, {"", 3}, {other, -1}}), Code: codeUnknownField},
			{Pointer: "", Code: codeNotJSON},
		}
		e := &Entry{Src: "WCO", Span: 1, Verdict: Rejected, Errors: errs}
		require.Equal(t, errs, item(t, e).Entry.Errors)
		require.LessOrEqual(t, len(errs[0].Pointer), maxPointer)

		raw := []FieldError{{Pointer: name + "\n" + other, Code: other + "\n" + name}}
		e.Errors = raw
		got := item(t, e).Entry.Errors
		require.Len(t, got, 1)
		e.Errors = got
		require.Equal(t, got, item(t, e).Entry.Errors, "cleaning once is enough")
	})
}

// 32 errors with the longest pointers are a small part of an entry.
func TestErrorsAreBounded(t *testing.T) {
	var b strings.Builder
	for i := range 100 {
		fmt.Fprintf(&b, `,"%d%s":1`, i, strings.Repeat("\u2028", 40))
	}
	_, errs := Decode(TypeSearchWithdrawn, []byte("{"+b.String()[1:]+"}"))
	require.Len(t, errs, maxErrors)
	require.Less(t, len(appendFieldErrors(nil, errs)), maxErrors*(maxPointer+maxPointerStep+2))
}
