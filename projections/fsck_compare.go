package projections

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
)

// hashOf is ClickHouse's hash of columns encoded as we encode them, so that a
// row is compared without being sent.
func hashOf(columns string) string { return "xxHash64(formatRow('RowBinary', " + columns + "))" }

// compare reads every row of a table. Rows of entries that were appended after
// the fold are none of its business.
func (c *checker) compare(ctx context.Context, t Table, want map[uint64]version) error {
	rows, err := c.db.native.Query(ctx, fmt.Sprintf("SELECT %s, seq, %s FROM %s.%s FINAL",
		hashOf(t.Key), hashOf(t.Columns), c.db.database(c.g), t.Name))
	if err != nil {
		return failure("read rows", err)
	}
	defer rows.Close()
	wrong := map[uint64]string{}
	for rows.Next() {
		var key, seq, hash uint64
		if err := rows.Scan(&key, &seq, &hash); err != nil {
			return fmt.Errorf("read rows: %w", err)
		}
		expect, known := want[key]
		delete(want, key)
		c.report.Rows[t.Name]++
		switch {
		case seq >= c.want.next:
		case !known:
			wrong[key] = Extra
		case expect != version{seq, hash}:
			wrong[key] = Changed
		}
	}
	if err := rows.Err(); err != nil {
		return failure("read rows", err)
	}
	for key, v := range want {
		c.report.add(Difference{Table: t.Name, Key: fmt.Sprintf("%016x", key), Seq: v.seq, What: Missing})
	}
	return c.nameWrong(ctx, t, wrong)
}

// nameWrong asks for the keys of rows that should not be as they are.
func (c *checker) nameWrong(ctx context.Context, t Table, wrong map[uint64]string) error {
	if len(wrong) == 0 {
		return nil
	}
	keys := make([]uint64, 0, c.report.limit)
	for key := range wrong {
		if len(keys) == c.report.limit {
			break
		}
		keys = append(keys, key)
	}
	c.report.Total += uint64(len(wrong) - len(keys))
	rows, err := c.db.native.Query(ctx, fmt.Sprintf("SELECT %s, seq, arrayStringConcat([%s], ' ') FROM %s.%s FINAL WHERE %s IN (%s)",
		hashOf(t.Key), "toString("+strings.ReplaceAll(t.Key, ", ", "), toString(")+")", c.db.database(c.g), t.Name,
		hashOf(t.Key), strings.Trim(strings.Join(strings.Fields(fmt.Sprint(keys)), ", "), "[]")))
	if err != nil {
		return failure("read keys", err)
	}
	defer rows.Close()
	for rows.Next() {
		var key, seq uint64
		var name string
		if err := rows.Scan(&key, &seq, &name); err != nil {
			return fmt.Errorf("read keys: %w", err)
		}
		c.report.add(Difference{Table: t.Name, Key: name, Seq: seq, What: wrong[key]})
	}
	if err := rows.Err(); err != nil {
		return failure("read keys", err)
	}
	return nil
}

// nameMissing folds the journal once more to name the rows that are not there:
// hashes cannot be turned back.
func (c *checker) nameMissing(ctx context.Context) error {
	missing := map[uint64]bool{} // entries
	for _, x := range c.report.Differences {
		if x.What == Missing {
			missing[x.Seq] = true
		}
	}
	if len(missing) == 0 {
		return nil
	}
	names := map[string]string{} // table and hash of the key → key
	rows := NewRows(c.db.cfg.MarkKey)
	journal, err := asItIs(ctx, c.cfg.Source)
	if err != nil {
		return err
	}
	err = journal.Follow(ctx, Position{}, func(b Batch) error {
		for _, e := range b.Entries {
			if missing[e.Seq] {
				rows.Reset()
				rows.Add(e)
				rows.names(names)
			}
		}
		return nil
	})
	for i, x := range c.report.Differences {
		if x.What == Missing {
			c.report.Differences[i].Key = names[x.Table+x.Key]
		}
	}
	return err
}

func (r *Rows) names(into map[string]string) {
	for _, t := range tables {
		s := &r.sheets[t.sheet]
		for i, h := range r.hashes(t) {
			into[fmt.Sprintf("%s%016x", t.Name, h.key)] = t.keyText(s.row(i))
		}
	}
}

// compareInboxes holds every inbox against the state: dense from 1, each entry
// at the seq that told it.
func (c *checker) compareInboxes(ctx context.Context) error {
	rows, err := c.db.native.Query(ctx, "SELECT organisation, n, seq FROM "+c.db.database(c.g)+".inbox FINAL ORDER BY organisation, n")
	if err != nil {
		return failure("read inboxes", err)
	}
	defer rows.Close()
	wrong := func(org events.OrgID, n, seq uint64) {
		c.report.add(Difference{Table: "inbox", Key: fmt.Sprintf("%s %d", org, n), Seq: seq, What: NotDense})
	}
	last := map[events.OrgID]uint64{} // as far as it is dense
	for rows.Next() {
		var org string
		var n, seq uint64
		if err := rows.Scan(&org, &n, &seq); err != nil {
			return fmt.Errorf("read inboxes: %w", err)
		}
		if seq >= c.want.next {
			continue
		}
		told, ok := c.cfg.Inboxes.InboxSeq(org, n)
		if n != last[org]+1 || !ok || told != seq {
			wrong(org, n, seq)
		}
		last[org] = n
	}
	if err := rows.Err(); err != nil {
		return failure("read inboxes", err)
	}
	for org := range c.want.inboxes {
		if c.cfg.Inboxes.InboxLen(org) > last[org] {
			seq, _ := c.cfg.Inboxes.InboxSeq(org, last[org]+1)
			wrong(org, last[org]+1, seq)
		}
	}
	return nil
}

// caughtUp waits for the tables to hold everything before next, as long as
// they move.
func (d *Database) caughtUp(ctx context.Context, g generation, next uint64) error {
	const patience = 10 * time.Second
	var at uint64
	moved := time.Now()
	for {
		known, err := d.positions(ctx, g)
		if err != nil {
			return err
		}
		p := common(known, TableNames()).Reader.Next
		if p >= next {
			return nil
		}
		if p != at {
			at, moved = p, time.Now()
		}
		if time.Since(moved) > patience {
			return &LaggingError{Seq: next - 1, Next: p, RetryAfter: retryAfter}
		}
		select {
		case <-ctx.Done():
			return &LaggingError{Seq: next - 1, Next: p, RetryAfter: retryAfter}
		case <-time.After(pollEvery):
		}
	}
}
