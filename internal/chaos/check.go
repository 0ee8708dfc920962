package main

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/armslog/armslog/events"
)

// kind is what a finding is about.
type kind string

const (
	kindLost     kind = "lost"
	kindDoubled  kind = "doubled"
	kindOrder    kind = "out of order"
	kindVerdict  kind = "told otherwise"
	kindNotified kind = "notified wrongly"
	kindDiverged kind = "nodes diverged"
	kindTables   kind = "tables differ"
	kindDied     kind = "ended by themselves"
)

// kinds are all of them, as they are reported.
var kinds = []kind{kindLost, kindDoubled, kindOrder, kindVerdict, kindNotified, kindDiverged, kindTables, kindDied}

// finding is a promise that was not kept.
type finding struct {
	kind kind
	text string
}

type findings []finding

func (f *findings) add(k kind, format string, args ...any) {
	*f = append(*f, finding{k, fmt.Sprintf(format, args...)})
}

func (f findings) count(k kind) (n int) {
	for _, x := range f {
		if x.kind == k {
			n++
		}
	}
	return n
}

// checker holds what was asked and what is there against each other.
type checker struct {
	requests []*request
	seen     *observed
	bySeq    map[uint64]decision
	bySrc    map[string][]decision // by offset
	first    map[string]decision   // of each request: organisation and id
	found    findings
}

func requestKey(src string, id events.UUID) string { return src + " " + id.String() }

// check holds that every acknowledged request was decided, once, in its sender's
// order and as its sender was told; that everybody was told everything, once;
// and that all nodes agree.
func check(requests []*request, seen *observed) findings {
	c := &checker{requests: requests, seen: seen, bySeq: map[uint64]decision{}, bySrc: map[string][]decision{}, first: map[string]decision{}}
	c.journal()
	c.acknowledged()
	c.order()
	c.nodes()
	for org := range seen.Expected {
		c.inboxes(org)
		c.outbox(org)
	}
	return c.found
}

// journal: seq is dense, each mailbox is decided without a gap, and no request
// twice.
func (c *checker) journal() {
	frontier := map[string]int64{}
	for i, d := range c.seen.Decisions {
		if d.Seq != uint64(i) {
			c.found.add(kindOrder, "entry %d stands at place %d of the journal", d.Seq, i)
		}
		if _, twice := c.bySeq[d.Seq]; twice {
			c.found.add(kindDoubled, "entry %d is there twice", d.Seq)
		}
		c.bySeq[d.Seq] = d
		c.bySrc[d.Src] = append(c.bySrc[d.Src], d)
		if at := frontier[d.Src]; d.Off != at {
			c.found.add(kindLost, "entry %d decides offset %d of mailbox %s, which was decided up to %d", d.Seq, d.Off, d.Src, at)
		}
		frontier[d.Src] = d.Off + d.Span
		if d.Src == events.SourceRegistry {
			continue
		}
		key := requestKey(d.Src, d.ID)
		first, again := c.first[key]
		switch {
		case !again:
			c.first[key] = d
		case d.Verdict != events.Duplicate || d.Of != first.Seq:
			c.found.add(kindDoubled, "request %s is decided at %d and again at %d", d.ID, first.Seq, d.Seq)
		}
	}
}

// acknowledged: whatever its sender was told of is in the journal, with the
// verdict that the sender was told.
func (c *checker) acknowledged() {
	for _, r := range c.requests {
		d, ok := c.first[requestKey(string(r.Org), r.ID)]
		switch {
		case !ok && r.Acked.IsZero():
		case !ok:
			c.found.add(kindLost, "%s, request %d, was acknowledged and is not decided", r.Caller, r.N)
		case r.Mail:
			c.mailed(r)
		case !r.Acked.IsZero() && !agree(r.Told, d):
			c.found.add(kindVerdict, "%s, request %d: its sender was told %+v, decided was %+v", r.Caller, r.N, r.Told, d.Told)
		}
	}
}

// agree says whether a sender was told what was decided. The code of a refusal
// is put into words at the edge.
func agree(told told, d decision) bool {
	if told.Refused != "" || d.Told.Refused != "" {
		return told.Refused != "" && d.Told.Refused != "" && told.Seq == d.Seq
	}
	return told == d.Told
}

// mailed: the entry that covers the offset of the acknowledgement is of this
// request.
func (c *checker) mailed(r *request) {
	all := c.bySrc[string(r.Org)]
	i, found := slices.BinarySearchFunc(all, r.Offset, func(d decision, offset int64) int { return cmp.Compare(d.Off, offset) })
	if !found {
		i-- // the one that begins before it
	}
	switch {
	case i < 0 || r.Offset >= all[i].Off+all[i].Span:
		c.found.add(kindLost, "%s, request %d, was stored at %d of its mailbox, which is not decided", r.Caller, r.N, r.Offset)
	case all[i].ID != r.ID:
		c.found.add(kindLost, "%s, request %d, was stored at %d of its mailbox, where another was decided", r.Caller, r.N, r.Offset)
	}
}

