package registry

import (
	"slices"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
	"github.com/armslog/armslog/registry/reference"
)

// reexamination is the look at all standing questions that follows when the
// policy or the reference table is another: what did not meet may meet now. The
// subjects are walked around once since the last change; a change meanwhile
// makes it once around from where it is, so that an import of a reference table
// costs one walk. The zero value is none.
type reexamination struct {
	of     uint64 // last entry that asked for it
	next   uint32 // subject to be looked at next
	end    uint32 // subjects there were at of; those after it met under the new rules already
	left   uint32 // to go
	due    int64  // log time at which it goes on
	latest int64  // at which it goes on whatever comes
}

// Between two entries of a reference table that is being imported no look
// begins; but changes without end do not put it off for ever. Milliseconds.
const (
	quietTime   = 1_000
	longestWait = 60_000
)

// Bounds of one step, that other requests be decided between two: whichever
// comes first.
const (
	questionsPerStep = 64
	metPerStep       = 2048    // stored marks that the questions met
	subjectsPerStep  = 1 << 15 // walked past
)

// lookAgain asks for all standing questions to be looked at again.
func (s *State) lookAgain(e *events.Entry) {
	w := &s.due.again
	if w.left == 0 {
		*w = reexamination{latest: e.At + longestWait}
	}
	w.of, w.end = e.Seq, uint32(s.subjects.len())
	w.left = w.end
	w.due = min(e.At+quietTime, w.latest)
	if w.left == 0 {
		*w = reexamination{} // there is nobody to be told
	}
}

// offer puts a step forward where nothing else is due by now: replies wait for
// other due work, for this nobody does.
func (w *reexamination) offer(now int64, due *int64, body events.Body) events.Body {
	switch {
	case w.left == 0 || w.due > now:
	case body == nil:
		body, *due = &events.QuestionsReexamined{Of: w.of}, w.due
	default:
		*due = min(*due, w.due)
	}
	return body
}

// goOn takes in how far a step came.
func (w *reexamination) goOn(x events.ReexaminedEffect) {
	switch {
	case w.left == 0: // what asked for it has been erased
	case x.Left == 0:
		*w = reexamination{}
	default:
		w.next, w.left = x.Next, x.Left
	}
}

// reexamine is one step.
func (c *call) reexamine(b *events.QuestionsReexamined) decision {
	w := c.due.again
	if w.left == 0 || w.of != b.Of {
		return reject("/of", "nothing_due")
	}
	var effects []events.Effect
	at := events.ReexaminedEffect{Next: w.next, Left: w.left}
	for walked, met := 0, 0; at.Left > 0 && walked < subjectsPerStep && at.Questions < questionsPerStep && met < metPerStep; walked++ {
		if c.asksStill(c.subject(at.Next)) {
			var whole bool
			var n int
			if effects, n, whole = c.askAgain(at.Next, effects); !whole {
				break // the entry holds no more: the rest of this question first
			}
			met += n
			at.Questions++
		}
		at.Left--
		if at.Next++; at.Next == w.end {
			at.Next = 0
		}
	}
	return accept(append(effects, at)...)
}

// asksStill says whether a subject is a question that may be told of something
// now. A routine check is told at once or not at all.
func (c *call) asksStill(q *subject) bool {
	return q.marks > 0 && q.context != routineControl && q.standing(c.in.At) && c.mayHear(q)
}

// askAgain asks a question as it stands, and appends what its parties have not
// been told yet; whole says that there was room for all of it. Those who were
// told know: what has been told is never taken back. Candidates are not shown:
// the reply that they belong to has been given, and its limit with it.
func (c *call) askAgain(row uint32, effects []events.Effect) (_ []events.Effect, met int, whole bool) {
	x := c.stored(row)
	x.marks = c.storedMarks(row)
	m := c.newMeeting(x)
	m.self, m.amending = row, true
	pairs, _ := m.pairs()
	for i := range pairs {
		if !m.asks(&pairs[i]) {
			continue
		}
		if len(effects) == maxMeetings {
			return effects, m.visited, false
		}
		switch e := m.follow(&pairs[i]).(type) {
		case *events.MatchEffect, *events.MatchRenewedEffect:
			effects = append(effects, e)
		}
	}
	return effects, m.visited, true
}

// asks says whether x is the one that asks in a pair to be told of. Of two
// recovered records the newer word asks, so that each pair is looked at once.
func (m *meeting) asks(p *pair) bool {
	y := m.stored(p.row)
	r, ok := cast(&m.x, &y)
	return ok && r.question == &m.x && p.decision.Outcome == matching.Notify && !(y.recovered() && m.x.isRecord() && y.seq > m.x.seq)
}

// comparesAnew says whether an entry of the reference table changes how names
// compare.
func (s *State) comparesAnew(b *events.ReferenceSubmitted) bool {
	l := s.lexiconOf(b.Kind)
	if l == nil || l == &s.types {
		return false // a firearm states the code of its type, and no name
	}
	i, known := l.byID[ReferenceID(b)]
	if !known {
		return true
	}
	was := l.known[i]
	var names []uint32
	for _, text := range append([]string{b.Name}, b.Aliases...) {
		f, there := l.byFold[reference.Fold(text)]
		shared := there && l.entries[f] == contested && slices.Contains(was.folds, f)
		if !there || f != 0 && l.entries[f] != i+1 && !shared {
			return true
		}
		names = append(names, f)
	}
	gone := slices.ContainsFunc(was.folds, func(f uint32) bool { return !slices.Contains(names, f) })
	return gone || !slices.Equal(slices.Sorted(slices.Values(was.Related)), slices.Sorted(slices.Values(b.Related)))
}

// Reexamination is how far a look at all standing questions has come.
type Reexamination struct {
	Of   uint64 // entry since which they are looked at again
	Left int    // subjects to go
	All  int
}

// Reexamination says whether one is under way.
func (s *State) Reexamination() (Reexamination, bool) {
	w := s.due.again
	return Reexamination{Of: w.of, Left: int(w.left), All: int(w.end)}, w.left > 0
}
