package registry

import (
	"github.com/armslog/armslog/events"
)

func (c *call) isSecretary() bool { return c.sender == c.secretary }

// submitOrganisation: the General Secretariat names anybody, an NCB the
// national entities of its own country.
func (c *call) submitOrganisation(b *events.OrganisationSubmitted) decision {
	if !c.isSecretary() {
		if d := c.ncbFor(b.Kind, b.Country, b.Parent); d.verdict != "" {
			return d
		}
	}
	if b.Parent != "" {
		if o, _ := c.lookup(b.Parent); o == nil || o.Kind == "" {
			return reject("/parent", "parent_unknown")
		}
	}
	if len(b.Rights) > 0 && b.Kind != kindNational {
		return reject("/rights", "no_right") // all others have theirs by agreement
	}
	old, _ := c.lookup(b.OrganisationID)
	known := old != nil && old.Kind != ""
	switch {
	case known && old.Kind != b.Kind, !known && b.Kind == kindSecretary:
		return reject("/kind", "kind_fixed")
	case known && !c.isSecretary() && old.parent != c.sender:
		return reject("/organisation_id", "not_owner")
	}
	return accept(events.DirectoryEffect{Kind: "organisation", ID: b.OrganisationID, Outcome: outcome(known)})
}

func (c *call) ncbFor(kind, country string, parent events.OrgID) decision {
	me := c.org(c.sender)
	switch {
	case me.Kind != kindNCB:
		return reject("", "no_right")
	case kind != kindNational:
		return reject("/kind", "no_right")
	case country != me.Country:
		return reject("/country", "no_right")
	case parent != me.OrganisationID:
		return reject("/parent", "no_right")
	}
	return decision{}
}

func outcome(known bool) string {
	if known {
		return "amended"
	}
	return "registered"
}

func (c *call) grantAgreement(b *events.AgreementGranted) decision {
	grantee, ref := c.lookup(b.Grantee)
	if grantee == nil || grantee.Kind == "" {
		if !c.isSecretary() {
			return reject("/grantee", "no_right") // whoever is not yours might as well not exist
		}
		return reject("/grantee", "organisation_unknown")
	}
	if !c.mayGrantTo(grantee) {
		return reject("/grantee", "no_right")
	}
	switch {
	case b.ValidUntil.Max() < b.ValidFrom.Min():
		return reject("/valid_until", "dates_reversed")
	case b.ValidUntil.End() <= c.in.At:
		return reject("/valid_until", "valid_past")
	}
	old := c.agreements[b.AgreementID]
	if old != nil {
		if was, _ := c.lookup(old.Grantee); !c.mayGrantTo(was) {
			return reject("/agreement_id", "not_owner")
		}
		if old.Grantee != b.Grantee {
			return reject("/grantee", "grantee_fixed")
		}
	}
	about := events.About{Kind: "agreement", ID: b.AgreementID}
	return accept(append(c.notify(ref, "agreement_changed", about),
		events.DirectoryEffect{Kind: "agreement", ID: b.AgreementID, Outcome: outcome(old != nil)})...)
}

func (c *call) mayGrantTo(o *organisation) bool {
	return c.isSecretary() || c.org(c.sender).Kind == kindNCB && o.Kind == kindNational && o.parent == c.sender
}

func (c *call) revokeAgreement(b *events.AgreementRevoked) decision {
	a := c.agreements[b.AgreementID]
	if a == nil {
		return reject("/agreement_id", "agreement_unknown")
	}
	grantee, ref := c.lookup(a.Grantee)
	if !c.mayGrantTo(grantee) {
		return reject("/agreement_id", "agreement_unknown")
	}
	if a.ended != "" {
		return reject("/agreement_id", "agreement_over")
	}
	about := events.About{Kind: "agreement", ID: b.AgreementID}
	return accept(append(c.notify(ref, "agreement_changed", about),
		events.DirectoryEffect{Kind: "agreement", ID: b.AgreementID, Outcome: "revoked"})...)
}

func (c *call) acknowledge(b *events.NotificationAcknowledged) decision {
	o := c.org(c.sender)
	if b.N > uint64(len(o.inbox)) {
		return reject("/n", "not_sent_yet")
	}
	return accept(events.AcknowledgedEffect{Org: o.OrganisationID, N: max(b.N, o.acked)})
}
