package node

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/projections"
)

// Tables are the read models as the edge asks for them.
func Tables(q *projections.Queries) gateway.Tables { return tables{q} }

type tables struct{ q *projections.Queries }

// lateness bounds how long a list waits for the entry it must know.
const lateness = 2 * time.Second

// known waits until the tables hold seq, for a short while.
func (t tables) known(ctx context.Context, seq uint64) error {
	if seq == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, lateness)
	defer cancel()
	return tablesError(t.q.Wait(ctx, seq))
}

func tablesError(err error) error {
	var lagging *projections.LaggingError
	switch {
	case errors.As(err, &lagging):
		return &gateway.UnavailableError{Code: "lagging", RetryAfter: lagging.RetryAfter}
	case errors.Is(err, projections.ErrRefused):
		return gateway.ErrCursor // all else in a query is ours
	case errors.Is(err, projections.ErrUnavailable):
		return &gateway.UnavailableError{Code: "unavailable", RetryAfter: 5 * time.Second}
	}
	return err
}

func (t tables) Records(ctx context.Context, org events.OrgID, q gateway.RecordQuery) (page gateway.Page[gateway.RecordRow], err error) {
	if err := t.known(ctx, q.MinSeq); err != nil {
		return page, err
	}
	list, next, err := t.q.Records(ctx, org, projections.RecordFilter{
		Status: q.Status, Category: q.Category, CaseNumber: q.CaseNumber, SourceID: q.SourceID, Mark: q.Mark, Expiring: q.RetainUntilBefore,
		After: cursor(q.After), Limit: q.Limit,
	})
	for _, r := range list {
		page.Items = append(page.Items, recordRow(&r, false))
	}
	page.Next = cursorText(next)
	return page, tablesError(err)
}

func (t tables) RecordHistory(ctx context.Context, org events.OrgID, id events.UUID, q gateway.PageQuery) (page gateway.Page[gateway.RecordRow], err error) {
	if err := t.known(ctx, q.MinSeq); err != nil {
		return page, err
	}
	list, err := t.q.History(ctx, org, id)
	for _, r := range list {
		page.Items = append(page.Items, recordRow(&r, true))
	}
	return page, tablesError(err)
}

func (t tables) RecordAsOf(ctx context.Context, org events.OrgID, id events.UUID, at gateway.AsOf) (gateway.RecordRow, bool, error) {
	var r projections.Record
	var ok bool
	err := t.known(ctx, at.Seq)
	if err != nil {
		return gateway.RecordRow{}, false, err
	}
	if at.Seq != 0 {
		r, ok, err = t.q.RecordAtSeq(ctx, org, id, at.Seq)
	} else {
		r, ok, err = t.q.RecordAsOf(ctx, org, id, time.UnixMilli(at.At))
	}
	if err != nil || !ok {
		return gateway.RecordRow{}, false, tablesError(err)
	}
	return recordRow(&r, true), true, nil
}

func (t tables) Searches(ctx context.Context, org events.OrgID, q gateway.SearchQuery) (page gateway.Page[gateway.SearchRow], err error) {
	if err := t.known(ctx, q.MinSeq); err != nil {
		return page, err
	}
	list, next, err := t.q.Searches(ctx, org, projections.SearchFilter{Status: q.Status, After: cursor(q.After), Limit: q.Limit})
	for _, s := range list {
		page.Items = append(page.Items, gateway.SearchRow{
			ID: s.ID, Seq: s.Seq, At: stamp(s.At), Status: s.Status, Purpose: s.Purpose, Context: s.Context, OnBehalfOf: s.OnBehalfOf,
			Marks: markTexts(s.Marks), CaseNumber: s.CaseNumber, StandsUntil: s.StandsUntil,
			Matches: s.Matches, Candidates: s.Candidates,
		})
	}
	page.Next = cursorText(next)
	return page, tablesError(err)
}

