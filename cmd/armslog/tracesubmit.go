package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/registry"
)

// traceFlags are what a trace request may say.
type traceFlags struct {
	record, file                          string
	addressees, illicitBasis              []string
	intendedUse, domesticCheck, urgency   string
	forwarding, answerBy                  string
	make, model, calibre, kind            string
	country, date, place, caseNumber, how string
}

func (a *app) traceSubmit() *cobra.Command {
	var f traceFlags
	c := &cobra.Command{
		Use:   "submit --record RECORD | MARK… | --file FILE|-",
		Short: "Ask others where a firearm was last held by right",
		Long: "Ask others where a firearm was last held by right. The firearm is that of a record of yours, of\n" +
			"marks and flags, or of a whole request in a file. --addressees suggest asks the reference table and\n" +
			"the import marks whom to ask, shows why, and lets you decide.",
		Example: "  armslog trace submit --record D-200/2020/491/2 --illicit-basis law_of_place --intended-use criminal_investigation \\\n" +
			"    --domestic-check done --addressees suggest\n" +
			"  armslog trace submit KTO44170 --make FAMAE --country BR --date 2020 --illicit-basis not_marked \\\n" +
			"    --intended-use criminal_investigation --domestic-check done --addressees NCB-CL,NCB-PY",
		RunE: func(cmd *cobra.Command, args []string) error { return a.submitTrace(cmd.Context(), f, args) },
	}
	flags := c.Flags()
	flags.StringVar(&f.record, "record", "", "a record of yours: an id, the beginning of one, a source id or a mark")
	flags.StringVar(&f.file, "file", "", "the whole request as JSON, - is standard input")
	flags.StringSliceVar(&f.addressees, "addressees", nil, "organisations, or suggest")
	flags.StringSliceVar(&f.illicitBasis, "illicit-basis", nil, "why it is illicit, of the record if not stated: "+strings.Join(events.IllicitBases.Codes(), ", "))
	flags.StringVar(&f.intendedUse, "intended-use", "", "what the answer is for: "+strings.Join(events.Purposes.Codes(), ", "))
	flags.StringVar(&f.domesticCheck, "domestic-check", "", "of your own records first: "+strings.Join(events.DomesticChecks.Codes(), ", "))
	flags.StringVar(&f.urgency, "urgency", "routine", "urgent (7 days), routine (30) or deferred (90)")
	flags.StringVar(&f.forwarding, "forwarding", "", "whether addressees may send it on: never, ask, allowed")
	flags.StringVar(&f.answerBy, "answer-by", "", "the last day for an answer; by urgency if not stated")
	flags.StringVar(&f.make, "make", "", "as stated or as marked")
	flags.StringVar(&f.model, "model", "", "as stated or as marked")
	flags.StringVar(&f.calibre, "calibre", "", "such as .40 or 9x19")
	flags.StringVar(&f.kind, "type", "", "pistol, revolver, rifle …")
	flags.StringVar(&f.country, "country", "", "where it was recovered (two letters)")
	flags.StringVar(&f.date, "date", "", "when: 2019, 2019-05 or 2019-05-14")
	flags.StringVar(&f.place, "place", "", "the town")
	flags.StringVar(&f.caseNumber, "case-number", "", "your own, the way back to you")
	flags.StringVar(&f.how, "circumstance", "", "vehicle_stop, crime_scene, cargo_control …")
	return c
}

func (a *app) submitTrace(ctx context.Context, f traceFlags, marks []string) error {
	if f.file != "" {
		body, err := a.readBody(f.file)
		if err != nil {
			return err
		}
		return a.postTrace(ctx, body)
	}
	request, err := a.traceRequest(ctx, f, marks)
	if err != nil {
		return err
	}
	if len(f.addressees) == 1 && f.addressees[0] == "suggest" {
		if request.Addressees, err = a.suggested(ctx, request.Firearm); err != nil {
			return err
		}
	}
	body, err := json.Marshal(request)
	if err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	return a.postTrace(ctx, body)
}

func (a *app) postTrace(ctx context.Context, body []byte) error {
	return a.post(ctx, events.TypeTraceRequested, "/v1/traces", body, func(r *events.Reply) error {
		line := "trace " + shortID(r.ID) + "  open"
		if len(r.Matches) > 0 {
			line += "  ·  " + plural(len(r.Matches), "match", "matches") + ": " + strings.Join(matchWords(r.Matches), "; ")
		}
		if len(r.Candidates) > 0 {
			line += "  ·  " + plural(len(r.Candidates), "candidate", "candidates")
		}
		return a.outcome(line)(r)
	})
}

