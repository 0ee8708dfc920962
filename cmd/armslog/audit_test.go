package main

import (
	"context"
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
)

func (j *journal) Accesses(_ context.Context, org events.OrgID, q gateway.AccessQuery) (page gateway.Page[gateway.AccessRow], err error) {
	for _, e := range slices.Backward(j.accepted(events.TypeAccessMade)) {
		x := e.Effects[0].(events.AccessEffect)
		body, _ := events.Read(e.Envelope.Type, e.Value)
		b := body.(*events.AccessMade)
		if (q.Scope == gateway.AccessesOfEach || slices.Contains(x.Parties, org)) && strings.HasPrefix(x.ID.String(), q.ID) && q.Mark == "" {
			page.Items = append(page.Items, gateway.AccessRow{
				Seq: e.Seq, At: "2026-11-23T12:04:30.000Z", Organisation: b.Organisation, Actor: b.Actor, What: b.What, ID: b.ID, Shown: b.Seq, Purpose: b.Purpose,
			})
		}
	}
	return page, nil
}

// LogAccess is the gateway's own mailbox.
func (j *journal) LogAccess(ctx context.Context, m events.Message) error {
	p, err := j.Submit(ctx, events.SourceGateway, []events.Message{m})
	if err == nil {
		_, err = p.Next(ctx)
	}
	return err
}
