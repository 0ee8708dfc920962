package projections

import (
	"context"
	"encoding/json"
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

const owner1 = "leader-1"

// journal is a journal in memory whose entries a real registry decided. It is a
// Source, and checks what a Source is promised.
type journal struct {
	t     testing.TB
	state *registry.State
	at    int64
	off   map[string]int64
	ids   uint64

	mu    sync.Mutex
	items []events.Item
	more  chan struct{} // closed when items grow
	batch int           // items handed over at once
}

var journalID = events.UUID{1, 2, 3}

// newJournal starts with the genesis entry and the directory.
func newJournal(t testing.TB) *journal {
	j := &journal{t: t, state: registry.New(), at: 1_790_000_000_000, off: map[string]int64{}, more: make(chan struct{}), batch: 3}
	j.append(events.Item{Fence: &events.Fence{Nonce: owner1, Engine: registry.Engine}})
	j.decide(registry.GenesisInput(events.Genesis{
		JournalID: journalID, GeneralSecretariat: "IPSG", Name: "General Secretariat", Policy: schemas.DefaultPolicy()}, j.at))
	for _, o := range []events.OrganisationSubmitted{
		{OrganisationID: "NCB-BR", Kind: "ncb", Country: "BR", Name: "NCB Brasilia", Inbox: true},
		{OrganisationID: "NCB-CL", Kind: "ncb", Country: "CL", Name: "NCB Santiago", Inbox: true},
		{OrganisationID: "WCO", Kind: "international_entity", Name: "World Customs Organization", Inbox: true},
	} {
		j.ask("IPSG", &o)
	}
	j.ask("IPSG", &events.AgreementGranted{AgreementID: "AGR-WCO", Grantee: "WCO", Rights: []string{"search"},
		LegalBasis: "agreement of 2021", ValidFrom: events.MustDate("2020"), ValidUntil: events.MustDate("2099")})
	return j
}

func (j *journal) append(items ...events.Item) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, it := range items {
		it.Offset = int64(len(j.items))
		j.items = append(j.items, it)
	}
	close(j.more)
	j.more = make(chan struct{})
}

// ask decides a request of an organisation and journals it.
func (j *journal) ask(org events.OrgID, body events.Body, extra ...events.Header) *events.Entry {
	j.t.Helper()
	value, err := json.Marshal(body)
	require.NoError(j.t, err)
	return j.send(org, body.Type(), value, extra...)
}

func (j *journal) send(org events.OrgID, kind events.Type, value []byte, extra ...events.Header) *events.Entry {
	j.ids++
	id := events.RequestIDFrom(org, fmt.Sprint(j.ids))
	env := events.NewEnvelope(id, kind, extra...)
	return j.decide(&registry.Input{Src: org, Span: 1, Value: value, Prepared: registry.Prepare(org, env.Headers, value)})
}

func (j *journal) decide(in *registry.Input) *events.Entry {
	j.at += 1000
	in.At, in.Off, in.Span = j.at, j.off[in.Src], 1
	e := j.state.Decide(in)
	e.Owner = owner1
	j.off[in.Src]++
	j.state.Evolve(e, in.Prepared)
	j.append(events.Item{Entry: e})
	return e
}

// due decides all that is due.
func (j *journal) due() {
	for in := j.state.Due(j.at); in != nil; in = j.state.Due(j.at) {
		j.decide(in)
	}
}

func (j *journal) JournalID(context.Context) (events.UUID, error) { return journalID, nil }

func (j *journal) End(context.Context) (int64, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return int64(len(j.items)), nil
}

