package gateway

import (
	"context"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

const triggerX = `{"operation_id":"TRIGGER-X","kind":"operation","name":"Trigger X","lead":"NCB-BR","members":["WCO"],"from":"2026-01-01"}`

// An operation is there for those who take part in it; for all others it
// answers as one that there is not, whatever is asked of it.
func TestOperationIsThereForItsMembers(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Tables = &emptyTables{} })
	var reply events.Reply
	w.post("NCB-BR", "/v1/operations", triggerX).into(t, 201, &reply)
	require.Equal(t, "TRIGGER-X", reply.ID)
	paths := []string{"/v1/operations/TRIGGER-X", "/v1/operations/TRIGGER-X/report", "/v1/operations/TRIGGER-X/report.csv"}
	for _, org := range []string{"NCB-BR", "WCO", "IPSG"} {
		for _, path := range paths {
			require.Equal(t, 200, w.get(org, path).status, "%s %s", org, path)
		}
		var all Operations
		w.get(org, "/v1/operations").into(t, 200, &all)
		require.Len(t, all.Items, 1, org)
	}
	for i, path := range paths {
		theirs := w.get("NCB-CL", path)
		theirs.problem(t, http.StatusNotFound, "not_found")
		none := w.get("NCB-CL", []string{"/v1/operations/NEPTUNE-X", "/v1/operations/NEPTUNE-X/report", "/v1/operations/NEPTUNE-X/report.csv"}[i])
		require.Equal(t, string(none.body), string(theirs.body))
	}
	var all Operations
	w.get("NCB-CL", "/v1/operations").into(t, 200, &all)
	require.Empty(t, all.Items)

	const closure = `{"reason":"completed"}`
	w.post("NCB-CL", "/v1/operations/TRIGGER-X/closure", closure).problem(t, http.StatusNotFound, "operation_unknown")
	w.post("WCO", "/v1/operations/TRIGGER-X/closure", closure).problem(t, http.StatusForbidden, "operation_taken")
	w.post("NCB-CL", "/v1/operations", triggerX).problem(t, http.StatusForbidden, "no_right")
	w.post("NCB-BR", "/v1/operations/TRIGGER-X/closure", closure).into(t, 200, &reply)
	w.post("NCB-BR", "/v1/operations/TRIGGER-X/closure", closure).problem(t, http.StatusConflict, "operation_closed")
	var info registry.OperationInfo
	w.get("WCO", "/v1/operations/TRIGGER-X").into(t, 200, &info)
	require.Equal(t, "closed", info.Status)
}

// fixedReport is a report that ClickHouse might give.
type fixedReport struct{ emptyTables }

func (*fixedReport) OperationReport(context.Context, events.OrgID, string, uint64) (Page[OperationCount], error) {
	return Page[OperationCount]{Items: []OperationCount{{Country: "BR", Type: "pistol", Questions: 1, Records: 3, Seizures: 2, Traces: 4, Matches: 2, Confirmed: 1}}}, nil
}

func TestOperationReportAsCSV(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Tables = &fixedReport{} })
	w.post("NCB-BR", "/v1/operations", triggerX).into(t, 201, new(events.Reply))
	a := w.get("WCO", "/v1/operations/TRIGGER-X/report.csv")
	require.Equal(t, "text/csv", a.header.Get("Content-Type"))
	require.Equal(t, "operation,country,type,questions,records,seizures,traces,matches,confirmed\nTRIGGER-X,BR,pistol,1,3,2,4,2,1\n", string(a.body))
}
