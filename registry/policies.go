package registry

import (
	"crypto/sha256"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// policySet is one policy that was put in force.
type policySet struct {
	name   string
	seq    uint64 // entry that set it, and holds its table
	at     int64
	digest [8]byte // of the table
}

// tableDigest tells tables apart, however their JSON is written.
func tableDigest(p matching.Policy) [8]byte {
	text, err := p.Encode()
	if err != nil {
		panic("registry: encode policy: " + err.Error()) // it was decoded from JSON
	}
	sum := sha256.Sum256(text)
	return [8]byte(sum[:8])
}

// setPolicy puts a policy in force. A name means one table for ever, since
// matches name their policy by it.
func (c *call) setPolicy(b *events.PolicySet) decision {
	if !c.isSecretary() {
		return reject("", "no_right")
	}
	p, problems := matching.DecodePolicy(b.Raw)
	if len(problems) > 0 {
		d := decision{verdict: events.Rejected}
		for _, x := range problems {
			d.errors = append(d.errors, events.FieldError{Pointer: x.Pointer, Code: x.Code})
		}
		return d
	}
	digest := tableDigest(p)
	for _, old := range c.policies {
		if old.name == p.Name && old.digest != digest {
			return reject("/policy", "policy_name_taken")
		}
	}
	if c.inForce(p.Name, digest) {
		return accept(events.DirectoryEffect{Kind: "policy", ID: p.Name, Outcome: "unchanged"})
	}
	return accept(events.DirectoryEffect{Kind: "policy", ID: p.Name, Outcome: "set"})
}

func (s *State) inForce(name string, digest [8]byte) bool {
	n := len(s.policies)
	return n > 0 && s.policies[n-1].name == name && s.policies[n-1].digest == digest
}

// setPolicy says whether another table is in force now.
func (s *State) setPolicy(e *events.Entry, raw []byte) (changed bool) {
	p, problems := matching.DecodePolicy(raw)
	if len(problems) > 0 {
		return false // was accepted by an engine that knew more; the policy in force stays
	}
	digest := tableDigest(p)
	if s.inForce(p.Name, digest) {
		return false
	}
	table, err := matching.Compile(p)
	if err != nil {
		return false
	}
	s.policy, s.policyName = table, p.Name
	s.policies = append(s.policies, policySet{name: p.Name, seq: e.Seq, at: e.At, digest: digest})
	return true
}

// PolicyName names the matching policy in force.
func (s *State) PolicyName() string { return s.policyName }

// PolicyInfo is a policy and since when it was in force.
type PolicyInfo struct {
	Name string
	Seq  uint64 // entry that put it in force, and holds its table
	At   int64  // log time of that entry, Unix milliseconds
}

// Policies are all that were ever in force, the first one first; each until the
// next one's seq, the last one now.
func (s *State) Policies() []PolicyInfo {
	list := make([]PolicyInfo, len(s.policies))
	for i, p := range s.policies {
		list[i] = PolicyInfo{Name: p.name, Seq: p.seq, At: p.at}
	}
	return list
}
