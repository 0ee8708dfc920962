package matching

import "math/bits"

// idSet hands out the lowest number that is free. So the next number depends on
// which are taken and on nothing that was before: two states with the same
// marks go on alike.
//
// In level 0 a bit is set for each number taken, in every level above for each
// full word of the level below; the top level is one word.
type idSet struct {
	levels [][]uint64
	n      int
}

const fullWord = ^uint64(0)

func (s *idSet) take() uint32 {
	if len(s.levels) == 0 {
		s.levels = [][]uint64{{0}}
	}
	if top := s.levels[len(s.levels)-1]; top[0] == fullWord {
		s.levels = append(s.levels, []uint64{1})
	}
	at := 0
	for k := len(s.levels) - 1; k >= 0; k-- {
		if at == len(s.levels[k]) {
			s.levels[k] = append(s.levels[k], 0)
		}
		at = at<<6 | bits.TrailingZeros64(^s.levels[k][at])
	}
	s.mark(at)
	s.n++
	return uint32(at)
}

func (s *idSet) mark(at int) {
	for _, level := range s.levels {
		word := &level[at>>6]
		if *word |= 1 << (at & 63); *word != fullWord {
			return
		}
		at >>= 6
	}
}

func (s *idSet) release(id uint32) {
	s.n--
	at := int(id)
	for _, level := range s.levels {
		word := &level[at>>6]
		full := *word == fullWord
		if *word &^= 1 << (at & 63); !full {
			return
		}
		at >>= 6
	}
}

func (s *idSet) has(id uint32) bool {
	return len(s.levels) > 0 && int(id>>6) < len(s.levels[0]) && s.levels[0][id>>6]>>(id&63)&1 == 1
}

// each visits the numbers taken in ascending order.
func (s *idSet) each(visit func(uint32)) {
	if len(s.levels) == 0 {
		return
	}
	for i, word := range s.levels[0] {
		for ; word != 0; word &= word - 1 {
			visit(uint32(i<<6 | bits.TrailingZeros64(word)))
		}
	}
}
