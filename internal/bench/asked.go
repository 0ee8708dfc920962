package bench

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"time"

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

// few is how many requests in a second are none of the enrolment's.
const few = 20

// restLimit is how long a node may take until it asks its broker little.
const restLimit = time.Minute

// untilFew waits until little has been asked for a second. Without a count there
// is nothing to wait for.
func (a *Asked) untilFew(ctx context.Context) error {
	if a == nil {
		return nil
	}
	for began := time.Now(); ; {
		before := a.total()
		if err := rest(ctx, time.Second); err != nil {
			return err
		}
		n := a.total() - before
		if n <= few {
			return nil
		}
		if time.Since(began) > restLimit {
			return fmt.Errorf("the node does not come to rest: it asks its broker %d times a second", n)
		}
	}
}

func (a *Asked) total() (n int) {
	for _, of := range a.now() {
		n += of
	}
	return n
}

func (a *Asked) now() map[string]int {
	if a == nil {
		return nil
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	return maps.Clone(a.n)
}
