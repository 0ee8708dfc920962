package node

import (
	"context"
	"fmt"

	"golang.org/x/sync/semaphore"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// stateLock guards the state: many read, or one writes. Unlike that of a
// sync.RWMutex, a reader's wait ends with its context: a leader holds the lock
// for as long as Kafka takes to acknowledge. Who waits stands in one queue, so
// that a leader which decides batch after batch lets the readers in between.
type stateLock struct{ *semaphore.Weighted }

// everyone is the weight of a writer: more readers than there can be.
const everyone = 1 << 30

func newStateLock() stateLock { return stateLock{semaphore.NewWeighted(everyone)} }

// hold takes the state for writing: nobody reads it until letGo.
func (n *Node) hold() { _ = n.lock.Acquire(context.Background(), everyone) } // nothing ends this wait but the readers

// letGo shows the state to readers, and what it counts to the metrics. The
// state MUST hold accepted entries only.
func (n *Node) letGo() {
	due, _ := n.state.NextDue()
	n.figures.Store(&figures{next: n.state.Next(), counts: n.state.Counts(), due: due, secretariat: n.state.Secretariat()})
	n.lock.Release(everyone)
}

// figures are what is measured of the state. They are read without the lock:
// metrics are needed most while Kafka cannot acknowledge.
type figures struct {
	next   uint64
	counts registry.Counts
	due    int64 // when the next due work is to be done, Unix milliseconds; 0 = there is none

	secretariat events.OrgID // "" = the genesis entry is not folded
}

// Read calls f with the state under the read lock. f MUST NOT keep the state,
// block, or do I/O. What f sees is acknowledged: a decision is shown to nobody
// before the journal holds it. While it does not, Read waits; it returns ctx's
// error, without having called f, when ctx ends first.
func (n *Node) Read(ctx context.Context, f func(*registry.State)) error {
	if n.tryRead(f) {
		return nil
	}
	if err := n.lock.Acquire(ctx, 1); err != nil {
		return fmt.Errorf("read state: %w", err)
	}
	defer n.lock.Release(1)
	f(n.state)
	return nil
}

// tryRead is Read without a wait; it says whether f was called.
func (n *Node) tryRead(f func(*registry.State)) bool {
	if !n.lock.TryAcquire(1) {
		return false
	}
	defer n.lock.Release(1)
	f(n.state)
	return true
}
