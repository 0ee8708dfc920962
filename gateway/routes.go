package gateway

import (
	"net/http"

	"github.com/armslog/armslog/events"
)

// routes is the API: every path, who may call it and what answers. What is not
// here does not exist; the document is made from it.
func routes() []*route {
	var all []*route
	for _, group := range [][]*route{recordRoutes(), searchRoutes(), matchRoutes(), auditRoutes(), directoryRoutes(), policyRoutes(), referenceRoutes(), jointRoutes(), operationRoutes(), traceRoutes(), checkRoutes()} {
		all = append(all, group...)
	}
	return all
}

var (
	readers   = []Role{Searcher, Registrar, Desk, Analyst, Auditor}
	fullReads = []Role{Searcher, Registrar, Desk, Auditor} // a record in full: an analyst counts, and needs no number
	handlers  = []Role{Desk, Searcher}                     // of an inbox and its matches
	recorders = []Role{Registrar}
	askers    = []Role{Searcher}
	admins    = []Role{Admin}
	desks     = []Role{Desk}
	tracers   = []Role{Tracer}

	traceReaders = []Role{Tracer, Desk, Auditor}
)

func recordRoutes() []*route {
	return []*route{
		{
			method: http.MethodGet, path: "/v1/records", id: "list-records", tag: "Records", doc: "Your organisation's own records.",
			roles: readers, params: listParams(
				queryCode("status", "Where it stands.", "active", "located", "withdrawn", "expired"),
				queryCode("category", "What happened to the firearm.", events.Categories.Codes()...),
				queryText("case_number", "Exactly as submitted."),
				queryText("source_id", "Your own system's id, exactly as submitted."),
				queryText("mark", "A mark as written; compared in normal form."),
				param{name: "retain_until_before", in: "query", kind: day, doc: "Those that are kept still, and no longer than to the day before this one."},
			),
			needs: tableCodes, ok: []answer{answers[Page[RecordRow]](200, "One page.")}, serve: (*call).listRecords,
		},
		{
			method: http.MethodPost, path: "/v1/records", id: "submit-record", tag: "Records", doc: "Register or amend a record: always its full state.",
			roles: recorders, params: postParams(), body: bodyOf[events.RecordSubmitted](), posts: true,
			needs: []string{"record_closed"},
			ok:    []answer{answers[events.Reply](201, "Registered."), answers[events.Reply](200, "Amended, or unchanged.")},
			serve: post(events.TypeRecordSubmitted),
		},
		{
			method: http.MethodPost, path: "/v1/records:batch", id: "submit-records", tag: "Records",
			doc:   "Submit many: NDJSON in, one verdict a line out, in order, while lines are still being sent.",
			roles: recorders, kind: batchKind, params: batchParams(queryCode("type", "What each line is.", "record.submitted", "record.withdrawn")),
			body: batchBody("One record.submitted (or record.withdrawn) a line, at most 16 KiB each."), posts: true,
			ok: []answer{verdicts()}, serve: serveBatch(recordBatchType),
		},
		{
			method: http.MethodGet, path: "/v1/records/{id}", id: "show-record", tag: "Records", doc: "A record in full: your own, or the other side's of a match that you were told of. The look is logged first.",
			roles: fullReads, params: lookParams(pathUUID("id", "The record's id."), minSeq(), param{name: "as_of", in: "query", kind: moment, doc: "As it stood at this seq or time; of your own records."}),
			needs: append(lookCodes, "not_found", "lagging"), ok: []answer{answers[Record](200, "The record.")}, serve: (*call).showRecord,
		},
		{
			method: http.MethodPut, path: "/v1/records/{id}", id: "put-record", tag: "Records", doc: "Amend a record, if it stands at the revision that If-Match names.",
			roles: recorders, params: postParams(pathUUID("id", "The record's id: it must be the one that follows from the source."), header("If-Match", `The revision it must stand at: "3".`)),
			body: bodyOf[events.RecordSubmitted](), posts: true, needs: []string{"revision_conflict", "not_found"},
			ok:    []answer{answers[events.Reply](201, "Registered."), answers[events.Reply](200, "Amended, or unchanged.")},
			serve: (*call).putRecord,
		},
		{
			method: http.MethodGet, path: "/v1/records/{id}/history", id: "list-record-history", tag: "Records", doc: "Every revision of one of your organisation's own records. The look is logged first.",
			roles: fullReads, params: lookParams(listParams(pathUUID("id", "The record's id."))...), needs: append(lookCodes, "not_found", "lagging"),
			ok: []answer{answers[Page[RecordRow]](200, "One page, newest first.")}, serve: (*call).recordHistory,
		},
		{
			method: http.MethodPost, path: "/v1/records/{id}/withdrawal", id: "withdraw-record", tag: "Records", doc: "Close a record. All who were told of a match with it are told.",
			roles: recorders, params: postParams(pathUUID("id", "The record's id.")), body: bodyWithout[events.RecordWithdrawn]("source"), posts: true,
			needs: []string{"record_closed", "not_found"}, ok: []answer{answers[events.Reply](200, "Withdrawn.")}, serve: (*call).withdrawRecord,
		},
	}
}

