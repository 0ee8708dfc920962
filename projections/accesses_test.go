package projections

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// look journals what the gateway saw.
func (j *journal) look(org, what string, id events.UUID) *events.Entry {
	e := j.ask(events.SourceGateway, &events.AccessMade{
		Organisation: org, Actor: "u:7f3a", What: what, ID: id, Seq: uint64(j.last()), Purpose: "border_control",
	})
	require.Equal(j.t, events.Accepted, e.Verdict, "%v", e.Errors)
	return e
}

func recordID(owner, id string) events.UUID {
	return events.RecordID(owner, events.Source{System: "table", ID: id})
}

// Who sees whose looks: each what was looked at of its own, an auditor also
// what its own people looked at, the General Secretariat's auditor all.
func TestAccesses(t *testing.T) {
	d, j := database(t), newJournal(t)
	withheld := record("1", "KTO44170")
	j.ask("NCB-BR", withheld)
	found := j.ask("WCO", question("KTO44170"))
	match := events.MatchID(events.SearchID("WCO", found.Envelope.ID), recordID("NCB-BR", "1"))
	j.ask("NCB-CL", record("2", "AB12345"))
	looks := map[string]uint64{
		"WCO at BR's":       j.look("WCO", "record", recordID("NCB-BR", "1")).Seq,
		"WCO at the match":  j.look("WCO", "match", match).Seq,
		"CL at its own":     j.look("NCB-CL", "record", recordID("NCB-CL", "2")).Seq,
		"BR at the match":   j.look("NCB-BR", "match", match).Seq,
		"IPSG at the match": j.look("IPSG", "match", match).Seq,
	}
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	wait(t, q, j.last())
	seen := func(org events.OrgID, scope AccessScope, f AccessFilter) (names []string) {
		list, _, err := q.Accesses(t.Context(), org, scope, f)
		require.NoError(t, err)
		for _, a := range list {
			for name, seq := range looks {
				if a.Seq == seq {
					names = append(names, name)
				}
			}
		}
		require.Len(t, names, len(list))
		return names
	}
	all := []string{"IPSG at the match", "BR at the match", "CL at its own", "WCO at the match", "WCO at BR's"}
	atMatch := []string{"IPSG at the match", "BR at the match", "WCO at the match"}
	require.Equal(t, all, seen("IPSG", AccessesOfEach, AccessFilter{}))
	require.Equal(t, append(atMatch, "WCO at BR's"), seen("NCB-BR", AccessesOfOwn, AccessFilter{}))
	require.Equal(t, atMatch, seen("WCO", AccessesOfOwn, AccessFilter{}), "a record that is not its own")
	require.Equal(t, append(atMatch, "WCO at BR's"), seen("WCO", AccessesByOwn, AccessFilter{}))
	require.Equal(t, []string{"CL at its own"}, seen("NCB-CL", AccessesByOwn, AccessFilter{}))
	require.Empty(t, seen("IPSG", AccessesOfOwn, AccessFilter{}))

	of := recordID("NCB-BR", "1").String()
	require.Equal(t, all[4:], seen("NCB-BR", AccessesOfOwn, AccessFilter{ID: of}))
	require.Equal(t, all[4:], seen("NCB-BR", AccessesOfOwn, AccessFilter{ID: of[:9]}))
	require.Equal(t, all[4:], seen("NCB-BR", AccessesOfOwn, AccessFilter{Mark: "KT044170"}))
	require.Equal(t, all[4:], seen("IPSG", AccessesOfEach, AccessFilter{Mark: "KT044170"}))
	require.Empty(t, seen("NCB-CL", AccessesByOwn, AccessFilter{ID: of}), "somebody else's")
	require.Empty(t, seen("NCB-CL", AccessesByOwn, AccessFilter{Mark: "KTO44170"}))
	require.Equal(t, []string{"BR at the match"}, seen("IPSG", AccessesOfEach, AccessFilter{Organisation: "NCB-BR"}))
	require.Equal(t, all[3:], seen("IPSG", AccessesOfEach, AccessFilter{After: looks["CL at its own"]}))

	page, next, err := q.Accesses(t.Context(), "IPSG", AccessesOfEach, AccessFilter{Limit: 2})
	require.NoError(t, err)
	require.Equal(t, looks["BR at the match"], next)
	require.Equal(t, Access{
		Seq: next, At: page[1].At, Organisation: "NCB-BR", Actor: "u:7f3a", What: "match", ID: match,
		Parties: []events.OrgID{"WCO", "NCB-BR"}, Purpose: "border_control", Shown: next - 1,
	}, page[1])

	withheld.Deny = []events.OrgID{"WCO"}
	j.ask("NCB-BR", withheld)
	wait(t, q, j.last())
	require.Empty(t, seen("WCO", AccessesOfOwn, AccessFilter{}), "withheld since")
	require.Equal(t, append(atMatch, "WCO at BR's"), seen("NCB-BR", AccessesOfOwn, AccessFilter{}))
}

// An append whose acknowledgement was lost is sent again: two entries, one look.
func TestLookStoredTwiceIsOneLook(t *testing.T) {
	d, j := database(t), newJournal(t)
	id := recordID("NCB-BR", "1")
	value, err := json.Marshal(&events.AccessMade{Organisation: "NCB-BR", What: "record", ID: id, Seq: 1})
	require.NoError(t, err)
	env := events.NewEnvelope(events.NewRequestID(), events.TypeAccessMade)
	for range 2 {
		e := j.decide(&registry.Input{
			Src: events.SourceGateway, Span: 1, Value: value, Prepared: registry.Prepare(events.SourceGateway, env.Headers, value),
		})
		require.Equal(t, events.Accepted, e.Verdict)
	}
	j.look("NCB-BR", "record", id)
	p, _ := project(t, ProjectorConfig{Database: d, Source: j})
	q := NewQueries(QueriesConfig{Database: d, Projector: p})
	wait(t, q, j.last())
	list, _, err := q.Accesses(t.Context(), "IPSG", AccessesOfEach, AccessFilter{})
	require.NoError(t, err)
	require.Len(t, list, 2, "two looks, in three entries")
}
