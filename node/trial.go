package node

import (
	"context"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/registry"
)

// Try folds the journal, as far as this node has followed it, under another
// policy, in a State of its own: it takes as much memory as the live one, which
// it leaves alone. progress is called after every stretch that was read, and an
// error of it ends the trial.
func (n *Node) Try(ctx context.Context, policy []byte, progress func(folded, all uint64) error) (registry.TrialResult, error) {
	t, err := registry.NewTrial(policy)
	if err != nil {
		return registry.TrialResult{}, err
	}
	all, end := n.hub.reached()
	b := &consumers.Batch{}
	err = n.beside.Read(ctx, 0, end, func(items []consumers.Item) error {
		if err := b.Take(items); err != nil {
			return err
		}
		for i, e := range b.Entries {
			if err := t.Fold(e, b.Prepared[i]); err != nil {
				return err
			}
		}
		return progress(t.Entries(), all)
	})
	if err != nil {
		return registry.TrialResult{}, err
	}
	return t.Result()
}
