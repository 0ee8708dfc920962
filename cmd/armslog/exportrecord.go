package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"sync"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/producers/imports"
)

func (a *app) recordExport() *cobra.Command {
	var f exportFlags
	var asOf string
	filters := map[string]*string{}
	c := &cobra.Command{
		Use:   "export [FILE]",
		Short: "Write your own records in full: NDJSON, CSV or XLSX",
		Long: "Write your own records in full, to FILE or to standard output, as they come. What is written is\n" +
			"read again by armslog import, without a mapping: rows that nobody changed are unchanged.",
		Example: "  armslog record export records.xlsx\n  armslog record export --format csv --status active > records.csv\n  armslog record export may.ndjson --as-of 2026-05-31T24:00:00Z",
		Args:    cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			e, err := a.newExport(f, args, recordTable())
			if err != nil {
				return err
			}
			err = a.exportRecords(cmd.Context(), e, filterQuery(filters), asOf, f.limit)
			if err = e.close(err); err == nil {
				a.said(e, "record", "records")
			}
			return err
		},
	}
	f.add(c)
	recordFilters(c, filters)
	c.Flags().StringVar(&asOf, "as-of", "", "as they were at a seq or an RFC 3339 time")
	return c
}

// recordTable puts what the registry says of a record before the record.
func recordTable() exportTable {
	table := imports.NewRecordTable()
	about := []string{"id", "revision", "seq", "status", "changed_at"}
	return exportTable{append(about, table.Header()...), func(item json.RawMessage) ([]string, error) {
		var r struct {
			ID        string          `json:"id"`
			Revision  json.Number     `json:"revision"`
			Seq       json.Number     `json:"seq"`
			Status    string          `json:"status"`
			ChangedAt string          `json:"changed_at"`
			Record    json.RawMessage `json:"record"`
		}
		if err := json.Unmarshal(item, &r); err != nil {
			return nil, fmt.Errorf("read record: %w", err)
		}
		if r.Record == nil {
			r.Record = json.RawMessage("{}") // withdrawn: it stands in the history
		}
		row, err := table.Row(r.Record)
		return append([]string{r.ID, r.Revision.String(), r.Seq.String(), r.Status, r.ChangedAt}, row...), err
	}}
}

// exportRecords writes each record that the list has. A record that is amended
// meanwhile moves to the list's beginning, perhaps from a page that was still
// to come: the list is read again from there until nothing is missing.
func (a *app) exportRecords(ctx context.Context, e *export, query url.Values, asOf string, limit int) error {
	c, err := a.client()
	if err != nil {
		return err
	}
	seen, newest := map[string]bool{}, uint64(0)
	for first := true; ; first = false {
		after, before := newest, len(seen)
		wanted := func(item json.RawMessage) (id string, more bool, err error) {
			var r struct {
				ID       string `json:"id"`
				Seq      uint64 `json:"seq"`
				Revision uint32 `json:"revision"`
			}
			if err := json.Unmarshal(item, &r); err != nil {
				return "", false, fmt.Errorf("read item: %w", err)
			}
			newest = max(newest, r.Seq)
			if !first && r.Seq <= after {
				return "", false, nil
			}
			if seen[r.ID] || !first && r.Revision == 1 {
				return "", true, nil
			}
			seen[r.ID] = true
			return r.ID, true, nil
		}
		if err := fetchAll(ctx, c, query, asOf, limit, wanted, e.put); err != nil {
			return err
		}
		if limit > 0 || !first && len(seen) == before {
			return nil
		}
	}
}

// fetchedAtOnce is how many records are asked for at a time: each answer waits
// for a disk on the way, and they wait together.
const fetchedAtOnce = 16

// fetchAll walks the list and gives put each record in full, in its order.
func fetchAll(ctx context.Context, c *client.Client, query url.Values, asOf string, limit int,
	wanted func(json.RawMessage) (id string, more bool, err error), put func(json.RawMessage) error) error {
	ctx, cancel := context.WithCancel(ctx)
	var all sync.WaitGroup
	defer all.Wait()
	defer cancel()
	type answer struct {
		raw json.RawMessage
		err error
	}
	answers := make(chan chan answer, fetchedAtOnce)
	all.Go(func() {
		defer close(answers)
		for item, err := range items(ctx, c, "/v1/records", maps.Clone(query), limit) {
			id, more := "", false
			if err == nil {
				id, more, err = wanted(item)
			}
			if err == nil && !more {
				return
			}
			if err == nil && id == "" {
				continue
			}
			one := make(chan answer, 1)
			select {
			case answers <- one:
			case <-ctx.Done():
				return
			}
			if err != nil {
				one <- answer{err: err}
				return
			}
			all.Go(func() {
				raw, err := recordInFull(ctx, c, id, asOf)
				one <- answer{raw, err}
			})
		}
	})
	for one := range answers {
		got := <-one
		if got.err != nil {
			return got.err
		}
		if got.raw == nil {
			continue
		}
		if err := put(got.raw); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// recordInFull gives nothing for a record that was not there then, or is no
// longer.
func recordInFull(ctx context.Context, c *client.Client, id, asOf string) (raw json.RawMessage, err error) {
	_, err = c.Get(ctx, "/v1/records/"+id, asOfQuery(asOf), &raw)
	var problem *client.Problem
	if errors.As(err, &problem) && problem.Status == http.StatusNotFound {
		return nil, nil
	}
	return raw, err
}
