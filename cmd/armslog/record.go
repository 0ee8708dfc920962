package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
)

func (a *app) recordCommand() *cobra.Command {
	return a.group("record", "Your own records: show, list, history, put, withdraw, export",
		a.recordShow(), a.recordList(), a.recordHistory(), a.recordPut(), a.recordWithdraw(), a.recordExport())
}

func (a *app) recordShow() *cobra.Command {
	var asOf string
	c := &cobra.Command{
		Use:   "show RECORD",
		Short: "Show a record: an id, the beginning of one, a source id or a mark",
		Args:  exactArgs("RECORD"),
		RunE: func(cmd *cobra.Command, args []string) error {
			c, id, err := a.find(cmd.Context(), args[0], resolveRecord)
			if err != nil {
				return err
			}
			var raw json.RawMessage
			if _, err := c.Get(cmd.Context(), "/v1/records/"+id, asOfQuery(asOf), &raw); err != nil {
				return err
			}
			a.note("logged; who has looked: armslog audit who-saw %s", shortID(id))
			return a.object(raw, func() error { return a.fields(raw) })
		},
	}
	c.Flags().StringVar(&asOf, "as-of", "", "as it was at a seq or an RFC 3339 time")
	return purposeFlag(c)
}

func asOfQuery(asOf string) url.Values {
	if asOf == "" {
		return nil
	}
	return url.Values{"as_of": {asOf}}
}

// fields writes an object as lines of path and value.
func (a *app) fields(raw json.RawMessage) error {
	d := json.NewDecoder(strings.NewReader(string(raw)))
	d.UseNumber()
	var object map[string]any
	if err := d.Decode(&object); err != nil {
		return fmt.Errorf("read answer: %w", err)
	}
	var b strings.Builder
	writeFields(&b, "", object)
	_, err := io.WriteString(a.out, b.String())
	return err
}

func writeFields(b *strings.Builder, prefix string, object map[string]any) {
	for _, name := range sortedKeys(object) {
		switch v := object[name].(type) {
		case map[string]any:
			writeFields(b, prefix+name+".", v)
		case []any:
			writeListField(b, prefix+name, v)
		default:
			b.WriteString(pad(prefix+name, 34) + plain(v) + "\n")
		}
	}
}

func writeListField(b *strings.Builder, name string, list []any) {
	for i, v := range list {
		object, ok := v.(map[string]any)
		if !ok {
			b.WriteString(pad(name, 34) + plain(list) + "\n")
			return
		}
		writeFields(b, name+"."+strconv.Itoa(i)+".", object)
	}
}

func recordColumns() []column {
	return []column{
		{"ID", "id", true}, {"STATUS", "status", false}, {"CATEGORY", "category", false}, {"MARKS", "marks", false},
		{"TYPE", "type", false}, {"MAKE", "make", false}, {"MODEL", "model", false}, {"CALIBRE", "calibre", false},
		{"DATE", "incident_date", false}, {"SOURCE", "source.id", false}, {"REV", "revision", false}, {"SEQ", "seq", false},
	}
}

func (a *app) recordList() *cobra.Command {
	var limit int
	filters := map[string]*string{}
	c := &cobra.Command{
		Use:   "list",
		Short: "List your own records, the newest first",
		Args:  noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			return a.writeItems(cmd.Context(), "/v1/records", filterQuery(filters), limit, recordColumns())
		},
	}
	recordFilters(c, filters)
	c.Flags().IntVar(&limit, "limit", 100, "how many; 0 = all")
	return c
}

// recordFilters are the flags that narrow a list of records.
func recordFilters(c *cobra.Command, filters map[string]*string) {
	for name, doc := range map[string]string{
		"status": "active, located, withdrawn or expired", "category": "lost, stolen, trafficked, smuggled, seized, found or surrendered",
		"case-number": "of the incident", "source-id": "your own id of it", "mark": "as written; compared in normal form",
	} {
		filters[name] = c.Flags().String(name, "", doc)
	}
	before := new(string)
	filters["retain-until-before"] = before
	c.Flags().Var((*lastDay)(before), "expiring", "those kept still that expire up to this day: 2027-05-23")
}

// lastDay is a day as people name it, kept as the day after.
type lastDay string

func (d *lastDay) Set(text string) error {
	day, ok := events.ParseDay(text)
	if !ok {
		return fmt.Errorf("%q is no day such as 2027-05-23", text)
	}
	*d = lastDay((day + 1).String())
	return nil
}

func (d *lastDay) String() string { return "" }
func (d *lastDay) Type() string   { return "date" }

func filterQuery(filters map[string]*string) url.Values {
	q := url.Values{}
	for name, v := range filters {
		if *v != "" {
			q.Set(strings.ReplaceAll(name, "-", "_"), *v)
		}
	}
	return q
}

func (a *app) recordHistory() *cobra.Command {
	return &cobra.Command{
		Use:   "history RECORD",
		Short: "List the revisions of a record",
		Args:  exactArgs("RECORD"),
		RunE: func(cmd *cobra.Command, args []string) error {
			_, id, err := a.find(cmd.Context(), args[0], resolveRecord)
			if err != nil {
				return err
			}
			return a.writeItems(cmd.Context(), "/v1/records/"+id+"/history", url.Values{}, 0, []column{
				{"REV", "revision", false}, {"SEQ", "seq", false}, {"AT", "changed_at", false}, {"STATUS", "status", false},
				{"CATEGORY", "category", false}, {"MARKS", "marks", false}, {"MAKE", "make", false}, {"CALIBRE", "calibre", false},
			})
		},
	}
}
