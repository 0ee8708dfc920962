package node

import (
	"context"
	"sync"
	"time"
)

// reign is this node's time as the leader: from its fence until it stops, or
// finds out that it was replaced.
type reign struct {
	mu      sync.Mutex
	nonce   string        // of the last fence, also when it is over
	ended   chan struct{} // nil while this node does not lead
	changed chan struct{} // closed when a reign begins or ends
}

func newReign() reign { return reign{changed: make(chan struct{})} }

func (r *reign) begin(nonce string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.nonce, r.ended = nonce, make(chan struct{})
	r.tell()
}

func (r *reign) end() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.ended != nil {
		close(r.ended)
		r.ended = nil
		r.tell()
	}
}

func (r *reign) tell() {
	close(r.changed)
	r.changed = make(chan struct{})
}

func (r *reign) now() (leads bool, changed <-chan struct{}) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.ended != nil, r.changed
}

// last is the nonce of this node's last fence, "" if there was none.
func (r *reign) last() string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.nonce
}

// overWithin bounds how long a leader that retires keeps its place in the
// election for the sake of the batch that it is appending.
const overWithin = time.Second

// over waits until this node does not lead.
func (r *reign) over(ctx context.Context) {
	r.mu.Lock()
	ended := r.ended
	r.mu.Unlock()
	if ended == nil {
		return
	}
	select {
	case <-ended:
	case <-time.After(overWithin):
	case <-ctx.Done():
	}
}

// Leads says whether this node leads: it has claimed the journal and has not
// seen that another did since. It may be wrong for as long as the journal was
// not read, and nothing follows from it but what people see.
func (n *Node) Leads() bool {
	leads, _ := n.reign.now()
	return leads
}

// elected says that this node is to lead: a hint.
func (n *Node) elected() bool {
	elected, _ := n.election.now()
	return elected
}