func searchRoutes() []*route {
	return []*route{
		{
			method: http.MethodGet, path: "/v1/searches", id: "list-searches", tag: "Searches", doc: "Your organisation's own questions.",
			roles: readers, params: listParams(queryCode("status", "Where it stands.", "standing", "ended", "answered")),
			needs: tableCodes, ok: []answer{answers[Page[SearchRow]](200, "One page.")}, serve: (*call).listSearches,
		},
		{
			method: http.MethodPost, path: "/v1/searches", id: "search", tag: "Searches", doc: "Ask a question. It is answered at once, and stands afterwards.",
			roles: askers, params: postParams(), body: bodyOf[events.SearchMade](), posts: true,
			needs: []string{"quota_exceeded"}, ok: []answer{answers[events.Reply](200, "The answer.")}, serve: post(events.TypeSearchMade),
		},
		{
			method: http.MethodPost, path: "/v1/searches:batch", id: "search-many", tag: "Searches",
			doc:   "Ask many: NDJSON in, one answer a line out, in order, while lines are still being sent.",
			roles: askers, kind: batchKind, params: batchParams(), body: batchBody("One search.made a line, at most 16 KiB each."), posts: true,
			ok: []answer{verdicts()}, serve: serveBatch(func(*call) events.Type { return events.TypeSearchMade }),
		},
		{
			method: http.MethodPost, path: "/v1/searches/{id}/withdrawal", id: "withdraw-search", tag: "Searches", doc: "End one of your own questions.",
			roles: askers, params: postParams(pathUUID("id", "The search's id.")), body: bodyWithout[events.SearchWithdrawn]("search_id"), posts: true,
			needs: []string{"search_unknown"}, ok: []answer{answers[events.Reply](200, "Withdrawn.")}, serve: (*call).withdrawSearch,
		},
	}
}

func matchRoutes() []*route {
	return []*route{
		{
			method: http.MethodGet, path: "/v1/matches", id: "list-matches", tag: "Matches", doc: "Matches and candidates that you may see, on either side.",
			roles: handlers, params: listParams(queryCode("status", "Where it stands.", "candidate", "notified", "asked", "confirmed", "ended")),
			needs: tableCodes, ok: []answer{answers[Page[MatchRow]](200, "One page.")}, serve: (*call).listMatches,
		},
		{
			method: http.MethodGet, path: "/v1/matches/{id}", id: "show-match", tag: "Matches", doc: "One match, with what was compared and the rule that decided. The look is logged first.",
			roles: handlers, params: lookParams(pathUUID("id", "The match's id."), minSeq()), needs: append(lookCodes, "not_found", "lagging"),
			ok: []answer{answers[Match](200, "The match.")}, serve: (*call).showMatch,
		},
		{
			method: http.MethodPost, path: "/v1/matches/{id}/confirmation-requests", id: "request-confirmation", tag: "Matches",
			doc:   "Ask the other party whether the two are one weapon. A candidate becomes a match by that: the other party is told.",
			roles: desks, params: postParams(pathUUID("id", "The match's id.")), body: bodyWithout[events.ConfirmationRequested]("match_id"), posts: true,
			needs: []string{"match_unknown", "not_a_party", "already_asked", "already_confirmed", "match_over", "asker_has_no_record", "withheld_from_other"},
			ok:    []answer{answers[events.Reply](200, "Asked; confirmation says until when an answer is due.")}, serve: postMatch(events.TypeConfirmationRequested),
		},
		{
			method: http.MethodPost, path: "/v1/matches/{id}/confirmations", id: "answer-confirmation", tag: "Matches",
			doc:   "Answer as the owner of the record that was asked about.",
			roles: desks, params: postParams(pathUUID("id", "The match's id.")), body: bodyWithout[events.ConfirmationAnswered]("match_id"), posts: true,
			needs: []string{"match_unknown", "not_owner", "not_asked", "match_over", "no_more_time"},
			ok:    []answer{answers[events.Reply](200, "Answered; confirmation says how long it took, and what was located.")}, serve: postMatch(events.TypeConfirmationAnswered),
		},
		{
			method: http.MethodGet, path: "/v1/inbox", id: "list-inbox", tag: "Inbox", doc: "What your organisation has been told. n is dense: a gap is a loss.",
			roles: handlers, kind: streamKind, params: []param{
				queryNumber("after", 0, maxInt, 0, "Entries after this n."),
				queryNumber("limit", 1, 1000, 100, "At most so many."),
				queryNumber("wait", 0, 60, 0, "Where there is none, wait so many seconds for one."),
				minSeq(),
			},
			needs: []string{"lagging"}, ok: []answer{answers[Inbox](200, "One page.")}, serve: (*call).listInbox,
		},
		{
			method: http.MethodGet, path: "/v1/inbox/stream", id: "stream-inbox", tag: "Inbox", doc: "The live inbox: server-sent events whose id is n.",
			roles: handlers, kind: streamKind, params: []param{
				queryNumber("after", 0, maxInt, 0, "Entries after this n."),
				{name: "Last-Event-ID", in: "header", kind: number, max: maxInt, doc: "The n that was seen last: goes on without loss."},
			},
			ok: []answer{{status: 200, doc: "Events without end; a comment where nothing happens.", content: content{media: mediaEvents, doc: "data: one Notification"}}}, serve: (*call).streamInbox,
		},
		{
			method: http.MethodPost, path: "/v1/inbox/{n}/ack", id: "acknowledge", tag: "Inbox", doc: "Say that the inbox has been read up to n.",
			roles: handlers, params: postParams(param{name: "n", in: "path", kind: number, min: 1, max: maxInt, doc: "Up to here."}), posts: true,
			needs: []string{"not_found"}, ok: []answer{answers[events.Reply](200, "Acknowledged.")}, serve: (*call).acknowledge,
		},
	}
}

