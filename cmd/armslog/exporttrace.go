package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
)

func (a *app) traceExport() *cobra.Command {
	var f exportFlags
	filters := map[string]*string{}
	c := &cobra.Command{
		Use:   "export [FILE]",
		Short: "Write how your traces stand: NDJSON, CSV or XLSX",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) (err error) {
			e, err := a.newExport(f, args, traceTable())
			if err != nil {
				return err
			}
			defer func() {
				if err = e.close(err); err == nil {
					a.said(e, "trace", "traces")
				}
			}()
			c, err := a.client()
			if err != nil {
				return err
			}
			query := filterQuery(filters)
			if err := upToNow(cmd.Context(), c, query); err != nil {
				return err
			}
			for item, err := range items(cmd.Context(), c, "/v1/traces", query, f.limit) {
				if err != nil {
					return err
				}
				if err := e.put(item); err != nil {
					return err
				}
			}
			return nil
		},
	}
	f.add(c)
	filters["direction"] = c.Flags().String("direction", "", "incoming (you were asked) or outgoing (you ask)")
	filters["status"] = c.Flags().String("status", "", "open, "+strings.Join(events.TraceOutcomes.Codes(), ", "))
	return c
}

// traceTable has a row a trace, as the list has.
func traceTable() exportTable {
	columns := []string{"id", "at", "seq", "role", "status", "requester", "acting_for", "urgency", "asked", "answer_by", "marks", "type", "make", "model",
		"calibre", "incident_country", "incident_date", "case_number"}
	return exportTable{columns, func(item json.RawMessage) ([]string, error) {
		item, err := withAsked(item)
		if err != nil {
			return nil, err
		}
		d := json.NewDecoder(bytes.NewReader(item))
		d.UseNumber()
		var object map[string]any
		if err := d.Decode(&object); err != nil {
			return nil, fmt.Errorf("read trace: %w", err)
		}
		row := make([]string, len(columns))
		for i, name := range columns {
			row[i] = plain(object[name])
		}
		return row, nil
	}}
}
