package main

import (
	"fmt"
	"slices"

	"github.com/armslog/armslog/events"
)

// tampering changes what was seen as a broken registry would have left it. The
// checker must object, with a finding of the kind.
type tampering struct {
	name string
	kind kind
	do   func(*observed) bool // false: there is nothing that could be changed so
}

var tamperings = []tampering{
	{"an entry is lost", kindLost, func(o *observed) bool {
		i := o.accepted(nil)
		return i >= 0 && set(&o.Decisions, slices.Delete(slices.Clone(o.Decisions), i, i+1))
	}},
	{"an entry is decided twice", kindDoubled, func(o *observed) bool {
		i := o.accepted(nil)
		if i < 0 {
			return false
		}
		again, last := o.Decisions[i], o.Decisions[len(o.Decisions)-1]
		again.Seq = last.Seq + 1
		return set(&o.Decisions, append(slices.Clone(o.Decisions), again))
	}},
	{"two of one caller change places", kindOrder, (*observed).swapCaller},
	{"another verdict", kindVerdict, func(o *observed) bool {
		i := o.accepted(nil)
		return i >= 0 && o.change(i, func(d *decision) { d.Told.Status = "other" })
	}},
	{"a refusal that its sender was told was accepted", kindVerdict, func(o *observed) bool {
		i := o.accepted(nil)
		return i >= 0 && o.change(i, func(d *decision) { d.Told = told{Seq: d.Seq, Refused: "rejected"} })
	}},
	{"a mail is decided at another place", kindLost, func(o *observed) bool {
		i := o.accepted(o.Mailed)
		return i >= 0 && o.change(i, func(d *decision) { d.ID = events.NewRequestID() })
	}},
	{"a node's state is another", kindDiverged, func(o *observed) bool {
		if len(o.Nodes) == 0 {
			return false
		}
		o.Nodes = slices.Clone(o.Nodes)
		o.Nodes[0].Hash = "0" + o.Nodes[0].Hash
		return true
	}},
	{"a notification is lost", kindNotified, func(o *observed) bool {
		return o.changeInbox(func(list []note) []note { return list[1:] })
	}},
	{"a notification is there twice", kindNotified, func(o *observed) bool {
		return o.changeInbox(func(list []note) []note { return append([]note{list[0]}, list...) })
	}},
	{"the fold tells of a match twice", kindNotified, func(o *observed) bool {
		for org, list := range o.Expected {
			at := slices.IndexFunc(list, func(n note) bool { return n.Reason == "match" })
			if at < 0 {
				continue
			}
			again := list[at]
			again.N, again.Seq = uint64(len(list)+1), again.Seq+1
			return put(&o.Expected, org, append(slices.Clone(list), again))
		}
		return false
	}},
	{"a reply is lost", kindLost, func(o *observed) bool {
		return o.changeOutbox(func(box []message, i int) []message { return slices.Delete(box, i, i+1) })
	}},
	{"a reply is there twice", kindDoubled, func(o *observed) bool {
		return o.changeOutbox(func(box []message, i int) []message { return slices.Insert(box, i, box[i]) })
	}},
	{"a reply comes late", kindOrder, func(o *observed) bool {
		return o.changeOutbox(func(box []message, i int) []message { return append(slices.Delete(slices.Clone(box), i, i+1), box[i]) })
	}},
	{"a reply says otherwise", kindVerdict, func(o *observed) bool {
		return o.changeOutbox(func(box []message, i int) []message {
			other := *box[i].Reply
			other.Status += "?"
			box[i].Reply = &other
			return box
		})
	}},
}

// tamper changes what was seen in every way, each alone, and says which of them
// the checker does not see. What is given stays as it is.
func tamper(requests []*request, seen *observed) (seenThrough int, missed []string) {
	for _, t := range tamperings {
		o := *seen
		if !t.do(&o) {
			missed = append(missed, t.name+": there was nothing to change")
			continue
		}
		if found := check(requests, &o); found.count(t.kind) == 0 {
			missed = append(missed, fmt.Sprintf("%s: not seen", t.name))
			continue
		}
		seenThrough++
	}
	return seenThrough, missed
}

func set[T any](at *T, to T) bool {
	*at = to
	return true
}

// put replaces one value in a copy of a map.
func put[K comparable, V any](at *map[K]V, key K, value V) bool {
	other := make(map[K]V, len(*at))
	for k, v := range *at {
		other[k] = v
	}
	other[key] = value
	*at = other
	return true
}

// accepted is a request that was, in the middle of the journal: one of these,
// or, of nil, one that is no mail; -1 if there is none.
func (o *observed) accepted(of map[events.UUID]bool) int {
	for n := range o.Decisions {
		i := (n + len(o.Decisions)/2) % len(o.Decisions)
		d := o.Decisions[i]
		if d.Verdict == events.Accepted && d.Src != events.SourceRegistry && d.Src != "IPSG" && o.Mailed[d.ID] == (of != nil) {
			return i
		}
	}
	return -1
}

func (o *observed) change(i int, do func(*decision)) bool {
	o.Decisions = slices.Clone(o.Decisions)
	do(&o.Decisions[i])
	return true
}

// swapCaller lets two neighbours of one mail caller change places.
func (o *observed) swapCaller() bool {
	last := map[string]int{}
	for i, d := range o.Decisions {
		if d.Verdict != events.Accepted || !o.Mailed[d.ID] {
			continue
		}
		before, ok := last[d.Src]
		last[d.Src] = i
		if !ok || before == 0 {
			continue
		}
		o.Decisions = slices.Clone(o.Decisions)
		a, b := &o.Decisions[before], &o.Decisions[i]
		a.ID, b.ID = b.ID, a.ID
		a.Told, b.Told = b.Told, a.Told
		return true
	}
	return false
}

func (o *observed) changeInbox(do func([]note) []note) bool {
	for name, list := range o.Inboxes {
		if len(list) > 0 {
			return put(&o.Inboxes, name, do(list))
		}
	}
	return false
}

// changeOutbox changes an outbox at a reply to mail that has another behind it.
func (o *observed) changeOutbox(do func(box []message, reply int) []message) bool {
	for org, box := range o.Outboxes {
		for i, m := range box {
			if m.Reply != nil && box[len(box)-1].Seq > m.Seq {
				return put(&o.Outboxes, org, do(slices.Clone(box), i))
			}
		}
	}
	return false
}
