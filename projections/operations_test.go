package projections

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// inOperation is a world in which TRIGGER-X, led by NCB-BR, runs in 2019 with
// WCO and AR-ARMY, a national entity of NCB-AR, and in which things name it
// that count and things that do not.
func inOperation(t *testing.T) (*Database, *journal, *Queries) {
	d, j := database(t), newJournal(t)
	accept := func(org events.OrgID, body events.Body, extra ...events.Header) {
		t.Helper()
		e := j.ask(org, body, extra...)
		require.Equal(t, events.Accepted, e.Verdict, "%v", e.Errors)
	}
	accept("IPSG", &events.OrganisationSubmitted{OrganisationID: "NCB-AR", Kind: "ncb", Country: "AR", Name: "NCB Buenos Aires", Inbox: true})
	for _, org := range []events.OrgID{"AR-ARMY", "AR-NAVY"} {
		accept("IPSG", &events.OrganisationSubmitted{OrganisationID: org, Kind: "national_entity", Country: "AR", Name: org, Parent: "NCB-AR", Rights: []string{"register", "search"}})
		accept("IPSG", &events.AgreementGranted{AgreementID: "AGR-" + org, Grantee: org, Rights: []string{"search", "register"},
			LegalBasis: "invented", ValidFrom: events.MustDate("2020"), ValidUntil: events.MustDate("2099")})
	}
	trigger := events.OperationSubmitted{OperationID: "TRIGGER-X", Kind: "operation", Name: "Trigger X", Lead: "NCB-BR",
		Members: []events.OrgID{"WCO", "AR-ARMY"}, From: events.MustDate("2019"), Until: events.MustDate("2019-12-31")}
	accept("NCB-BR", &trigger)
	put := func(org events.OrgID, id, serial string, change func(*events.RecordSubmitted)) {
		t.Helper()
		b := record(id, serial)
		b.Incident.Operation = "TRIGGER-X"
		if change != nil {
			change(b)
		}
		accept(org, b)
	}
	dated := func(text string) func(*events.RecordSubmitted) {
		return func(b *events.RecordSubmitted) { b.Incident.Date = events.MustDate(text) }
	}
	put("NCB-BR", "1", "RV204187", nil)
	put("NCB-BR", "2", "KTO44170", dated("2018/2019-01"))
	put("NCB-BR", "3", "AB112233", dated("2020-01-01")) // after it
	put("NCB-BR", "4", "AB112234", func(b *events.RecordSubmitted) { b.Deny = []events.OrgID{"WCO"} })
	put("NCB-BR", "5", "AB112235", func(b *events.RecordSubmitted) { b.Category, b.Firearm.Type = "found", "pistol" })
	put("NCB-BR", "6", "AB112236", func(b *events.RecordSubmitted) { b.Incident.Operation = "trigger-x" }) // another word
	put("NCB-BR", "7", "AB112237", func(b *events.RecordSubmitted) { b.Incident.Date = events.Date{} })    // log time is after it
	put("NCB-BR", "8", "AB112238", nil)
	accept("NCB-BR", &events.RecordWithdrawn{Source: events.Source{System: "table", ID: "8"}, Reason: "entered_in_error"})
	put("NCB-BR", "9", "AB112239", nil)
	accept("NCB-BR", &events.RecordWithdrawn{Source: events.Source{System: "table", ID: "9"}, Reason: "returned"})
	put("AR-ARMY", "1", "CD112233", nil)
	put("AR-NAVY", "1", "CD112234", nil) // its NCB is no member
	put("NCB-CL", "1", "CD112235", nil)  // no member
	for _, serial := range []string{"RV204187", "AB112234", "ZZ998877"} {
		q := question(serial)
		q.Incident.Operation, q.Incident.Date = "TRIGGER-X", events.MustDate("2019-06")
		for _, x := range j.ask("WCO", q).Effects {
			if m, ok := x.(*events.MatchEffect); ok && serial == "RV204187" {
				accept("WCO", &events.ConfirmationRequested{MatchID: m.ID, Urgency: "urgent"})
				accept("NCB-BR", &events.ConfirmationAnswered{MatchID: m.ID, Answer: "confirmed"})
			}
		}
	}
	accept("NCB-CL", question("KTO44170")) // names nothing, and meets what counts
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	wait(t, q, j.last())
	return d, j, q
}

// What counts is told by sender, date and tag; a record that is withheld from
// whoever asks is in no count of theirs, nor is what met it.
func TestOperationReport(t *testing.T) {
	d, j, q := inOperation(t)
	report := func(org events.OrgID) []OperationCount {
		counts, err := q.OperationReport(t.Context(), org, "TRIGGER-X")
		require.NoError(t, err)
		return counts
	}
	all := []OperationCount{
		{Country: "BR", Type: "pistol", Records: 1},
		{Country: "BR", Type: "revolver", Records: 5, Seizures: 5, Matches: 1},
		{Country: "FJ", Type: "revolver", Questions: 3, Matches: 2, Confirmed: 1}, // one of them with a record that denies WCO
	}
	require.Equal(t, all, report("NCB-BR"))
	require.Equal(t, all, report("IPSG"))
	require.Equal(t, all, report("AR-ARMY"))
	withheld := append([]OperationCount{}, all...)
	withheld[1].Records, withheld[1].Seizures, withheld[2].Matches = 4, 4, 1
	require.Equal(t, withheld, report("WCO"))

	rows, err := d.analyst.Query(t.Context(), "SELECT country, type, questions, records, seizures, traces, matches, confirmed FROM "+d.cfg.Analytics+
		".operations WHERE operation_id = 'TRIGGER-X' AND status = 'over' ORDER BY country, type")
	require.NoError(t, err)
	var seen []OperationCount
	for rows.Next() {
		var c OperationCount
		require.NoError(t, rows.Scan(&c.Country, &c.Type, &c.Questions, &c.Records, &c.Seizures, &c.Traces, &c.Matches, &c.Confirmed))
		seen = append(seen, c)
	}
	require.NoError(t, rows.Err())
	require.Equal(t, all, seen)

	closed := j.ask("NCB-BR", &events.OperationClosed{OperationID: "TRIGGER-X", Reason: "completed"})
	wait(t, q, closed.Seq)
	require.Equal(t, all, report("NCB-BR"), "what happened before it was closed")
	report2, err := d.Fsck(t.Context(), FsckConfig{Source: j, Inboxes: j.state})
	require.NoError(t, err)
	require.True(t, report2.OK(), "%v", report2.Differences)
}
