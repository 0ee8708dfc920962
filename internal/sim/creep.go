package sim

import (
	"sync/atomic"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Creep lets the broker hand out one batch a fetch, and nothing from the offset
// on that is returned, which is 0 at first.
func (c *Cluster) Creep() (until *atomic.Int64) {
	until = new(atomic.Int64)
	c.Cluster().ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.Cluster().KeepControl()
		req := r.(*kmsg.FetchRequest)
		req.MaxBytes = 1
		for i := range req.Topics {
			for j := range req.Topics[i].Partitions {
				req.Topics[i].Partitions[j].PartitionMaxBytes = 1
			}
		}
		return nil, nil, false
	})
	c.Cluster().Fault(kfake.Fault{
		Keys: []kmsg.Key{kmsg.Fetch}, Err: kerr.NotLeaderForPartition, Count: -1,
		When: func(r kmsg.Request) bool {
			for _, t := range r.(*kmsg.FetchRequest).Topics {
				for _, p := range t.Partitions {
					if p.FetchOffset >= until.Load() {
						return true
					}
				}
			}
			return false
		},
	})
	return until
}
