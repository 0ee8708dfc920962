package node

import (
	"context"
	"log/slog"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

// Directory is who takes part, as the journal says.
type Directory struct {
	Mailboxes []events.OrgID // organisations that have one, as a leader opens them
	Entries   uint64         // of the journal; 0 = nobody has begun this registry
}

// ReadDirectory reads the journal to its end, by the reader rule. No node needs
// to run, and nothing but the directory is folded: it takes the time of reading
// and little memory.
func ReadDirectory(ctx context.Context, cluster producers.Cluster, log *slog.Logger) (Directory, error) {
	client := producers.Connect(cluster)
	defer producers.Disconnect(client)
	journal := consumers.NewJournal(client, consumers.JournalConfig{Log: log})
	end, err := journal.End(ctx)
	if err != nil {
		return Directory{}, err
	}
	state, b := registry.New(), &consumers.Batch{}
	err = journal.Read(ctx, 0, end, func(items []consumers.Item) error {
		if err := b.Take(items); err != nil {
			return err
		}
		for _, e := range b.Entries {
			if e.Verdict == events.Accepted && ofDirectory(e.Envelope.Type) {
				state.Evolve(e, nil)
			}
		}
		return nil
	})
	return Directory{Mailboxes: state.Mailboxes(), Entries: b.Position.Reader.Next}, err
}

// ofDirectory says whether requests of a type can change who has a mailbox.
func ofDirectory(t events.Type) bool {
	switch t {
	case events.TypeGenesis, events.TypeOrganisationSubmitted, events.TypeAgreementGranted, events.TypeAgreementRevoked, events.TypeAgreementEnded:
		return true
	}
	return false
}
