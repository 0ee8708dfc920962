package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// genText draws texts with everything that JSON has to escape.
func genText() *rapid.Generator[string] {
	return rapid.OneOf(rapid.StringMatching(`[A-Z]{2,4}-[A-Z]{2}`), rapid.StringN(0, 12, -1))
}

func genUUID() *rapid.Generator[UUID] {
	return rapid.Custom(func(t *rapid.T) UUID {
		return UUID(rapid.SliceOfN(rapid.Byte(), 16, 16).Draw(t, "uuid"))
	})
}

func genTells(least int) *rapid.Generator[[]Tell] {
	return rapid.Custom(func(t *rapid.T) []Tell {
		n := rapid.IntRange(least, 3).Draw(t, "tells")
		var tells []Tell
		for range n {
			tells = append(tells, Tell{
				Org: genText().Draw(t, "org"), Role: genText().Draw(t, "role"), N: rapid.Uint64().Draw(t, "n"),
			})
		}
		return tells
	})
}

func genMeeting() *rapid.Generator[Meeting] {
	return rapid.Custom(func(t *rapid.T) Meeting {
		text := func(name string) string { return genText().Draw(t, name) }
		return Meeting{
			ID: genUUID().Draw(t, "id"), Class: text("class"),
			Question: genUUID().Draw(t, "question"), QuestionSeq: rapid.Uint64().Draw(t, "question_seq"),
			Asker: text("asker"), ActingFor: text("acting_for"),
			Record: genUUID().Draw(t, "record"), RecordSeq: rapid.Uint64().Draw(t, "record_seq"), Owner: text("owner"),
			Marks: [2]int{rapid.IntRange(0, 15).Draw(t, "i"), rapid.IntRange(0, 15).Draw(t, "j")},
			Grade: text("grade"), Bits: rapid.Uint32().Draw(t, "bits"), Strength: text("strength"),
			Shared: rapid.Bool().Draw(t, "shared"), Results: Results{text("make"), text("model"), text("calibre"), text("type")},
			Policy: text("policy"), Rule: rapid.IntRange(-1, 40).Draw(t, "rule"),
		}
	})
}

func genEffect() *rapid.Generator[Effect] {
	return rapid.Custom(func(t *rapid.T) Effect {
		id, text, n := genUUID().Draw(t, "id"), genText().Draw(t, "text"), rapid.Uint64().Draw(t, "n")
		switch rapid.IntRange(0, 18).Draw(t, "kind") {
		case 0:
			return RecordEffect{ID: id, Revision: uint32(n), Outcome: text}
		case 1:
			return QuestionEffect{ID: id, StandsUntil: Day(rapid.IntRange(-100000, 100000).Draw(t, "day")), Truncated: n%2 == 0}
		case 2:
			return QuestionEndedEffect{ID: id, Because: text}
		case 3:
			return &MatchEffect{genMeeting().Draw(t, "m"), genTells(1).Draw(t, "tell")}
		case 4:
			return &CandidateEffect{genMeeting().Draw(t, "m"), text}
		case 5:
			return MatchEndedEffect{ID: id, Because: text, Tell: genTells(0).Draw(t, "tell")}
		case 6:
			return &MatchRenewedEffect{genMeeting().Draw(t, "m"), genTells(1).Draw(t, "tell")}
		case 7:
			return NotifyEffect{Org: text, N: n, Reason: text, About: About{Kind: text, ID: text, Count: uint32(n)}}
		case 8:
			return DirectoryEffect{Kind: text, ID: text, Outcome: text}
		case 9:
			return AcknowledgedEffect{Org: text, N: n}
		case 10:
			return ReexaminedEffect{Questions: uint32(n), Next: uint32(n >> 8), Left: uint32(n >> 16)}
		case 15:
			return MatchToldEffect{ID: id, Met: n, Tell: genTells(1).Draw(t, "tell")}
		case 16:
			return genConfirmation().Draw(t, "confirmation")
		case 13:
			return MoreEffect{Cursor: n}
		case 11:
			return TraceEffect{ID: id, Requested: n, Status: text, Truncated: n%2 == 0, Tell: genTells(0).Draw(t, "tell")}
		case 12:
			return TraceNoteEffect{ID: id, Requested: n, Org: text, Code: text, Tell: genTells(0).Draw(t, "tell")}
		case 14:
			var parties []OrgID // absent where there are none
			for range n % 3 {
				parties = append(parties, genText().Draw(t, "party"))
			}
			return AccessEffect{Org: text, What: genText().Draw(t, "what"), ID: id, Parties: parties}
		case 18:
			return MailboxSkippedEffect{Org: text, From: int64(n >> 2), To: int64(n >> 1)}
		default:
			day := Day(rapid.IntRange(-100000, 100000).Draw(t, "day"))
			return TraceAddresseeEffect{ID: id, Requested: n, Org: text, Status: text, By: day, Late: n%2 == 0, Tell: genTells(0).Draw(t, "tell")}
		}
	})
}

