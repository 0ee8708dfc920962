package registry_test

import (
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
)

// traceIt requests a trace, or does something with one that was requested, by
// whoever comes along.
func (w *world) traceIt(t *rapid.T) {
	if len(w.traces) == 0 || chance(t, "new trace", 20) {
		w.requestTrace(t)
		return
	}
	known := w.traces[len(w.traces)-1]
	if chance(t, "an older one", 30) {
		known = pick(t, "trace", w.traces...)
	}
	if chance(t, "closes", 15) {
		w.send(known.org, closingTrace(known.id, pick(t, "outcome", events.TraceOutcomes.Codes()...)))
		return
	}
	party := pick(t, "party", askers...)
	if info, _ := w.s.Trace(known.org, known.id); chance(t, "an addressee", 70) {
		party = pick(t, "addressee", info.Addressees...).Organisation
	}
	w.send(party, w.traceMove(t, known.id))
}

func (w *world) requestTrace(t *rapid.T) {
	org := pick(t, "requester", "NCB-AA", "NCB-AA", "NCB-BB", "NCB-CC", "WCO", "NE-AA")
	b := traceRequest()
	for _, to := range []events.OrgID{"NCB-AA", "NCB-BB", "NCB-CC"} {
		if to != org && len(b.Addressees) < rapid.IntRange(1, 3).Draw(t, "so many") {
			b.Addressees = append(b.Addressees, to)
		}
	}
	b.Urgency, b.Forwarding = pick(t, "urgency", events.Urgencies.Codes()...), pick(t, "forwarding", "", "never", "ask", "allowed")
	b.Firearm = events.Firearm{Type: pick(t, "type", types...), Make: pick(t, "make", makes...), Calibre: pick(t, "calibre", calibres...), Marks: w.marks(t)}
	b.Incident.Date = w.date(t)
	id := events.RecordID(pick(t, "owner", org, org, "NE-AA"), events.Source{System: "desk", ID: w.source(t)})
	if _, known := w.s.Record(id); known && chance(t, "of a record", 80) {
		b.RecordID = id
	}
	var options []option
	if org == "WCO" && chance(t, "acts", 50) {
		options = append(options, onBehalfOf("FJ-CUSTOMS"))
	}
	if e := w.send(org, b, options...); e.Verdict == events.Accepted {
		w.traces = append(w.traces, searchOf{org, traceID(e)})
	}
}

// traceMove is what somebody may want to say about a trace.
func (w *world) traceMove(t *rapid.T, id events.UUID) events.Body {
	switch pick(t, "move", "answer", "answer", "forward", "comment", "close") {
	case "answer":
		return answer(id, pick(t, "status", events.TraceAnswers.Codes()...))
	case "forward":
		return &events.TraceForwarded{TraceID: id, Because: "other", Addressees: []events.OrgID{pick(t, "to", askers...)}}
	case "comment":
		b := &events.TraceCommented{TraceID: id, Code: pick(t, "code", events.TraceComments.Codes()...)}
		if b.Code == "more_time" {
			b.Until = events.DayOf(w.at) + pick[events.Day](t, "until", 0, 20, 60, 300)
		}
		return b
	}
	return closingTrace(id, pick(t, "outcome", events.TraceOutcomes.Codes()...))
}
