package oracle

import (
	"cmp"
	"fmt"
	"slices"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// sweep is how far the standing questions have been asked again, in the order
// in which firearms came to be known. Which stretch an entry covers is part of
// the order, and taken as given; who is told in it is not.
type sweep struct {
	of              uint64
	next, end, left int
	known           map[uint64]int // firearms at the entries that may ask for one
	needed          bool           // names compare otherwise, or the policy is another, since the last one ended
}

// mayAskAgain notes an entry since which meetings may be others.
func (o *Oracle) mayAskAgain(e *events.Entry, needed bool) {
	if o.sweep.known == nil {
		o.sweep.known = map[uint64]int{}
	}
	o.sweep.known[e.Seq] = len(o.firearms)
	o.sweep.needed = o.sweep.needed || needed && len(o.firearms) > 0
}

// reexamined: questions of a stretch are told of what they now meet.
func (o *Oracle) reexamined(e *events.Entry, b *events.QuestionsReexamined) {
	w := &o.sweep
	if b.Of != w.of || w.left == 0 {
		if w.left == 0 {
			w.next = 0
		}
		w.of, w.end = b.Of, w.known[b.Of]
		w.left = w.end
	}
	x := e.Effects[len(e.Effects)-1].(events.ReexaminedEffect)
	room := len(e.Effects) - 1
	for ; w.left > int(x.Left); w.left-- {
		o.askAgain(o.firearms[w.next], 1<<30)
		w.next = (w.next + 1) % w.end
	}
	if w.left == 0 {
		w.needed = false
		return
	}
	if w.next != int(x.Next) {
		o.expect("the next subject is %d, not %d", w.next, x.Next)
	}
	o.askAgain(o.firearms[w.next], room-len(o.expected))
}

// askAgain tells of the first pairs that a question meets and whose parties do
// not all know.
func (o *Oracle) askAgain(q *firearm, most int) {
	for _, m := range o.meetsNow(q) {
		if most == 0 {
			return
		}
		if line := o.tell(m); line != "" {
			o.expected = append(o.expected, line)
			most--
		}
	}
}

// meetsNow are the records that a standing question meets so that it is told,
// the best first.
func (o *Oracle) meetsNow(q *firearm) (all []meeting) {
	if q.wanted() || q.context == "routine_control" || !o.stands(q, "") {
		return nil
	}
	for _, y := range o.firearms {
		m, ok := o.meet(q, y)
		switch {
		case !ok || !y.record || m.decision.Outcome != matching.Notify:
		case q.record && y.recovered() && y.seq > q.seq: // its own turn comes
		default:
			all = append(all, m)
		}
	}
	slices.SortStableFunc(all, func(a, b meeting) int {
		return cmp.Or(-cmp.Compare(a.facts.Grade, b.facts.Grade), -cmp.Compare(a.facts.MilliBits, b.facts.MilliBits))
	})
	return all
}

// Due says whether the standing questions have still to be asked again.
func (o *Oracle) Due() bool { return o.sweep.needed }

// Untold are the pairs of standing questions whose parties do not all know,
// though they meet now.
func (o *Oracle) Untold(at int64) (lines []string) {
	o.at = at
	for _, q := range o.firearms {
		for _, m := range o.meetsNow(q) {
			p := o.known(m.question, m.record)
			if o.silent(m, p) {
				continue
			}
			parties := o.parties(m)
			if p != nil && p.status == notified {
				for role := range p.told {
					delete(parties, role)
				}
			} else {
				parties["anybody"] = true
			}
			if len(parties) > 0 {
				lines = append(lines, fmt.Sprintf("%s of %s and %s of %s", q.id, q.org, m.record.id, m.record.org))
			}
		}
	}
	return lines
}

// compareAnew says whether names of the firearms known compare otherwise.
func (o *Oracle) compareAnew(change func()) bool {
	before := o.comparisons()
	change()
	return !slices.Equal(before, o.comparisons())
}

func (o *Oracle) comparisons() (all []matching.Result) {
	for _, x := range o.firearms {
		for _, y := range o.firearms {
			all = append(all, o.makes.compare(x.said.Make, y.said.Make), o.calibres.compare(x.said.Calibre, y.said.Calibre))
		}
	}
	return all
}