// The hand-written codec says what encoding/json would say of the structs, and
// reads it back.
func TestEffectsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		effects := rapid.SliceOfN(genEffect(), 1, 5).Draw(t, "effects")
		got := AppendEffects(nil, effects)
		back, err := ParseEffects(got)
		if err != nil {
			t.Fatal(err)
		}
		require.Equal(t, effects, back)
		require.Equal(t, got, AppendEffects(nil, back))
		require.JSONEq(t, string(marshalEffects(t, effects)), string(got))
	})
}

func marshalEffects(t require.TestingT, effects []Effect) []byte {
	var list []map[string]Effect
	for _, e := range effects {
		list = append(list, map[string]Effect{e.effectKind(): e})
	}
	b, err := json.Marshal(list)
	require.NoError(t, err)
	return b
}

func sampleMeeting() Meeting {
	return Meeting{
		ID: UUID{1}, Class: "custody", Question: UUID{2}, QuestionSeq: 7, Asker: "WCO", ActingFor: "FJ-CUSTOMS",
		Record: UUID{3}, RecordSeq: 1215, Owner: "NCB-BR", Marks: [2]int{0, 1}, Grade: "exact", Bits: 30_700, Strength: "strong",
		Shared: true, Results: Results{"agree", "unknown", "conflict", "agree"}, Policy: "2026-11-23.1", Rule: -1,
	}
}

func sampleEffects() []Effect {
	tell := []Tell{{"IPSG", "general_secretariat", 1}, {"NCB-BR", "asker+owner", 17}}
	return []Effect{
		RecordEffect{UUID{0xab, 15: 9}, 3, "amended"},
		QuestionEffect{ID: UUID{2}, StandsUntil: 20_000, Truncated: true},
		QuestionEffect{ID: UUID{2}},
		QuestionEndedEffect{UUID{2}, "lapsed"},
		&MatchEffect{sampleMeeting(), tell},
		&CandidateEffect{sampleMeeting(), "WCO"},
		MatchEndedEffect{ID: UUID{1}, Because: "denied"},
		MatchEndedEffect{UUID{1}, "record_withdrawn", tell},
		&MatchRenewedEffect{sampleMeeting(), tell},
		NotifyEffect{"WCO", 4, "daily_digest", About{"digest", "2026-11-23", 12}},
		DirectoryEffect{"agreement", "AGR-WCO", "registered"},
		AcknowledgedEffect{"WCO", 17},
		MoreEffect{4096},
	}
}

// The golden bytes were written once and are in journals: never edit them.
func TestEffectsGolden(t *testing.T) {
	want, err := os.ReadFile("testdata/effects.v1.json")
	require.NoError(t, err)
	want = bytes.TrimSpace(want)
	require.Equal(t, string(want), string(AppendEffects(nil, sampleEffects())))
	got, err := ParseEffects(want)
	require.NoError(t, err)
	require.Equal(t, sampleEffects(), got)
}

