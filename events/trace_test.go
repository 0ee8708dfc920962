package events

import (
	"bytes"
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func (g genBody) day() Day { return Day(rapid.IntRange(1, 40_000).Draw(g.t, "day")) }

// trace draws one of the bodies about traces.
func (g genBody) trace() Body {
	switch rapid.IntRange(0, 5).Draw(g.t, "trace") {
	case 0:
		return g.traceRequest()
	case 1:
		return g.traceResponse()
	case 2:
		return &TraceForwarded{g.uuid(), g.orgs(1), g.code(TraceReasons)}
	case 3:
		c := &TraceCommented{TraceID: g.uuid(), Code: g.code(TraceComments)}
		if c.Code == "more_time" {
			c.Until = g.day()
		}
		return c
	case 4:
		return g.traceClosing()
	default:
		return &TraceOverdue{g.uuid(), g.org()}
	}
}

func (g genBody) traceRequest() *TraceRequested {
	r := &TraceRequested{
		Urgency: g.code(Urgencies), IllicitBasis: g.codes(IllicitBases, 1), IntendedUse: g.code(Purposes), DomesticCheck: g.code(DomesticChecks),
		Firearm: g.firearm(), Incident: g.incident(), Addressees: g.orgs(1), Forwarding: g.optional(g.code(Forwardings)),
	}
	if g.maybe() {
		r.RecordID, r.AnswerBy = g.uuid(), g.day()
	}
	return r
}

func (g genBody) traceResponse() *TraceResponded {
	r := &TraceResponded{TraceID: g.uuid(), Status: g.code(TraceAnswers), CaseNumber: g.optional(g.line(40))}
	switch r.Status {
	case "failed":
		r.Failure = g.code(TraceFailures)
	case "refused":
		r.Refusal = g.code(TraceRefusals)
	}
	if r.Status == "acknowledged" || r.Status == "refused" {
		return r
	}
	if r.Status == "completed" || g.maybe() {
		r.Steps, r.Use = g.traceSteps(), g.codes(TraceUses, 1)
	}
	if r.Status == "referred" || g.maybe() {
		r.Next = []TraceReferral{{g.org(), g.code(TraceReasons)}}
	}
	return r
}

func (g genBody) traceSteps() (steps []TraceStep) {
	for range g.number(1, 4) {
		s := TraceStep{Kind: g.code(StepKinds), Date: g.maybeDate(), Country: g.code(Countries), Holder: g.optional(g.code(Holders)), LicenceHeld: g.maybe()}
		if s.Kind == "exported" || s.Kind == "transferred" {
			s.ToCountry = g.optional(g.code(Countries))
		}
		steps = append(steps, s)
	}
	return steps
}

func (g genBody) traceClosing() *TraceClosed {
	c := &TraceClosed{TraceID: g.uuid(), Outcome: g.code(TraceOutcomes)}
	if c.Outcome == "established" {
		c.Diversion = &Diversion{g.optional(g.code(Countries)), g.maybeDate(), g.code(DiversionKinds)}
	}
	if c.Outcome != "cancelled" && g.maybe() {
		c.FirstRetailSale = &Sale{g.code(Countries), g.maybeDate()}
	}
	return c
}

func sampleTraceEffects() []Effect {
	tell := []Tell{{"IPSG", "general_secretariat", 3}, {"NCB-BR", "requester", 18}}
	return []Effect{
		TraceEffect{ID: UUID{1}, Requested: 7, Status: "open", Truncated: true, Tell: tell[:1]},
		TraceEffect{ID: UUID{1}, Requested: 7, Status: "cancelled"},
		TraceAddresseeEffect{ID: UUID{1}, Requested: 7, Org: "NCB-CL", Status: "sent", By: 20_000, Tell: []Tell{{"NCB-CL", "addressee", 1}}},
		TraceAddresseeEffect{ID: UUID{1}, Requested: 7, Org: "NCB-CL", Status: "completed", Late: true, Tell: tell},
		TraceAddresseeEffect{ID: UUID{1}, Requested: 7, Org: "NCB-US", Status: "proposed"},
		TraceNoteEffect{ID: UUID{1}, Requested: 7, Org: "NCB-CL", Code: "photo_needed", Tell: tell[1:]},
		TraceNoteEffect{ID: UUID{1}, Requested: 7, Org: "NCB-BR", Code: "forwarded"},
	}
}

// The golden bytes were written once and are in journals: never edit them.
func TestTraceEffectsGolden(t *testing.T) {
	want, err := os.ReadFile("testdata/effects.trace.v1.json")
	require.NoError(t, err)
	want = bytes.TrimSpace(want)
	require.Equal(t, string(want), string(AppendEffects(nil, sampleTraceEffects())))
	got, err := ParseEffects(want)
	require.NoError(t, err)
	require.Equal(t, sampleTraceEffects(), got)
}

func TestParseTraceEffectsRefuses(t *testing.T) {
	for _, text := range []string{
		`[{"trace":{"id":"x"}}]`, `[{"trace":{"org":"NCB-BR"}}]`, `[{"trace_addressee":{"by":"2026-02-30"}}]`,
		`[{"trace_addressee":{"code":"x"}}]`, `[{"trace_note":{"late":true}}]`, `[{"trace_note":{"requested":-1}}]`,
	} {
		_, err := ParseEffects([]byte(text))
		require.ErrorIs(t, err, ErrNotJournal, text)
	}
}
