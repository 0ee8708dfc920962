package failover

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
)

// Findings are what a run came to, read from the journal as any reader does.
type Findings struct {
	Acknowledged int `json:"acknowledged"` // requests that a caller was told of
	Failed       int `json:"failed"`       // requests of which a caller was not
	Lost         int `json:"lost"`         // acknowledged, and not in the journal under the seq that was told
	Doubled      int `json:"doubled"`      // decided more than once
	Fences       int `json:"fences"`       // leaders that there have been
	Ignored      int `json:"ignored"`      // entries of leaders that had been replaced
}

// Err is nil where nothing was lost or doubled.
func (f Findings) Err() error {
	if f.Lost > 0 || f.Doubled > 0 {
		return fmt.Errorf("%d requests are lost and %d decided twice, of %d", f.Lost, f.Doubled, f.Acknowledged)
	}
	return nil
}

// check reads the whole journal and holds it against what callers were told.
func (c *Cluster) check(ctx context.Context, loads ...*load) (f Findings, err error) {
	client := producers.Connect(producers.Cluster{Brokers: c.addrs})
	defer producers.Disconnect(client)
	j := consumers.NewJournal(client, consumers.JournalConfig{Log: slog.New(slog.DiscardHandler)})
	end, err := j.End(ctx)
	if err != nil {
		return f, err
	}
	decided := map[string][]uint64{}
	b := &consumers.Batch{}
	err = j.Read(ctx, 0, end, func(items []consumers.Item) error {
		entries := 0
		for _, it := range items {
			if it.Entry != nil {
				entries++
			} else {
				f.Fences++
			}
		}
		if err := b.Take(items); err != nil {
			return err
		}
		f.Ignored += entries - len(b.Entries)
		for _, e := range b.Entries {
			if id, ok := registered(e); ok {
				decided[id] = append(decided[id], e.Seq)
			}
		}
		return nil
	})
	if err != nil {
		return f, err
	}
	for _, seqs := range decided {
		f.Doubled += len(seqs) - 1
	}
	for _, l := range loads {
		f.Acknowledged += len(l.told)
		f.Failed += len(l.failed)
		for id, seq := range l.told {
			if len(decided[id]) == 0 || decided[id][0] != seq {
				f.Lost++
			}
		}
	}
	if b.Position.Reader.Next == 0 {
		return f, errors.New("the journal is empty")
	}
	return f, nil
}

// registered is the source id of a record that an entry registered or amended.
func registered(e *events.Entry) (id string, ok bool) {
	if e.Verdict != events.Accepted || e.Envelope.Type != events.TypeRecordSubmitted {
		return "", false
	}
	var body struct{ Source events.Source }
	if json.Unmarshal(e.Value, &body) != nil {
		return "", false
	}
	return body.Source.ID, true
}