func TestParseEffectsRefuses(t *testing.T) {
	for _, text := range []string{
		``, `{}`, `[`, `[]]`, `[] x`, `[{}]`, `[{"record":{}},]`, `[{"record":{},"more":{}}]`, `[null]`,
		`[{"record":{"id":"x"}}]`, `[{"record":{"revision":-1}}]`, `[{"record":{"revision":4294967296}}]`,
		`[{"record":{"revision":1.5}}]`, `[{"record":{"outcome":"` + "\xff" + `"}}]`, `[{"record":{"outcome":"` + "\n" + `"}}]`,
		`[{"sneeze":{}}]`, `[{"more":{"cursor":1,"speed":2}}]`, `[{"match":{"marks":[1,2,3]}}]`, `[{"candidate":{"tell":[]}}]`,
		`[{"question":{"stands_until":"2026-02-30"}}]`, `[{"question":{"truncated":null}}]`,
	} {
		_, err := ParseEffects([]byte(text))
		require.ErrorIs(t, err, ErrNotJournal, text)
	}
	_, err := ParseEffects([]byte(`[{"` + strings.Repeat("z", 200) + `":{}}]`))
	require.True(t, errors.Is(err, ErrNotJournal))
	require.Less(t, len(err.Error()), 150)
}

// The effect on one record, which most entries have, is read where it stands;
// anything that is not exactly as it is written is left to the reader of JSON.
func TestSoleRecord(t *testing.T) {
	const id = "018f0a4e-5b7c-7d1e-9a3b-2c4d5e6f7a8b"
	for _, outcome := range []string{"registered", "amended", "withdrawn", "expired"} {
		for _, revision := range []uint32{1, 12, 999_999_999} {
			uuid, _ := ParseUUID(id)
			want := RecordEffect{ID: uuid, Revision: revision, Outcome: outcome}
			got, ok := soleRecord(AppendEffects(nil, []Effect{want}))
			require.True(t, ok)
			require.Equal(t, want, got)
		}
	}
	whole := `[{"record":{"id":"` + id + `","revision":7,"outcome":"amended"}}]`
	_, ok := soleRecord([]byte(whole))
	require.True(t, ok)
	for _, other := range []string{
		whole[:len(whole)-1], whole + " ", strings.Replace(whole, "7", "07", 1), strings.Replace(whole, ":7", ":", 1), strings.Replace(whole, ":7", ":4294967296", 1),
		strings.Replace(whole, "amended", "amended ", 1), strings.Replace(whole, "amended", "sold", 1), strings.Replace(whole, "018f", "018g", 1),
		strings.Replace(whole, "]", `,{"more":{"cursor":1}}]`, 1), "", "[", `[{"record":{"id":"`,
	} {
		_, ok := soleRecord([]byte(other))
		require.False(t, ok, other)
	}
}

func TestFitEffects(t *testing.T) {
	var effects []Effect
	for range 400 {
		effects = append(effects, sampleEffects()[4])
	}
	n := FitEffects(effects)
	require.Greater(t, n, 50)
	require.LessOrEqual(t, len(AppendEffects(nil, effects[:n])), MaxEffects)
	require.Greater(t, len(AppendEffects(nil, effects[:n+1])), MaxEffects)
	require.Equal(t, 10, FitEffects(effects[:10]))
	require.Zero(t, FitEffects(nil))
}

func BenchmarkParseEffects(b *testing.B) {
	for name, effects := range map[string][]Effect{"record": sampleEffects()[:1], "match": sampleEffects()[4:5]} {
		text := AppendEffects(nil, effects)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := ParseEffects(text); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkAppendEffects(b *testing.B) {
	effects, buf := sampleEffects()[:1], []byte(nil)
	b.ReportAllocs()
	for b.Loop() {
		buf = AppendEffects(buf[:0], effects)
	}
}
