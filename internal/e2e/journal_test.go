package e2e

import (
	"testing"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// audited is the journal as somebody reads it who was not there.
type audited struct {
	entries []*events.Entry
	state   *registry.State
	end     int64 // offset
}

// audit reads the journal from its start by the reader rule, and holds that no
// request was decided twice.
func audit(t testing.TB, client *kafka.Client) audited {
	t.Helper()
	a := audited{state: registry.New()}
	j := consumers.NewJournal(client, consumers.JournalConfig{Prepare: true, Log: quiet()})
	eventually(t, "the journal's end is known", func() (known bool) { // a broker may have been restarted
		var err error
		a.end, err = j.End(within(t))
		return err == nil
	})
	b := &consumers.Batch{}
	require.NoError(t, j.Read(within(t), 0, a.end, func(items []consumers.Item) error {
		if err := b.Take(items); err != nil {
			return err
		}
		for i, e := range b.Entries {
			a.state.Evolve(e, b.Prepared[i])
			a.entries = append(a.entries, e)
		}
		return nil
	}))
	decided := map[string]uint64{}
	for _, e := range a.accepted() {
		if e.Src != events.SourceRegistry {
			key := e.Src + " " + e.Envelope.ID.String()
			first, twice := decided[key] // not require.NotContains, which walks the map
			require.False(t, twice, "decided at %d and at %d", first, e.Seq)
			decided[key] = e.Seq
		}
	}
	return a
}

// accepted are the entries that changed something, of some types or of all.
func (a audited) accepted(types ...events.Type) (list []*events.Entry) {
	for _, e := range a.entries {
		if e.Verdict != events.Accepted {
			continue
		}
		for _, want := range types {
			if e.Envelope.Type == want {
				list = append(list, e)
			}
		}
		if len(types) == 0 {
			list = append(list, e)
		}
	}
	return list
}
