package consumers

import (
	"encoding/binary"
	"hash/crc32"
)

// wire reads the primitives of the Kafka protocol. Whatever is read beyond the
// end is zero, and failed says so.
type wire struct {
	b      []byte
	failed bool
}

func (w *wire) take(n int) []byte {
	if n < 0 || n > len(w.b) {
		w.failed, w.b = true, nil
		return nil
	}
	b := w.b[:n:n]
	w.b = w.b[n:]
	return b
}

func (w *wire) skip(n int) { w.take(n) }

func (w *wire) int16() int16 {
	b := w.take(2)
	if b == nil {
		return 0
	}
	return int16(binary.BigEndian.Uint16(b))
}

func (w *wire) int32() int32 {
	b := w.take(4)
	if b == nil {
		return 0
	}
	return int32(binary.BigEndian.Uint32(b))
}

func (w *wire) int64() int64 {
	b := w.take(8)
	if b == nil {
		return 0
	}
	return int64(binary.BigEndian.Uint64(b))
}

func (w *wire) varint() int64 {
	if len(w.b) > 0 && w.b[0] < 0x80 { // as most are: a text that is short, or the next offset
		v := w.b[0]
		w.b = w.b[1:]
		return int64(v>>1) ^ -int64(v&1)
	}
	v, n := binary.Varint(w.b)
	if n <= 0 {
		w.failed, w.b = true, nil
		return 0
	}
	w.b = w.b[n:]
	return v
}

// bytes is a length and that many bytes; -1 is nil.
func (w *wire) bytes() []byte {
	n := w.varint()
	if n < 0 {
		return nil
	}
	return w.take(int(n))
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }
