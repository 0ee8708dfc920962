package events

import (
	"crypto/sha256"
	"encoding/binary"
)

// Leaf is the entry's leaf in the Merkle tree over the journal:
// SHA-256(0x00 | canonical headers | commit), the 0x00 as in RFC 6962 section
// 2.1, commit = SHA-256(salt | value). Owner and salt are not covered: a leaf
// must not depend on who led, and must survive the erasure of value and salt.
// The form is fixed for ever; a golden test holds it.
func (e *Entry) Leaf() [32]byte {
	buf := append(make([]byte, 0, 1024), 0)
	for _, h := range e.appendCanonical(make([]Header, 0, 24)) {
		buf = appendSized(appendSized(buf, []byte(h.Key)), h.Value)
	}
	commit := e.commit()
	return sha256.Sum256(append(buf, commit[:]...))
}

func (e *Entry) commit() [32]byte {
	if e.Commit != nil {
		return *e.Commit
	}
	h := sha256.New()
	h.Write(e.Salt[:])
	h.Write(e.Value)
	return [32]byte(h.Sum(nil))
}

// Erase drops value and salt and keeps their commitment: the leaf stays.
func (e *Entry) Erase() {
	c := e.commit()
	e.Commit, e.Value, e.Salt = &c, nil, [16]byte{}
}

func appendSized(dst, b []byte) []byte {
	return append(binary.BigEndian.AppendUint32(dst, uint32(len(b))), b...)
}