func (j *journal) Follow(ctx context.Context, from Position, handle func(Batch) error) error {
	r := from.Reader.Clone()
	for at := int(from.Offset); ; {
		items, end, more := j.next(at)
		if len(items) == 0 {
			select {
			case <-more:
				continue
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		b := Batch{End: end}
		for _, it := range items {
			ok, err := r.Read(it)
			if err != nil {
				return err
			}
			if ok {
				b.Entries = append(b.Entries, it.Entry)
			}
		}
		at += len(items)
		b.Position = Position{Offset: int64(at), Reader: r.Clone()}
		if err := handle(b); err != nil {
			return err
		}
	}
}

func (j *journal) next(at int) (items []events.Item, end int64, more chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if at < len(j.items) {
		items = j.items[at:min(at+j.batch, len(j.items))]
	}
	return items, int64(len(j.items)), j.more
}

func (j *journal) Entry(_ context.Context, seq uint64) (*events.Entry, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, it := range j.items {
		if it.Entry != nil && it.Entry.Owner == owner1 && it.Entry.Seq == seq {
			return it.Entry, nil
		}
	}
	return nil, fmt.Errorf("no entry %d", seq)
}

// last is the seq of the last entry.
func (j *journal) last() uint64 { return j.state.Next() - 1 }

// record is a small record that is accepted.
func record(id, serial string) *events.RecordSubmitted {
	return &events.RecordSubmitted{
		Source:   events.Source{System: "table", ID: id},
		Category: "seized",
		Firearm: events.Firearm{Type: "revolver", Make: "taurus", Calibre: "38",
			Marks: []events.Mark{{Kind: "serial", Place: "frame", Status: "readable", Text: serial}}},
		Incident:    events.Incident{Date: events.MustDate("2019"), Country: "BR", CaseNumber: "C-" + id},
		RetainUntil: events.MustDate("2099"),
	}
}

// question is a search that is accepted.
func question(serial string) *events.SearchMade {
	return &events.SearchMade{Purpose: "border_control", Context: "recovered",
		Firearm: events.Firearm{Type: "revolver", Make: "taurus", Calibre: "38",
			Marks: []events.Mark{{Kind: "serial", Place: "frame", Status: "readable", Text: serial}}},
		Incident: events.Incident{Country: "FJ"}}
}

// fill makes one entry of each kind that has rows of its own.
func (j *journal) fill() {
	full := record("1", "RV204187")
	require.NoError(j.t, json.Unmarshal([]byte(fullRecord), full))
	for _, e := range []*events.Entry{
		j.ask("WCO", question("RV204187")),
		j.ask("NCB-BR", full),
		j.ask("NCB-BR", record("2", "KTO44170")),
		j.ask("NCB-CL", record("3", "AB12345")),
		j.ask("WCO", question("KTO44170")),
		j.ask("NCB-BR", &events.RecordWithdrawn{Source: events.Source{System: "table", ID: "2"}, Reason: "returned"}),
	} {
		require.Equal(j.t, events.Accepted, e.Verdict, "%v", e.Errors)
	}
	amended := record("3", "AB12345")
	amended.Firearm.Model = "82"
	amended.Deny = []events.OrgID{"WCO"}
	j.ask("NCB-CL", amended)
	j.ask("NCB-CL", amended) // unchanged
	j.ask("WCO", question("ZZ998877"))
	j.ask("WCO", &events.SearchWithdrawn{SearchID: events.SearchID("WCO", events.RequestIDFrom("WCO", fmt.Sprint(j.ids))), Reason: "mistyped"})
	j.ask("WCO", &events.NotificationAcknowledged{N: 1})
	j.look("WCO", "record", recordID("NCB-BR", "2"))
	j.look("WCO", "record", recordID("NCB-CL", "3"))
	j.ask("WCO", record("9", "X1")) // no right
	j.send("NCB-CL", events.TypeRecordSubmitted, []byte("{not json"))
	j.fillTraces()
	j.ask("NCB-BR", &events.OperationSubmitted{OperationID: "TRIGGER-X", Kind: "operation", Name: "Trigger X", Lead: "NCB-BR",
		Members: []events.OrgID{"NCB-CL"}, From: events.MustDate("2018"), Until: events.MustDate("2019")})
	j.ask("NCB-BR", &events.OperationClosed{OperationID: "TRIGGER-X", Reason: "completed"})
	j.ask("IPSG", &events.ReferenceSubmitted{Name: "Glock", Kind: "make", Country: "AT"})
	j.ask("IPSG", &events.MailboxSkipped{Organisation: "NCB-CL", To: 1042})
	j.fillConfirmations()
	j.ask("IPSG", &events.AgreementRevoked{AgreementID: "AGR-WCO", Reason: "expired", StandingSearches: "end"})
	j.due()
}

// fillConfirmations asks about a match, lets the deadlines pass and answers.
func (j *journal) fillConfirmations() {
	var first *events.MatchEffect
	for _, it := range j.items {
		if it.Entry == nil || first != nil {
			continue
		}
		for _, x := range it.Entry.Effects {
			if x, ok := x.(*events.MatchEffect); ok {
				first = x
			}
		}
	}
	j.ask(first.Asker, &events.ConfirmationRequested{MatchID: first.ID, Urgency: "urgent", Compared: []string{"serial", "make"}, CaseNumber: "FJ-7"})
	j.at += 3_600_000
	j.due()
	answer := j.ask(first.Owner, &events.ConfirmationAnswered{MatchID: first.ID, Answer: "confirmed", Action: "no_action"})
	require.Equal(j.t, events.Accepted, answer.Verdict, "%v", answer.Errors)
}

const fullRecord = `{"source":{"system":"state-rdo","id":"D-101/2019/384/1"},
 "category":"seized","illicit_basis":["law_of_place"],
 "firearm":{"type":"revolver","action":"double_barrel","make":"taurus","make_code":"TAS","model":"82","calibre":"38","calibre_code":"38","country_of_manufacture":"BR","manufactured":"1890-11",
   "features":["cut_down"],"barrel_length_mm":101,"reference_id":"model:TAS/82",
   "marks":[{"kind":"serial","place":"frame","status":"readable","text":"RV204187"},
            {"kind":"serial","place":"barrel","status":"partial","text":"?V204*"},
            {"kind":"import","place":"frame","status":"readable","text":"CAI ST ALB VT","country":"US","year":"1998"}]},
 "incident":{"date":"2018/2019-03","country":"BR","subdivision":"BR-SP","place":"SAO PAULO","locode":"BRSAO","case_number":"D-101/2019/384","circumstance":"vehicle_stop","operation":"TRIGGER-X",
   "customs":{"channel":"postal","hs_code":"930200"},"route":[{"country":"PY","role":"departure"},{"country":"BR","role":"destination"}]},
 "origin":{"status":"established_otherwise","diversion":{"country":"PY","date":"2017","kind":"theft_private"}},
 "deny":["NCB-ZZ"],"handling":"official_use_only","retain_until":"2099-11-23"}`
