package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
)

func (a *app) traceRespond() *cobra.Command {
	var steps, next, use []string
	var failure, refusal, caseNumber, file string
	c := &cobra.Command{
		Use:   "respond TRACE STATUS",
		Short: "Answer a trace that you were asked: " + strings.Join(events.TraceAnswers.Codes(), ", "),
		Long: "Answer a trace that you were asked. A step is its kind, then in any order its date, country (or\n" +
			"from>to), the kind of whoever had the weapon afterwards (never a name), and licence where you hold it.",
		Example: "  armslog trace respond c41a90e2 completed --step 'manufactured 2008-07 CL manufacturer' \\\n" +
			"    --step 'exported 2008-09 CL>BR police licence' --use lead_only\n" +
			"  armslog trace respond c41a90e2 referred --next NCB-US=import_mark\n" +
			"  armslog trace respond c41a90e2 refused --refusal national_law",
		Args: exactArgs("TRACE", "STATUS"),
		RunE: func(cmd *cobra.Command, args []string) error {
			if file != "" {
				body, err := a.readBody(file)
				if err != nil {
					return err
				}
				return a.ofTrace(cmd, args[0], "responses", json.RawMessage(body))
			}
			b := map[string]any{"status": args[1]}
			for name, v := range map[string]string{"failure": failure, "refusal": refusal, "case_number": caseNumber} {
				if v != "" {
					b[name] = v
				}
			}
			if len(use) > 0 {
				b["use"] = use
			}
			if err := addSteps(b, steps); err != nil {
				return err
			}
			if err := addNext(b, next); err != nil {
				return err
			}
			return a.ofTrace(cmd, args[0], "responses", b)
		},
	}
	f := c.Flags()
	f.StringArrayVar(&steps, "step", nil, "what happened, such as 'exported 2008-09 CL>BR police licence'; several times")
	f.StringSliceVar(&next, "next", nil, "whom to ask, ORG=BECAUSE: "+strings.Join(events.TraceReasons.Codes(), ", "))
	f.StringSliceVar(&use, "use", nil, "what may be done with the answer: "+strings.Join(events.TraceUses.Codes(), ", "))
	f.StringVar(&failure, "failure", "", "of failed: "+strings.Join(events.TraceFailures.Codes(), ", "))
	f.StringVar(&refusal, "refusal", "", "of refused: "+strings.Join(events.TraceRefusals.Codes(), ", "))
	f.StringVar(&caseNumber, "case-number", "", "your own")
	f.StringVar(&file, "file", "", "the whole answer as JSON, without trace_id; - is standard input")
	return c
}

func addSteps(body map[string]any, words []string) error {
	var steps []events.TraceStep
	for _, w := range words {
		s, err := parseStep(w)
		if err != nil {
			return err
		}
		steps = append(steps, s)
	}
	if steps != nil {
		body["steps"] = steps
	}
	return nil
}

// parseStep reads "exported 2008-09 CL>BR police licence"; commas part words
// too.
func parseStep(text string) (s events.TraceStep, err error) {
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ' ' || r == ',' }) {
		from, to, leg := strings.Cut(word, ">")
		date, isDate := events.ParseDate(word)
		switch {
		case events.StepKinds.Has(word) && s.Kind == "":
			s.Kind = word
		case isDate:
			s.Date = date
		case leg:
			s.Country, s.ToCountry = from, to
		case events.Countries.Has(word): // in capitals: "to" and "in" are words, too
			s.Country = word
		case events.Holders.Has(word):
			s.Holder = word
		case word == "licence":
			s.LicenceHeld = true
		default:
			return s, &usageError{fmt.Sprintf("%q in step %q is no kind, date, country or holder", word, text),
				"such as 'exported 2008-09 CL>BR police licence'; kinds: " + strings.Join(events.StepKinds.Codes(), ", ") + "; holders: " + strings.Join(events.Holders.Codes(), ", ")}
		}
	}
	return s, nil
}

func addNext(body map[string]any, words []string) error {
	var next []events.TraceReferral
	for _, w := range words {
		org, because, ok := strings.Cut(w, "=")
		if !ok {
			return &usageError{fmt.Sprintf("%q does not say why", w), "--next NCB-US=import_mark"}
		}
		next = append(next, events.TraceReferral{Organisation: strings.ToUpper(org), Because: because})
	}
	if next != nil {
		body["next"] = next
	}
	return nil
}
