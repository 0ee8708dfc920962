package projections

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"slices"

	"golang.org/x/sync/errgroup"
)

// insertsAtOnce bounds the tables that are written at the same time.
const insertsAtOnce = 2

// insert stores encoded rows, and returns when they are stored.
func (d *Database) insert(ctx context.Context, statement string, parts ...[]byte) error {
	readers := make([]io.Reader, len(parts))
	for i, p := range parts {
		readers[i] = bytes.NewReader(p)
	}
	if err := d.http.InsertFormat(ctx, "RowBinary", statement, io.MultiReader(readers...)); err != nil {
		return fmt.Errorf("insert rows: %w", err)
	}
	return nil
}

// store writes the rows of all named tables. After an error some may be
// stored; storing them again is harmless.
func (d *Database) store(ctx context.Context, g generation, names []string, parts []*Rows) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(insertsAtOnce)
	for _, t := range tables {
		data := t.data(parts)
		if len(data) == 0 || !slices.Contains(names, t.Name) {
			continue
		}
		group.Go(func() error { return d.insert(ctx, t.insert(d.database(g)), data...) })
	}
	return group.Wait()
}

// data are the table's rows in each of the parts.
func (t Table) data(parts []*Rows) (data [][]byte) {
	for _, r := range parts {
		if s := &r.sheets[t.sheet]; len(s.data) > 0 {
			data = append(data, s.data)
		}
	}
	return data
}
