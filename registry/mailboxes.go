package registry

import "github.com/armslog/armslog/events"

// A mailbox that has lost requests before they were decided stops until the
// General Secretariat permits that they are passed over. The state knows up to
// where each mailbox is decided (the same number as the reader's frontier, for
// Decide must be pure) and what may be passed over. What is lost it does not
// know: that is for the leader to see, who reads the mailbox.

// hasMailbox says whether an organisation may ever send anything.
func (o *organisation) hasMailbox() bool {
	return o.Kind != "" && (o.Kind != kindCustoms || len(o.granted) > 0)
}

// skipMailbox permits that what a mailbox has lost is passed over. Its
// organisation is told: it alone knows what it sent and got no answer to.
func (c *call) skipMailbox(b *events.MailboxSkipped) decision {
	if !c.isSecretary() {
		return reject("", "no_right")
	}
	o, ref := c.lookup(b.Organisation)
	switch {
	case o == nil || o.Kind == "":
		return reject("/organisation", "organisation_unknown")
	case !o.hasMailbox():
		return reject("/organisation", "mailbox_unknown")
	case b.To <= o.decided:
		return reject("/to", "offset_decided")
	case b.To <= o.passable:
		return reject("/to", "already_skipped")
	}
	effect := events.MailboxSkippedEffect{Org: o.OrganisationID, From: o.decided, To: b.To}
	return accept(append(c.notify(ref, "mailbox_skipped", events.About{Kind: "mailbox", ID: o.OrganisationID}), effect)...)
}

// permit takes in what may be passed over.
func (s *State) permit(x events.MailboxSkippedEffect) {
	o := s.org(s.refOf(x.Org)) // there, but for its naming having been erased
	o.passable = max(o.passable, x.To)
}

// Decided is the offset up to which the requests of an organisation's mailbox
// are decided.
func (s *State) Decided(id events.OrgID) int64 {
	if o, _ := s.lookup(id); o != nil {
		return o.decided
	}
	return 0
}

// Passable is the offset before which what is lost of an organisation's mailbox
// may be passed over; 0 = nothing may.
func (s *State) Passable(id events.OrgID) int64 {
	if o, _ := s.lookup(id); o != nil && o.passable > o.decided {
		return o.passable
	}
	return 0
}