// order: a caller that waits for each acknowledgement is decided in its order.
func (c *checker) order() {
	last := map[string]decision{}
	for _, r := range c.requests {
		d, ok := c.first[requestKey(string(r.Org), r.ID)]
		if !ok {
			continue
		}
		if before, ok := last[r.Caller]; ok && before.Seq >= d.Seq {
			c.found.add(kindOrder, "%s: request %d is decided at %d, the one before at %d", r.Caller, r.N, d.Seq, before.Seq)
		}
		last[r.Caller] = d
	}
}

// nodes: all that are as far as the fold have its hash.
func (c *checker) nodes() {
	for _, n := range c.seen.Nodes {
		if n.Seq != c.seen.Fold.Seq || n.Hash != c.seen.Fold.Hash {
			c.found.add(kindDiverged, "%s is at %d with state %s, the fold of the journal at %d with %s", n.Name, n.Seq, n.Hash, c.seen.Fold.Seq, c.seen.Fold.Hash)
		}
	}
}

// inboxes: what the fold tells an organisation is dense and tells nothing twice,
// and every node shows the same.
func (c *checker) inboxes(org events.OrgID) {
	want := c.seen.Expected[org]
	told := map[string]uint64{}
	for i, n := range want {
		if n.N != uint64(i+1) {
			c.found.add(kindNotified, "notification %d to %s stands at place %d", n.N, org, i+1)
		}
		key := n.Reason + " " + n.About
		if n.Reason != "match" { // a match may end, and be renewed, several times
			key += fmt.Sprint(" ", n.Seq)
		}
		if first, twice := told[key]; twice {
			c.found.add(kindNotified, "%s was told of %s by notification %d and again by %d", org, key, first, n.N)
		}
		told[key] = n.N
	}
	for name, got := range c.seen.Inboxes {
		if slices.Equal(got, want) || !belongs(name, org) {
			continue
		}
		c.found.add(kindNotified, "the inbox of %s: %d notifications, expected %d, first difference at %d", name, len(got), len(want), difference(got, want))
	}
}

func belongs(name string, org events.OrgID) bool {
	return len(name) > len(org) && name[len(name)-len(org)-1:] == " "+string(org)
}

// difference is the number of the first that differs, from 1.
func difference[T comparable](a, b []T) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i + 1
		}
	}
	return min(len(a), len(b)) + 1
}

// outbox: every reply that is due and every notification, once, in the journal's
// order.
func (c *checker) outbox(org events.OrgID) {
	var notes []note
	seq := uint64(0)
	replied := map[uint64]bool{}
	for _, m := range c.seen.Outboxes[org] {
		if m.Seq < seq {
			c.found.add(kindOrder, "the outbox of %s goes back from %d to %d", org, seq, m.Seq)
		}
		seq = m.Seq
		if m.Note != nil {
			notes = append(notes, *m.Note)
			continue
		}
		if replied[m.Seq] {
			c.found.add(kindDoubled, "%s has two replies to %d", org, m.Seq)
		}
		replied[m.Seq] = true
		c.reply(org, m)
	}
	if want := c.seen.Expected[org]; !slices.Equal(notes, want) {
		c.found.add(kindNotified, "the outbox of %s: %d notifications, expected %d, first difference at %d", org, len(notes), len(want), difference(notes, want))
	}
	for _, d := range c.seen.Decisions {
		if d.Src == string(org) && c.seen.Mailed[d.ID] && !replied[d.Seq] {
			c.found.add(kindLost, "%s has no reply to %d", org, d.Seq)
		}
	}
}

// reply: it says what was decided; to a repeat, what was decided first.
func (c *checker) reply(org events.OrgID, m message) {
	d, ok := c.bySeq[m.Seq]
	if ok && d.Verdict == events.Duplicate {
		d, ok = c.bySeq[d.Of]
	}
	if !ok || d.Src != string(org) || !c.seen.Mailed[m.ID] || d.ID != m.ID {
		c.found.add(kindVerdict, "%s has a reply to %d, which is none of its mail", org, m.Seq)
		return
	}
	if !agree(*m.Reply, d) {
		c.found.add(kindVerdict, "%s, mail %d: replied was %+v, decided %+v", org, m.Seq, *m.Reply, d.Told)
	}
}
