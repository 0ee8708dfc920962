package registry

import (
	"github.com/armslog/armslog/events"
)

// match is what is known of a pair that met: enough to tell each party once
// and no party twice.
type match struct {
	id       events.UUID
	seq      uint64 // entry of its last effect
	question uint32 // subject
	record   uint32 // subject
	class    uint8  // index in classes
	status   uint8
	told     uint8 // parties told since it last began: bits of roles
	seen     uint8 // parties that were ever told or shown it: they may go on looking
	ended    uint8 // index in endings, of an ended match
}

// other is the subject that a subject met.
func (m *match) other(row uint32) uint32 {
	if m.question == row {
		return m.record
	}
	return m.question
}

// Classes of a meeting.
const (
	classAlert = iota
	classCustody
	classDuplicate
	classPrior
)

var classes = [...]string{"alert", "custody", "duplicate", "prior_sighting"}

const (
	statusCandidate = iota
	statusNotified
	statusEnded
)

var statuses = [...]string{"candidate", "notified", "ended"}

// Roles of the parties of a match, in the order in which they are told.
const (
	roleSecretary uint8 = 1 << iota
	roleAsker
	roleOwner
)

var roleNames = [...]struct {
	bit  uint8
	name string
}{{roleSecretary, "general_secretariat"}, {roleAsker, "asker"}, {roleOwner, "owner"}}

// Endings of a match.
const (
	endedRecord = iota
	endedQuestion
	endedMark
	endedDenied
	endedExpired
	endedOther            // the owner says: another weapon
	endedOutdated         // the owner of the record says that it no longer holds
	endedQuestionOutdated // the same of the record that asks
)

var endings = [...]string{
	"record_withdrawn", "question_withdrawn", "mark_removed", "denied", "record_expired",
	"not_same_weapon", "record_outdated", "question_outdated",
}

// matches are the pairs that met, found by id and by subject.
type matches struct {
	all       arena[match]
	byID      idTable
	bySubject map[uint32][]uint32     // in the order in which they met; most subjects have none
	asked     map[uint32]confirmation // how far those that were asked about have come; most never are
}

func newMatches() matches { return matches{bySubject: map[uint32][]uint32{}} }

func (m *matches) idOf(i uint32) events.UUID { return m.all.at(i).id }

func (m *matches) find(id events.UUID) (*match, bool) {
	_, known, ok := m.number(id)
	return known, ok
}

// number is find, with the match's number.
func (m *matches) number(id events.UUID) (i uint32, known *match, ok bool) {
	if i, ok = m.byID.find(id, m.idOf); !ok {
		return 0, nil, false
	}
	return i, m.all.at(i), true
}

// add adds a match that is not there yet.
func (m *matches) add(x match) uint32 {
	i := m.all.add(x)
	m.byID.insert(x.id, i)
	m.bySubject[x.question] = append(m.bySubject[x.question], i)
	m.bySubject[x.record] = append(m.bySubject[x.record], i)
	return i
}
