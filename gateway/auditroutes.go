package gateway

import "net/http"

// watchers may read who looked at what is their organisation's own; what more an
// auditor sees, the handler says.
var watchers = []Role{Auditor, Desk, Registrar}

func auditRoutes() []*route {
	return []*route{
		{
			method: http.MethodGet, path: "/v1/audit/accesses", id: "list-accesses", tag: "Audit",
			doc:   "Who was shown your records, matches and traces in full; to auditors, also what their own people looked at; to the General Secretariat's, all.",
			roles: watchers, params: listParams(
				queryText("id", "What was looked at: an id or its beginning."),
				queryText("mark", "A mark of the record that was looked at, as written; compared in normal form."),
				queryText("organisation", "That looked."),
			),
			needs: tableCodes, ok: []answer{answers[Page[AccessRow]](200, "One page, newest first.")}, serve: (*call).listAccesses,
		},
	}
}