// traceRequest is the request that flags, marks and a record make.
func (a *app) traceRequest(ctx context.Context, f traceFlags, marks []string) (*events.TraceRequested, error) {
	r := &events.TraceRequested{
		Urgency: f.urgency, IllicitBasis: f.illicitBasis, IntendedUse: cmp.Or(f.intendedUse, a.settings.get("purpose")), DomesticCheck: f.domesticCheck,
		Addressees: upper(f.addressees), Forwarding: f.forwarding,
	}
	switch {
	case (f.record == "") == (len(marks) == 0):
		return nil, &usageError{"a trace is of one firearm", "armslog trace submit --record RECORD, or MARK…, or --file FILE"}
	case len(f.addressees) == 0:
		return nil, &usageError{"a trace needs addressees", "--addressees NCB-CL,NCB-PY, or --addressees suggest"}
	case f.domesticCheck == "":
		return nil, &usageError{"a trace says whether you have looked into your own records", "--domestic-check " + strings.Join(events.DomesticChecks.Codes(), "|")}
	}
	if f.intendedUse == "" && r.IntendedUse != "" {
		a.note("intended use %s (%s)", r.IntendedUse, a.settings.values["purpose"].from)
	}
	for _, text := range marks {
		r.Firearm.Marks = append(r.Firearm.Marks, events.Mark{Kind: "serial", Status: statusOf(text), Text: text})
	}
	if f.record != "" {
		if err := a.fromRecord(ctx, f.record, r); err != nil {
			return nil, err
		}
	}
	if len(r.IllicitBasis) == 0 {
		return nil, &usageError{"a trace says why the weapon is illicit", "--illicit-basis " + strings.Join(events.IllicitBases.Codes(), "|")}
	}
	return r, f.describe(r)
}

// describe adds what the flags say of the firearm and its recovery.
func (f *traceFlags) describe(r *events.TraceRequested) error {
	for _, x := range []struct {
		at   *string
		flag string
	}{
		{&r.Firearm.Make, f.make}, {&r.Firearm.Model, f.model}, {&r.Firearm.Calibre, f.calibre}, {&r.Firearm.Type, f.kind},
		{&r.Incident.Country, f.country}, {&r.Incident.Place, f.place}, {&r.Incident.CaseNumber, f.caseNumber}, {&r.Incident.Circumstance, f.how},
	} {
		*x.at = cmp.Or(x.flag, *x.at)
	}
	if f.date != "" {
		if err := r.Incident.Date.UnmarshalText([]byte(f.date)); err != nil {
			return &usageError{fmt.Sprintf("%q is no date", f.date), "2026, 2026-05 or 2026-05-14"}
		}
	}
	if f.answerBy != "" {
		if err := r.AnswerBy.UnmarshalText([]byte(f.answerBy)); err != nil {
			return &usageError{fmt.Sprintf("%q is no day", f.answerBy), "2026-05-14"}
		}
	}
	return nil
}

// fromRecord takes the firearm, its recovery and why it is illicit from a record.
func (a *app) fromRecord(ctx context.Context, word string, r *events.TraceRequested) error {
	c, id, err := a.find(ctx, word, resolveRecord)
	if err != nil {
		return err
	}
	var shown struct {
		ID     events.UUID            `json:"id"`
		Record events.RecordSubmitted `json:"record"`
	}
	if _, err := c.Get(ctx, "/v1/records/"+id, url.Values{}, &shown); err != nil {
		return err
	}
	r.RecordID, r.Firearm, r.Incident = shown.ID, shown.Record.Firearm, shown.Record.Incident
	if len(r.IllicitBasis) == 0 {
		r.IllicitBasis = shown.Record.IllicitBasis
	}
	return nil
}

// suggested asks whom to ask, says why, and lets the user decide.
func (a *app) suggested(ctx context.Context, f events.Firearm) ([]events.OrgID, error) {
	c, err := a.clientFor()
	if err != nil {
		return nil, err
	}
	var found gateway.Suggestions
	if _, err := c.Post(ctx, "/v1/traces:suggest", gateway.TraceDraft{Firearm: f}, &found); err != nil {
		return nil, err
	}
	var orgs []events.OrgID
	var words []string
	for _, s := range found.Items {
		if s.Organisation == "" {
			a.note("%s (%s): no bureau of that country takes part", countryName(s.Country), reasonWords(s))
			continue
		}
		orgs = append(orgs, s.Organisation)
		words = append(words, fmt.Sprintf("%s (%s)", s.Organisation, reasonWords(s)))
	}
	if len(orgs) == 0 {
		return nil, &codedError{"nobody_suggested", "neither marks nor make say whom to ask", "--addressees names them", exitError}
	}
	a.note("suggested: %s", strings.Join(words, ", "))
	return orgs, a.confirm("send")
}

// clientFor is a client whose idempotency key is not the request's: a look is
// not the request that follows it.
func (a *app) clientFor() (*client.Client, error) {
	key := a.global.idempotencyKey
	a.global.idempotencyKey = events.NewRequestID().String()
	defer func() { a.global.idempotencyKey = key }()
	return a.client()
}

func reasonWords(s registry.Suggestion) string {
	switch s.Because {
	case "import_mark":
		return strings.TrimSpace("import mark " + s.Year)
	case "make":
		return "make " + strings.ToLower(s.Make) + " → " + countryName(s.Country)
	case "country_of_manufacture":
		return "made in " + countryName(s.Country)
	}
	return strings.ReplaceAll(s.Because, "_", " ")
}
