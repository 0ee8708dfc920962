package consumers

import (
	"encoding/binary"
	"sync/atomic"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/events"
)

// Standing is what a node says of itself when a leader is elected.
type Standing struct {
	Leads  bool  // it owns the journal, as far as it knows
	Offset int64 // up to which it has followed
}

// Elected is the outcome of an election.
type Elected struct {
	Self  bool // this node is to lead
	Alone bool // there is no other that could
}

// balancer elects: who leads goes on leading, so that a node that joins or
// leaves moves nothing; of those who say that they lead, and of those who do
// not, the one that has followed furthest. A leader that was replaced in its
// sleep has not read its successor's fence, and therefore less than that one.
type balancer struct {
	standing func() Standing
	members  atomic.Int32 // of the last election, where this node counted them; 0 = another did
}

// ProtocolName is what kafka.GroupBalancer asks for; members with another one
// cannot be of the same group.
func (b *balancer) ProtocolName() string { return "armslog" }

// UserData is asked for whenever this node joins: an election begins.
func (b *balancer) UserData() ([]byte, error) {
	b.members.Store(0)
	s := Standing{}
	if b.standing != nil {
		s = b.standing()
	}
	lead := byte(0)
	if s.Leads {
		lead = 1
	}
	return binary.BigEndian.AppendUint64([]byte{lead}, uint64(s.Offset)), nil
}

// AssignGroups gives the journal's one partition to whoever is elected, also
// where the brokers do not know of it just now: a group that elected nobody
// would stay as it is, and have no leader, when they know it again.
func (b *balancer) AssignGroups(members []kafka.GroupMember, _ []kafka.Partition) kafka.GroupMemberAssignments {
	b.members.Store(int32(len(members)))
	all := kafka.GroupMemberAssignments{}
	var first kafka.GroupMember
	for _, m := range members {
		all[m.ID] = map[string][]int{}
		if first.ID == "" || before(m, first) {
			first = m
		}
	}
	if first.ID != "" {
		all[first.ID][events.JournalTopic] = []int{0}
	}
	return all
}

// before says that a is to lead rather than b.
func before(a, b kafka.GroupMember) bool {
	x, y := standingOf(a), standingOf(b)
	switch {
	case x.Leads != y.Leads:
		return x.Leads
	case x.Offset != y.Offset:
		return x.Offset > y.Offset
	}
	return a.ID < b.ID
}

func standingOf(m kafka.GroupMember) Standing {
	if len(m.UserData) != 9 {
		return Standing{Offset: -1}
	}
	return Standing{Leads: m.UserData[0] == 1, Offset: int64(binary.BigEndian.Uint64(m.UserData[1:]))}
}

// outcome is what a generation means for this node.
func (b *balancer) outcome(g *kafka.Generation) Elected {
	return Elected{Self: len(g.Assignments[events.JournalTopic]) > 0, Alone: b.members.Load() == 1}
}
