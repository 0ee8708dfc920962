package projections

import (
	"encoding/binary"
	"math/bits"
)

// sipHash is SipHash-2-4 (Aumasson, Bernstein 2012): whoever lacks the key can
// neither compute it nor try numbers until one fits.
func sipHash(key [16]byte, msg []byte) uint64 {
	k0, k1 := binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])
	h := sip{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573}
	last := uint64(len(msg)) << 56
	for ; len(msg) >= 8; msg = msg[8:] {
		h.block(binary.LittleEndian.Uint64(msg))
	}
	for i, c := range msg {
		last |= uint64(c) << (8 * i)
	}
	h.block(last)
	h.c ^= 0xff
	for range 4 {
		h.round()
	}
	return h.a ^ h.b ^ h.c ^ h.d
}

type sip struct{ a, b, c, d uint64 }

func (h *sip) block(m uint64) {
	h.d ^= m
	h.round()
	h.round()
	h.a ^= m
}

func (h *sip) round() {
	h.a += h.b
	h.b = bits.RotateLeft64(h.b, 13) ^ h.a
	h.a = bits.RotateLeft64(h.a, 32)
	h.c += h.d
	h.d = bits.RotateLeft64(h.d, 16) ^ h.c
	h.a += h.d
	h.d = bits.RotateLeft64(h.d, 21) ^ h.a
	h.c += h.b
	h.b = bits.RotateLeft64(h.b, 17) ^ h.c
	h.c = bits.RotateLeft64(h.c, 32)
}
