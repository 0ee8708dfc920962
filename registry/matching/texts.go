package matching

import (
	"encoding/binary"
	"unsafe"
)

const (
	chunkBits  = 20
	chunkSize  = 1 << chunkBits
	minGarbage = 1 << 16 // bytes; less is not worth a compaction
)

// texts keeps the raw texts of marks in chunks of a megabyte. A text never
// crosses chunks, and no byte is changed once written, so that strings may
// point into them: a compaction copies, and leaves the old chunks to the
// garbage collector.
type texts struct {
	chunks  [][]byte
	at      column[uint32] // chunk number and place in it
	used    int            // bytes of all texts, garbage too
	garbage int
}

func (t *texts) put(id uint32, m Mark) {
	n := textSize(m)
	if len(t.chunks) == 0 || len(t.chunks[len(t.chunks)-1])+n > chunkSize {
		t.chunks = append(t.chunks, nil)
	}
	last := len(t.chunks) - 1
	t.chunks[last] = reserve(t.chunks[last], n)
	t.at.set(id, uint32(last<<chunkBits|len(t.chunks[last])))
	t.chunks[last] = appendText(t.chunks[last], m)
	t.used += n
}

// drop counts the text as garbage; compact decides what to do about it.
func (t *texts) drop(m Mark) { t.garbage += textSize(m) }

// get returns series and text of a mark.
func (t *texts) get(id uint32) (series, text string) {
	at := t.at.get(id)
	b := t.chunks[at>>chunkBits][at%chunkSize:]
	head, n := binary.Uvarint(b)
	b = b[n:]
	if head&1 == 1 {
		size, n := binary.Uvarint(b)
		b = b[n:]
		series = view(b[:size])
		b = b[size:]
	}
	return series, view(b[:head>>1])
}

// compact copies what is live, in the order of the ids, once more than half of
// all bytes is garbage.
func (t *texts) compact(live *idSet) {
	if t.garbage < minGarbage || t.garbage*2 <= t.used {
		return
	}
	old := *t
	t.chunks, t.used, t.garbage = nil, 0, 0
	live.each(func(id uint32) {
		series, text := old.get(id)
		t.put(id, Mark{Series: series, Text: text})
	})
}

// reserve makes room for n bytes: twice as much as before, but no more than a
// chunk has, and append would not stop there.
func reserve(chunk []byte, n int) []byte {
	need := len(chunk) + n
	if need <= cap(chunk) {
		return chunk
	}
	room := max(need, min(chunkSize, max(4096, 2*cap(chunk))))
	return append(make([]byte, 0, room), chunk...)
}

// A text is the length of the text, doubled, plus one if there is a series; its
// length and itself; the text.
func appendText(b []byte, m Mark) []byte {
	head := uint64(len(m.Text)) << 1
	if m.Series == "" {
		return append(binary.AppendUvarint(b, head), m.Text...)
	}
	b = binary.AppendUvarint(binary.AppendUvarint(b, head|1), uint64(len(m.Series)))
	return append(append(b, m.Series...), m.Text...)
}

func textSize(m Mark) int {
	n := uvarintSize(uint64(len(m.Text))<<1) + len(m.Text)
	if m.Series != "" {
		n += uvarintSize(uint64(len(m.Series))) + len(m.Series)
	}
	return n
}

func uvarintSize(v uint64) (n int) {
	for n = 1; v >= 0x80; n++ {
		v >>= 7
	}
	return n
}

// view makes a string of bytes that nobody will change.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