func directoryRoutes() []*route {
	return []*route{
		{
			method: http.MethodGet, path: "/v1/me", id: "me", tag: "Directory", doc: "Who you are to the registry.",
			params: []param{minSeq()}, needs: []string{"lagging"}, ok: []answer{answers[Me](200, "You.")}, serve: (*call).showMe,
		},
		{
			method: http.MethodGet, path: "/v1/organisations", id: "list-organisations", tag: "Directory", doc: "Who takes part.",
			params: []param{minSeq()}, needs: []string{"lagging"}, ok: []answer{answers[Organisations](200, "All of them.")}, serve: (*call).listOrganisations,
		},
		{
			method: http.MethodPost, path: "/v1/organisations", id: "submit-organisation", tag: "Directory", doc: "Name or amend an organisation.",
			roles: admins, params: postParams(), body: bodyOf[events.OrganisationSubmitted](), posts: true,
			ok: directoryAnswers(), serve: post(events.TypeOrganisationSubmitted),
		},
		{
			method: http.MethodPost, path: "/v1/organisations/{id}/mailbox-skips", id: "skip-mailbox", tag: "Directory",
			doc:   "Let a mailbox go on whose head is gone: what it has lost before the offset to may be passed over. The General Secretariat does; the organisation is told.",
			roles: admins, params: postParams(param{name: "id", in: "path", kind: text, max: 32, doc: "The organisation's id."}),
			body: bodyWithout[events.MailboxSkipped]("organisation"), posts: true, needs: []string{"mailbox_unknown", "offset_decided", "already_skipped"},
			ok: []answer{answers[events.Reply](200, "It may be passed over.")}, serve: (*call).skipMailbox,
		},
		{
			method: http.MethodGet, path: "/v1/agreements", id: "list-agreements", tag: "Directory", doc: "Agreements that you may see.",
			params: []param{minSeq()}, needs: []string{"lagging"}, ok: []answer{answers[Agreements](200, "All of them.")}, serve: (*call).listAgreements,
		},
		{
			method: http.MethodPost, path: "/v1/agreements", id: "grant-agreement", tag: "Directory", doc: "Give an organisation rights.",
			roles: admins, params: postParams(), body: bodyOf[events.AgreementGranted](), posts: true,
			ok: directoryAnswers(), serve: post(events.TypeAgreementGranted),
		},
		{
			method: http.MethodPost, path: "/v1/agreements/{id}/revocation", id: "revoke-agreement", tag: "Directory", doc: "End an agreement before its time.",
			roles: admins, params: postParams(param{name: "id", in: "path", kind: text, max: 64, doc: "The agreement's id."}),
			body: bodyWithout[events.AgreementRevoked]("agreement_id"), posts: true, needs: []string{"agreement_unknown"},
			ok: []answer{answers[events.Reply](200, "Revoked.")}, serve: (*call).revokeAgreement,
		},
	}
}

func operationRoutes() []*route {
	text := func(media, doc string) []answer {
		return []answer{{status: 200, doc: doc, content: content{media: media}}}
	}
	return []*route{
		{method: http.MethodGet, path: "/healthz", id: "health", tag: "Operation", doc: "The process lives.", open: true, ok: text(mediaJSON, "It does."), serve: (*call).health},
		{
			method: http.MethodGet, path: "/readyz", id: "ready", tag: "Operation", doc: "Requests can be answered; what is in order and what not.", open: true, needs: []string{"unavailable"},
			ok: []answer{answers[Readiness](200, "They can.")}, serve: (*call).ready,
		},
		{method: http.MethodGet, path: "/metrics", id: "metrics", tag: "Operation", doc: "Prometheus metrics; no label names an organisation.", open: true, ok: text("text/plain", "The metrics."), serve: (*call).showMetrics},
		{method: http.MethodGet, path: "/openapi.json", id: "openapi", tag: "Operation", doc: "This document.", open: true, ok: text("application/json", "OpenAPI 3.1."), serve: (*call).showOpenAPI},
		{method: http.MethodGet, path: "/docs", id: "docs", tag: "Operation", doc: "This document, to read.", open: true, ok: text("text/html", "A page."), serve: (*call).showDocs},
	}
}
