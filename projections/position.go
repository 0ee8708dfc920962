package projections

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/armslog/armslog/events"
)

// Position is a place in the journal from which a reader can go on.
type Position struct {
	Offset int64         // of the next item
	Reader events.Reader // as it stands before that item
}

// ErrOtherJournal is returned when the tables were made from another journal.
var ErrOtherJournal = errors.New("the tables were made from another journal")

// ErrHistoryWentBack is returned when the tables know more than the journal
// holds: the journal was restored from an older copy, and what was told in
// between would be contradicted.
var ErrHistoryWentBack = errors.New("the journal ends before what the tables already hold")

// position finds where to go on so that none of the tables misses an entry: of
// each table the furthest position of a worker that wrote it, of those the
// nearest.
func (d *Database) position(ctx context.Context, g generation, tables []string, id events.UUID, src Source) (Position, error) {
	known, err := d.positions(ctx, g)
	if err != nil {
		return Position{}, err
	}
	for _, k := range known {
		if k.journal != id {
			return Position{}, fmt.Errorf("%w: %v, not %v", ErrOtherJournal, k.journal, id)
		}
	}
	p := common(known, tables)
	end, err := src.End(ctx)
	if err != nil {
		return Position{}, fmt.Errorf("read journal end: %w", err)
	}
	if p.Offset > end {
		return Position{}, fmt.Errorf("%w: offset %d of %d", ErrHistoryWentBack, p.Offset, end)
	}
	return p, nil
}

type workerPosition struct {
	Position
	tables  []string
	journal events.UUID
}

func (d *Database) positions(ctx context.Context, g generation) ([]workerPosition, error) {
	rows, err := d.native.Query(ctx, "SELECT tables, offset, journal, reader FROM "+d.database(g)+".positions FINAL")
	if err != nil {
		return nil, fmt.Errorf("read positions: %w", err)
	}
	defer rows.Close()
	var all []workerPosition
	for rows.Next() {
		var w workerPosition
		var journal uuid.UUID
		var reader string
		if err := rows.Scan(&w.tables, &w.Offset, &journal, &reader); err != nil {
			return nil, fmt.Errorf("read positions: %w", err)
		}
		if err := json.Unmarshal([]byte(reader), &w.Reader); err != nil {
			return nil, fmt.Errorf("read positions: %w", err)
		}
		w.journal = events.UUID(journal)
		all = append(all, w)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read positions: %w", err)
	}
	return all, nil
}

func common(known []workerPosition, names []string) Position {
	var nearest Position
	for i, t := range names {
		var furthest Position
		for _, k := range known {
			if k.Reader.Next > furthest.Reader.Next && slices.Contains(k.tables, t) {
				furthest = k.Position
			}
		}
		if i == 0 || furthest.Reader.Next < nearest.Reader.Next {
			nearest = furthest
		}
	}
	return nearest
}

// workerName is the same for the same tables, so that a worker that starts
// again finds its own position, and workers never overwrite one another's.
func workerName(names []string) string {
	if len(names) == len(tables) {
		return "all"
	}
	return strings.Join(names, "+")
}

// advance is the last act of a batch: whatever the position covers is stored.
func (d *Database) advance(ctx context.Context, g generation, tables []string, journal events.UUID, b Batch) error {
	reader, err := json.Marshal(b.Reader)
	if err != nil {
		return fmt.Errorf("encode reader: %w", err)
	}
	var s sheet
	s.str(workerName(tables))
	s.u64(b.Reader.Next)
	s.list(tables)
	s.i64(b.Offset)
	s.i64(b.End)
	s.i64(b.At())
	s.uuid(journal)
	s.str(string(reader))
	s.i64(time.Now().UnixMilli())
	s.end(b.Reader.Next)
	return d.insert(ctx, "INSERT INTO "+d.database(g)+
		".positions (worker, next, tables, offset, journal_end, at, journal, reader, written_at)", s.data)
}
