package bench

import (
	"maps"
	"sync"

	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Asked counts what an embedded broker is asked, by kind.
type Asked struct {
	mu sync.Mutex
	n  map[string]int
}

// CountAsked counts from now on.
func CountAsked(c *kfake.Cluster) *Asked {
	a := &Asked{n: map[string]int{}}
	c.Control(func(r kmsg.Request) (kmsg.Response, error, bool) {
		c.KeepControl()
		a.mu.Lock()
		defer a.mu.Unlock()
		a.n[kmsg.NameForKey(r.Key())]++
		return nil, nil, false
	})
	return a
}

func (a *Asked) now() map[string]int {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.n)
}
