package registry

import (
	"maps"
	"math"
	"slices"

	"github.com/armslog/armslog/events"
)

// operation is what several organisations do together. Records, questions and
// traces that name it are not listed here: whether one counts follows from its
// sender, its date and the operation as it stands, and is found when a report
// is read. So a record costs nothing for naming one.
type operation struct {
	events.OperationSubmitted
	seq     uint64 // entry of its last change
	lead    orgRef
	members []orgRef // sorted, the lead among them
	closed  int64    // log time, Unix milliseconds; 0 = it is open
	because string   // of a closed one
}

func newOperation(d *directory, b *events.OperationSubmitted, seq uint64) *operation {
	op := &operation{OperationSubmitted: *b, seq: seq, lead: d.refOf(b.Lead)}
	op.members = append(op.members, op.lead)
	for _, id := range b.Members {
		op.members = append(op.members, d.refOf(id))
	}
	slices.Sort(op.members)
	op.members = slices.Compact(op.members)
	return op
}

func (op *operation) has(ref orgRef) bool {
	_, found := slices.BinarySearch(op.members, ref)
	return found
}

// lastDay is the last day of what counts for it.
func (op *operation) lastDay() events.Day {
	last := events.Day(math.MaxInt32)
	if !op.Until.IsZero() {
		last = op.Until.Max()
	}
	if op.closed != 0 {
		last = min(last, events.DayOf(op.closed))
	}
	return last
}

// spans says whether what happened between two days may have happened while
// the operation ran: who tags a record whose day is not known is believed.
func (op *operation) spans(first, last events.Day) bool {
	return first <= op.lastDay() && last >= op.From.Min()
}

// takesPart says whether what an organisation sends may count for an
// operation: as a member, or as a national entity of a member.
func (d *directory) takesPart(ref orgRef, op *operation) bool {
	return op.has(ref) || d.org(ref).Kind == kindNational && op.has(d.org(ref).parent)
}

// seesOperation: whoever takes part, the NCB of a national entity that does,
// and the General Secretariat. For all others it does not exist.
func (d *directory) seesOperation(viewer orgRef, op *operation) bool {
	if viewer == 0 {
		return false
	}
	return viewer == d.secretary || d.takesPart(viewer, op) ||
		slices.ContainsFunc(op.members, func(ref orgRef) bool { return d.sees(viewer, ref) })
}

func (s *State) putOperation(b *events.OperationSubmitted, seq uint64) {
	s.operations[b.OperationID] = newOperation(&s.directory, b, seq)
}

func (s *State) closeOperation(b *events.OperationClosed, seq uint64) {
	if op := s.operations[b.OperationID]; op != nil { // its naming may have been erased
		op.closed, op.because, op.seq = s.at, b.Reason, seq
	}
}

func (s *State) hashOperations(d digest) {
	d.values(len(s.operations))
	for _, id := range slices.Sorted(maps.Keys(s.operations)) {
		op := s.operations[id]
		d.json(op.OperationSubmitted)
		d.values(op.seq, op.lead, len(op.members), op.members, op.closed, op.because)
	}
}

// OperationInfo is an operation and where it stands.
type OperationInfo struct {
	events.OperationSubmitted
	Status  string `json:"status" doc:"planned, running, over, closed"`
	Because string `json:"because,omitempty" doc:"Why it was closed."`
	Seq     uint64 `json:"seq" doc:"Entry of its last change."`
}

// Operation finds an operation that viewer may see. For everybody else it does
// not exist.
func (s *State) Operation(viewer events.OrgID, id string) (OperationInfo, bool) {
	op := s.operations[id]
	if op == nil || !s.seesOperation(s.directory.byID[viewer], op) {
		return OperationInfo{}, false
	}
	return s.operationInfo(op), true
}

// Operations are those that viewer may see, in the order of their ids.
func (s *State) Operations(viewer events.OrgID) (list []OperationInfo) {
	for _, id := range slices.Sorted(maps.Keys(s.operations)) {
		if info, ok := s.Operation(viewer, id); ok {
			list = append(list, info)
		}
	}
	return list
}

func (s *State) operationInfo(op *operation) OperationInfo {
	info := OperationInfo{OperationSubmitted: op.OperationSubmitted, Status: "running", Because: op.because, Seq: op.seq}
	switch today := events.DayOf(s.at); {
	case op.closed != 0:
		info.Status = "closed"
	case today < op.From.Min():
		info.Status = "planned"
	case today > op.lastDay():
		info.Status = "over"
	}
	return info
}
