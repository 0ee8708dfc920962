package matching

// anchors finds the stored partial marks that a full mark may meet. Each hangs
// on one trigram that any full mark it meets must show; rings as in keyTable.
type anchors struct {
	heads [trigrams / listPage]*[listPage]uint32 // greatest mark plus one
	count int
}

func (a *anchors) head(t trigram) (greatest uint32, ok bool) {
	page := a.heads[t/listPage]
	if page == nil || page[t%listPage] == 0 {
		return 0, false
	}
	return page[t%listPage] - 1, true
}

func (a *anchors) setHead(t trigram, greatest uint32) {
	page := &a.heads[t/listPage]
	if *page == nil {
		*page = new([listPage]uint32)
	}
	(*page)[t%listPage] = greatest + 1
}

func (a *anchors) add(rings *keyTable, t trigram, mark uint32) {
	greatest, ok := a.head(t)
	if ok {
		greatest = rings.join(greatest, mark)
	} else {
		greatest = rings.start(mark)
	}
	a.setHead(t, greatest)
	a.count++
}

// remove looks for the mark under each of the trigrams it may hang on: which
// one it was depended on what was stored at the time.
func (a *anchors) remove(rings *keyTable, ts []trigram, mark uint32) {
	for _, t := range ts {
		greatest, ok := a.head(t)
		if !ok || !rings.holds(greatest, mark) {
			continue
		}
		left, last := rings.leave(greatest, mark)
		if last {
			a.heads[t/listPage][t%listPage] = 0
		} else {
			a.setHead(t, left)
		}
		a.count--
		return
	}
}
