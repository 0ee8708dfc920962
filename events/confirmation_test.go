package events

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// confirmation draws one of the bodies about confirmations.
func (g genBody) confirmation() Body {
	switch rapid.IntRange(0, 2).Draw(g.t, "confirmation") {
	case 0:
		r := &ConfirmationRequested{MatchID: g.uuid(), Urgency: g.code(Urgencies), CaseNumber: g.optional(g.line(40))}
		if g.maybe() {
			r.Compared = g.codes(ComparedFields, 1)
		}
		return r
	case 1:
		return &ConfirmationAnswered{g.uuid(), g.code(ConfirmationAnswers), g.optional(g.code(ConfirmationActions)), g.optional(g.line(40))}
	default:
		return &ConfirmationOverdue{g.uuid(), g.maybe()}
	}
}

func genConfirmation() *rapid.Generator[Effect] {
	return rapid.Custom(func(t *rapid.T) Effect {
		text := func(name string) string { return genText().Draw(t, name) }
		return &ConfirmationEffect{
			ID: genUUID().Draw(t, "id"), Met: rapid.Uint64().Draw(t, "met"), Requested: rapid.Uint64().Draw(t, "requested"),
			Status: text("status"), Asking: text("asking"), Asked: text("asked"), Side: text("side"), Urgency: text("urgency"),
			Due: rapid.Uint64().Draw(t, "due"), Answer: text("answer"), Located: genUUID().Draw(t, "located"),
			LocatedBy: text("located_by"), LocatedFor: text("located_for"), Tell: genTells(0).Draw(t, "tell"),
		}
	})
}

// The golden bytes were written once and are in journals: never edit them.
func TestConfirmationEffectsGolden(t *testing.T) {
	tell := []Tell{{"IPSG", "general_secretariat", 1}, {"NCB-PY", "owner", 17}}
	effects := []Effect{
		MatchToldEffect{UUID{1}, 7, tell},
		&ConfirmationEffect{
			ID: UUID{1}, Met: 7, Requested: 12, Status: "requested", Asking: "WCO", Asked: "NCB-PY", Side: "owner", Urgency: "urgent",
			Due: 1_795_436_200_000, Tell: tell,
		},
		&ConfirmationEffect{
			ID: UUID{1}, Met: 7, Requested: 12, Status: "answered", Asking: "WCO", Asked: "NCB-PY", Side: "owner", Urgency: "urgent",
			Answer: "confirmed", Located: UUID{3}, LocatedBy: "WCO", LocatedFor: "FJ-CUSTOMS", Tell: tell,
		},
		&ConfirmationEffect{ID: UUID{1}, Met: 7, Requested: 12, Status: "escalated", Asking: "WCO", Asked: "NCB-PY", Side: "asker", Urgency: "deferred"},
	}
	want, err := os.ReadFile("testdata/effects.confirmation.v1.json")
	require.NoError(t, err)
	want = bytes.TrimSpace(want)
	require.Equal(t, string(want), string(AppendEffects(nil, effects)))
	got, err := ParseEffects(want)
	require.NoError(t, err)
	require.Equal(t, effects, got)
}
