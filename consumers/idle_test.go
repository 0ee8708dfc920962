package consumers_test

import (
	"fmt"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/producers"
)

// Two hundred mailboxes in which nothing happens cost one fetch at a time, that
// asks for all of them and that the broker holds for half a second.
func TestIdleMailboxesShareOneFetch(t *testing.T) {
	const mailboxes, whole = 200, 4
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	var topics []producers.Topic
	for i := range mailboxes {
		topics = append(topics, producers.MailboxTopic(fmt.Sprintf("NCB-%03d", i)))
	}
	c.Create(topics...)
	m := reading(t, c.Client, consumers.MailboxesConfig{})
	for i := range mailboxes {
		m.Open(fmt.Sprintf("NCB-%03d", i), 0)
	}
	var mu sync.Mutex
	alike := 0 // fetches, one after another, that are as they should be
	c.Cluster().ControlKey(int16(kmsg.Fetch), func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.Cluster().KeepControl()
		mu.Lock()
		defer mu.Unlock()
		req := r.(*kmsg.FetchRequest)
		if alike++; len(req.Topics) != mailboxes || req.MaxWaitMillis != 500 || req.MinBytes < 1 {
			alike = 0 // those of before all were open, which may come late
		}
		return nil, nil, false
	})
	require.Eventually(t, func() bool {
		mu.Lock()
		defer mu.Unlock()
		return alike >= whole
	}, waitLimit, tick, "one fetch asks for all of them, and is held until there is something")
}