func (t tables) Matches(ctx context.Context, org events.OrgID, q gateway.MatchQuery) (page gateway.Page[gateway.MatchRow], err error) {
	if err := t.known(ctx, q.MinSeq); err != nil {
		return page, err
	}
	list, next, err := t.q.Matches(ctx, org, projections.MatchFilter{Status: q.Status, After: q.After, Limit: q.Limit})
	for _, m := range list {
		page.Items = append(page.Items, matchRow(&m))
	}
	page.Next = next
	return page, tablesError(err)
}

func (t tables) Traces(ctx context.Context, org events.OrgID, q gateway.TraceQuery) (page gateway.Page[gateway.TraceRow], err error) {
	if err := t.known(ctx, q.MinSeq); err != nil {
		return page, err
	}
	list, next, err := t.q.Traces(ctx, org, projections.TraceFilter{Direction: q.Direction, Status: q.Status, After: cursor(q.After), Limit: q.Limit})
	for _, x := range list {
		row := gateway.TraceRow{
			ID: x.ID, Seq: x.Seq, At: stamp(x.At), Role: x.Role, Status: x.Status, Requester: x.Requester, ActingFor: x.ActingFor, Urgency: x.Urgency,
			Addressees: []gateway.TraceAddressee{}, AnswerBy: x.AnswerBy, Type: x.Type, Make: x.Make, Model: x.Model, Calibre: x.Calibre,
			Marks: markTexts(x.Marks), Country: x.Country, Date: x.Date, CaseNumber: x.CaseNumber,
		}
		for _, a := range x.Addressees {
			row.Addressees = append(row.Addressees, gateway.TraceAddressee(a))
		}
		page.Items = append(page.Items, row)
	}
	page.Next = cursorText(next)
	return page, tablesError(err)
}

func recordRow(r *projections.Record, full bool) gateway.RecordRow {
	b := &r.Record
	row := gateway.RecordRow{
		ID: r.ID, Revision: r.Revision, Seq: r.Seq, Status: r.Status, Category: b.Category, Source: b.Source,
		Type: b.Firearm.Type, Make: b.Firearm.Make, Model: b.Firearm.Model, Calibre: b.Firearm.Calibre,
		Marks: markTexts(b.Firearm.Marks), CaseNumber: b.Incident.CaseNumber,
		IncidentCountry: b.Incident.Country, IncidentDate: b.Incident.Date.String(), RetainUntil: b.RetainUntil.String(),
		FirstRecordedAt: stamp(r.FirstRecordedAt), ChangedAt: stamp(r.ChangedAt),
	}
	if full {
		row.Body, _ = json.Marshal(b) // a plain struct of ours
	}
	return row
}

// matchRow shows each side what is its own; whoever has neither role, the
// General Secretariat, both organisations.
func matchRow(m *projections.Match) gateway.MatchRow {
	row := gateway.MatchRow{
		ID: m.ID, Seq: m.Seq, At: stamp(m.At), Kind: "match", Status: m.Status, Class: m.Class, Grade: m.Grade,
		Strength: m.Strength, Role: strings.Join(m.Roles, "+"), Because: m.EndedBecause,
		Other: events.Summary{Owner: m.Owner, ActingFor: m.ActingFor},
	}
	if m.Status == "candidate" {
		row.Kind = "candidate"
	}
	if slices.Contains(m.Roles, "asker") {
		row.Question = &m.Question
	}
	if slices.Contains(m.Roles, "owner") {
		row.Record = &m.Record
		row.Other.Owner = m.Asker
	}
	return row
}

// markTexts are the marks as a list shows them: the text, or why there is none.
func markTexts(marks []events.Mark) (texts []string) {
	for _, m := range marks {
		switch {
		case m.Text == "":
			texts = append(texts, "("+m.Status+")")
		case m.Series != "":
			texts = append(texts, m.Series+" "+m.Text)
		default:
			texts = append(texts, m.Text)
		}
	}
	return texts
}

func cursor(after string) uint64 {
	n, _ := strconv.ParseUint(after, 10, 64) // what is no cursor of ours begins at the beginning
	return n
}

func cursorText(next uint64) string {
	if next == 0 {
		return ""
	}
	return strconv.FormatUint(next, 10)
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
