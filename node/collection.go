package node

import (
	"context"
	"slices"
	"sort"

	"github.com/armslog/armslog/events"
)

// collection gathers the entries that cover the offsets [at, to) of a mailbox,
// from the moment on at which it is known that they are to come. One goroutine
// takes them out.
type collection struct {
	at, to  int64
	entries []*events.Entry
	came    chan struct{} // one token when there may be more

	admitted admitted // counted out when all of them are decided
}

func (c *collection) add(e *events.Entry) {
	if e.Off+e.Span <= c.at || e.Off >= c.to {
		return
	}
	c.entries = append(c.entries, e)
	select {
	case c.came <- struct{}{}:
	default:
	}
}

// collect gathers the entries that cover n offsets of a mailbox. It returns
// errMissed when the first of them is no longer recent. What was admitted of
// them is counted out when nobody waits for them here any more.
func (h *hub) collect(org events.OrgID, from int64, n int, a admitted) (*collection, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.box(org)
	c := &collection{at: from, to: from + int64(n), came: make(chan struct{}, 1), admitted: a}
	err := c.addRecent(b)
	if err == nil && b.decided < c.to {
		b.waiting = append(b.waiting, c)
		return c, nil
	}
	h.release(b, a)
	return c, err
}

// addRecent takes in what is decided already.
func (c *collection) addRecent(b *box) error {
	if c.at >= b.decided {
		return nil
	}
	i := b.find(c.at)
	if i == len(b.recent) || b.recent[i].Off > c.at {
		return errMissed
	}
	for ; i < len(b.recent); i++ {
		c.add(b.recent[i])
	}
	return nil
}

// take is the entry that decides what lies at the collection's next offset. It
// returns errPassedOver when that was lost, for good.
func (h *hub) take(ctx context.Context, c *collection) (*events.Entry, error) {
	for {
		h.mu.Lock()
		for len(c.entries) > 0 && c.entries[0].Off+c.entries[0].Span <= c.at {
			c.entries[0], c.entries = nil, c.entries[1:]
		}
		if len(c.entries) > 0 {
			defer h.mu.Unlock()
			if !c.entries[0].Decides(c.at) {
				return nil, errPassedOver
			}
			c.at++
			return c.entries[0], nil
		}
		h.mu.Unlock()
		select {
		case <-c.came:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// wait returns the entry that decides what lies at an offset of a mailbox, as
// soon as it is accepted. It returns errMissed for one that is no longer recent,
// and errPassedOver where the mailbox has lost what was there.
func (h *hub) wait(ctx context.Context, org events.OrgID, offset int64) (*events.Entry, error) {
	c, err := h.collect(org, offset, 1, admitted{})
	if err != nil {
		return nil, err
	}
	e, err := h.take(ctx, c)
	if err != nil {
		h.leave(org, c)
	}
	return e, err
}

func (h *hub) leave(org events.OrgID, c *collection) {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := h.box(org)
	if i := slices.Index(b.waiting, c); i >= 0 {
		b.waiting = slices.Delete(b.waiting, i, i+1)
	}
}

// find is the index of the first recent entry that ends after offset; the
// recent entries of a mailbox are in its order.
func (b *box) find(offset int64) int {
	return sort.Search(len(b.recent), func(i int) bool { return b.recent[i].Off+b.recent[i].Span > offset })
}
