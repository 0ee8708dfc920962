package consumers

import (
	"cmp"
	"context"
	"fmt"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// HasLeader says whether some node is elected in a group, "" = armslog.leader.
// Like the election itself it is a hint.
func HasLeader(ctx context.Context, client *kafka.Client, group string) (bool, error) {
	group = cmp.Or(group, electionGroup)
	res, err := client.DescribeGroups(ctx, &kafka.DescribeGroupsRequest{GroupIDs: []string{group}})
	if err != nil {
		return false, fmt.Errorf("look for a leader: %w", err)
	}
	for _, g := range res.Groups {
		if g.Error != nil {
			return false, fmt.Errorf("look for a leader: %w", g.Error)
		}
		for _, m := range g.Members {
			for _, t := range m.MemberAssignments.Topics {
				if t.Topic == events.JournalTopic && len(t.Partitions) > 0 {
					return true, nil
				}
			}
		}
	}
	return false, nil
}
