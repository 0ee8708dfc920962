package registry

import (
	"cmp"
	"container/heap"
)

// deadline is one thing of the registry's own to do when log time reaches at.
// It is small and names what it concerns by number, because many wait at once.
type deadline struct {
	at   int64 // Unix milliseconds
	kind deadlineKind
	of   uint32 // what it concerns: a row of the kind's own table
	no   uint32 // which one of that thing's deadlines
}

// deadlineKind says whose deadline it is, and so what becomes of it.
type deadlineKind uint8

func compareDeadlines(a, b deadline) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.kind, b.kind), cmp.Compare(a.of, b.of), cmp.Compare(a.no, b.no))
}

// deadlines holds what falls due, the earliest first; what falls due together
// has an order too, so that every fold does the same next.
//
// A deadline that has been met is not looked for: it stays until its time
// comes, and whoever takes it then asks whether it still holds. Evolve drops
// those that do not, so that the first one always does.
type deadlines struct{ heap deadlineHeap }

func (d *deadlines) add(x deadline) { heap.Push(&d.heap, x) }

// first is the next deadline; ok is false where there is none.
func (d *deadlines) first() (x deadline, ok bool) {
	if len(d.heap) == 0 {
		return deadline{}, false
	}
	return d.heap[0], true
}

// drop removes the first ones for as long as they hold no more.
func (d *deadlines) drop(holds func(deadline) bool) {
	for len(d.heap) > 0 && !holds(d.heap[0]) {
		heap.Pop(&d.heap)
	}
}

type deadlineHeap []deadline

func (h deadlineHeap) Len() int           { return len(h) }
func (h deadlineHeap) Less(i, j int) bool { return compareDeadlines(h[i], h[j]) < 0 }
func (h deadlineHeap) Swap(i, j int)      { h[i], h[j] = h[j], h[i] }
func (h *deadlineHeap) Push(x any)        { *h = append(*h, x.(deadline)) }

func (h *deadlineHeap) Pop() any {
	old := *h
	x := old[len(old)-1]
	*h = old[:len(old)-1]
	return x
}
