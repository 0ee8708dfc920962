package matching

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

// AppendKey appends the index key of a full mark's normal form to dst: leading
// zeros dropped (0 and O; Q and D are folded only after that, so that "D12"
// stays apart from "12"), look-alikes folded. The key of a form that is not
// empty is not empty: of nothing but zeros, one stays.
func AppendKey(dst, form []byte) []byte {
	return appendFolded(dst, dropZeros(form))
}

func appendFolded(dst, form []byte) []byte {
	for i := 0; i < len(form); {
		if c := form[i]; c < utf8.RuneSelf {
			dst = append(dst, folded[c])
			i++
			continue
		}
		r, size := utf8.DecodeRune(form[i:])
		dst = utf8.AppendRune(dst, foldRune(r))
		i += size
	}
	return dst
}

// dropZeros cuts the leading zeros off a form, all but one when it holds
// nothing else.
func dropZeros(form []byte) []byte {
	n := leadingZeros(form)
	if n == len(form) && n > 0 {
		n--
	}
	return form[n:]
}

// leadingZeros counts the zeros a form begins with, typed as 0 or as O.
func leadingZeros(form []byte) (n int) {
	for n < len(form) && (form[n] == '0' || form[n] == 'O') {
		n++
	}
	return n
}

// HashKey hashes an index key to 64 bits, the same in every process and
// version: eight bytes a round, multiplied and folded.
func HashKey(key []byte) uint64 {
	const a, b = 0x9e3779b97f4a7c15, 0xd6e8feb86659fd93 // odd, half their bits set
	h := a ^ uint64(len(key))*b
	for len(key) >= 8 {
		h = mix(h^binary.LittleEndian.Uint64(key), b)
		key = key[8:]
	}
	if len(key) > 0 {
		h = mix(h^tail(key), b)
	}
	return mix(h, a)
}

// tail reads the last one to seven bytes of a key, each length and content to a
// number of its own (the length is in the hash already).
func tail(key []byte) uint64 {
	var v uint64
	for i, c := range key {
		v |= uint64(c) << (8 * i)
	}
	return v
}

func mix(x, y uint64) uint64 {
	hi, lo := bits.Mul64(x, y)
	return hi ^ lo
}
