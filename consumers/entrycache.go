package consumers

import (
	"sync"

	"github.com/armslog/armslog/events"
)

// entryCache keeps the entries read last, in two generations: when the young
// one is full, it becomes the old one, and the old one is forgotten.
type entryCache struct {
	half int // bytes of one generation

	mu         sync.Mutex
	young, old map[uint64]*events.Entry
	bytes      int // of the young
}

func newEntryCache(bytes int) *entryCache {
	return &entryCache{half: bytes / 2, young: map[uint64]*events.Entry{}}
}

func (c *entryCache) get(seq uint64) *events.Entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.young[seq]; e != nil {
		return e
	}
	e := c.old[seq]
	if e != nil {
		c.add(e)
	}
	return e
}

func (c *entryCache) put(e *events.Entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.young[e.Seq] == nil {
		c.add(e)
	}
}

func (c *entryCache) add(e *events.Entry) {
	c.young[e.Seq] = e
	c.bytes += SizeOf(e)
	if c.bytes > c.half {
		c.young, c.old, c.bytes = map[uint64]*events.Entry{}, c.young, 0
	}
}

// SizeOf is about what an entry takes in memory, in bytes.
func SizeOf(e *events.Entry) int {
	n := 512 + len(e.Value) + 256*len(e.Effects) + 64*(len(e.Errors)+len(e.Warnings))
	for _, h := range e.Envelope.Headers {
		n += 48 + len(h.Key) + len(h.Value)
	}
	if e.Body != nil {
		n += 512 + len(e.Value)
	}
	return n
}
