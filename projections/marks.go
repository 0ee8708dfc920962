package projections

import (
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// markIDs turns marks into ids that count and join as well as the numbers
// themselves, and cannot be turned back without the deployment's key.
type markIDs struct {
	key       [16]byte
	form, buf []byte
}

// id is the keyed hash of a mark's index key; 0 = it has none (a mark without
// text, or a partial one).
func (m *markIDs) id(mark *events.Mark) uint64 {
	if mark.Text == "" || mark.Status == "partial" {
		return 0
	}
	m.form = matching.AppendForm(m.form[:0], mark.Series, false)
	m.form = matching.AppendForm(m.form, mark.Text, false)
	if len(m.form) == 0 {
		return 0
	}
	m.buf = matching.AppendKey(m.buf[:0], m.form)
	return sipHash(m.key, m.buf)
}

// milliBits is the mark's strength in thousandths of a bit.
func (m *markIDs) milliBits(mark *events.Mark) uint32 {
	if mark.Text == "" {
		return 0
	}
	s := matching.Measure(matching.Mark{Text: mark.Text, Series: mark.Series, Partial: mark.Status == "partial"})
	return uint32(s.MilliBits)
}

// principal is the mark that stands for a weapon where there is room for one:
// the first number that can be read whole, else the first that can be read in
// part, else the first serial mark, whose status says why there is none.
func principal(marks []events.Mark) *events.Mark {
	best, rank := &events.Mark{}, 0
	for i := range marks {
		if r := rankOf(&marks[i]); r > rank {
			best, rank = &marks[i], r
		}
	}
	return best
}

func rankOf(m *events.Mark) int {
	number := m.Kind == "serial" || m.Kind == "owner_applied"
	switch {
	case number && m.Text != "" && m.Status != "partial":
		return 3
	case number && m.Text != "":
		return 2
	case m.Kind == "serial":
		return 1
	}
	return 0
}
