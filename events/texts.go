package events

import "strings"

// texts makes strings of bytes, many in one allocation: a journal of millions
// of entries has ten short texts in each. What it returns keeps a whole chunk
// in memory, so what is kept for long is cloned by who keeps it. A nil texts
// gives every string memory of its own.
//
// Chunks begin small, so that who reads one entry does not pay for many.
type texts struct {
	chunk strings.Builder
	size  int // of the chunk
}

const (
	firstChunk = 512
	lastChunk  = 16 << 10
	longText   = lastChunk / 8 // and longer ones have memory of their own
)

func (t *texts) of(b []byte) string {
	if t == nil || len(b) > longText {
		return string(b)
	}
	if t.chunk.Cap()-t.chunk.Len() < len(b) {
		t.size = min(max(2*t.size, firstChunk), lastChunk)
		t.chunk = strings.Builder{}
		t.chunk.Grow(max(t.size, len(b)))
	}
	at := t.chunk.Len()
	t.chunk.Write(b)
	return t.chunk.String()[at:]
}
