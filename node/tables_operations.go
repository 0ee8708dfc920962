package node

import (
	"context"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
)

func (t tables) OperationReport(ctx context.Context, org events.OrgID, operation string, minSeq uint64) (page gateway.Page[gateway.OperationCount], err error) {
	if err := t.known(ctx, minSeq); err != nil {
		return page, err
	}
	counts, err := t.q.OperationReport(ctx, org, operation)
	for _, c := range counts {
		page.Items = append(page.Items, gateway.OperationCount(c))
	}
	return page, tablesError(err)
}
