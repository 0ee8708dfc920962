package demo

import (
	"context"
	"fmt"
	"strconv"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/node"
)

// Load asks a node for the sample world, as its organisations would. Sent twice
// it is the same requests: nothing is registered twice.
func Load(ctx context.Context, n *node.Node) error {
	if err := submit(ctx, n, "directory", Directory()); err != nil {
		return err
	}
	return submit(ctx, n, "records", Records())
}

// submit sends each organisation's requests in their order and waits for every
// decision. A sample that is refused is a mistake of ours and an error.
func submit(ctx context.Context, n *node.Node, name string, requests []Request) error {
	byOrg := map[events.OrgID][]events.Message{}
	var order []events.OrgID
	for i, r := range requests {
		if byOrg[r.Org] == nil {
			order = append(order, r.Org)
		}
		id := events.RequestIDFrom(r.Org, "sample:"+name+":"+strconv.Itoa(i))
		env := events.NewEnvelope(id, r.Type, events.Header{Key: events.HeaderNoReply, Value: []byte("1")})
		byOrg[r.Org] = append(byOrg[r.Org], events.Message{Headers: env.Headers, Value: r.Body})
	}
	for _, org := range order {
		p, err := n.Submit(ctx, org, byOrg[org])
		if err != nil {
			return fmt.Errorf("submit samples: %w", err)
		}
		for range byOrg[org] {
			e, err := p.Next(ctx)
			if err != nil {
				return fmt.Errorf("submit samples: %w", err)
			}
			if e.Verdict != events.Accepted && e.Verdict != events.Unchanged && e.Verdict != events.Duplicate {
				return fmt.Errorf("submit samples: %s of %s was %s: %v", e.Envelope.Type, org, e.Verdict, e.Errors)
			}
		}
	}
	return nil
}
