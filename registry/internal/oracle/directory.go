package oracle

import (
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

type agreement struct {
	events.AgreementGranted
	over bool
}

// directory reads the requests that are about nobody's firearm.
func (o *Oracle) directory(body events.Body) {
	switch b := body.(type) {
	case *events.Genesis:
		o.secretary = b.GeneralSecretariat
		o.orgs[b.GeneralSecretariat] = events.OrganisationSubmitted{Kind: "general_secretariat", Inbox: true}
		o.setPolicy(b.Policy)
	case *events.OrganisationSubmitted:
		o.orgs[b.OrganisationID] = *b
	case *events.AgreementGranted:
		o.agreements[b.AgreementID] = &agreement{AgreementGranted: *b}
		o.tellOfAgreement(b.AgreementID)
	case *events.AgreementRevoked:
		a := o.agreements[b.AgreementID]
		a.over = true
		if b.StandingSearches == "keep" {
			o.keep(a.Grantee)
		}
		o.tellOfAgreement(b.AgreementID)
	case *events.MailboxSkipped:
		if to := o.inboxOf(b.Organisation); to != "" {
			o.expect("notify %s mailbox_skipped mailbox %s 0", to, b.Organisation)
		}
	case *events.AgreementEnded:
		o.agreements[b.AgreementID].over = true
		o.tellOfAgreement(b.AgreementID)
	}
}

func (o *Oracle) setPolicy(raw []byte) {
	p, _ := matching.DecodePolicy(raw)
	table, err := matching.Compile(p)
	if err != nil {
		panic("oracle: " + err.Error())
	}
	o.table = table
}

func (o *Oracle) reference(b *events.ReferenceSubmitted) {
	switch b.Kind {
	case "make":
		o.makes.put(b)
	case "calibre":
		o.calibres.put(b)
	}
}

// keep lets the questions of an organisation stand though it lost its right.
func (o *Oracle) keep(org events.OrgID) {
	for _, f := range o.firearms {
		if !f.record && f.org == org && !f.over {
			f.kept = true
		}
	}
}

func (o *Oracle) tellOfAgreement(id string) {
	if to := o.inboxOf(o.agreements[id].Grantee); to != "" {
		o.expect("notify %s agreement_changed agreement %s 0", to, id)
	}
}

// digestDue: the candidates that came late are told once, as a number.
func (o *Oracle) digestDue(b *events.DigestDue) {
	n := o.digests[b.Organisation]
	delete(o.digests, b.Organisation)
	if to := o.inboxOf(b.Organisation); to != "" {
		o.expect("notify %s daily_digest digest %s %d", to, b.Day, n)
	}
}

// inboxOf is whose inbox tells an organisation: its own, else its parent's.
func (o *Oracle) inboxOf(org events.OrgID) events.OrgID {
	for i := 0; i < 8 && org != ""; i++ {
		if o.orgs[org].Inbox {
			return org
		}
		org = o.orgs[org].Parent
	}
	return ""
}

// mayAsk says whether an organisation may search, or trace, now, for itself (for
// "") or for a body.
func (o *Oracle) mayAsk(right string, org, body events.OrgID) bool {
	if o.orgs[org].Kind == "ncb" && body == "" {
		return true
	}
	for _, a := range o.agreements {
		if a.Grantee == org && o.gives(a, right) && (body == "" || o.actsFor(a, body)) {
			return true
		}
	}
	return false
}

func (o *Oracle) gives(a *agreement, right string) bool {
	return !a.over && a.ValidFrom.Min().Start() <= o.at && o.at < a.ValidUntil.End() && slices.Contains(a.Rights, right)
}

func (o *Oracle) actsFor(a *agreement, body events.OrgID) bool {
	if a.ActsFor == nil {
		return false
	}
	covered := slices.Contains(a.ActsFor.Kinds, o.orgs[body].Kind) || slices.Contains(a.ActsFor.Organisations, body)
	return covered && !(a.ActsFor.OnlyWithoutOwnAccess && o.mayAsk("search", body, ""))
}

// Unheard are the questions that stand though their asker may hear nothing, by
// the reading of the order so far.
func (o *Oracle) Unheard() (ids []events.UUID) {
	for _, f := range o.firearms {
		if !f.record && !f.over && !f.kept && f.stands > o.at && !o.mayAsk(f.right, f.org, f.acting) {
			ids = append(ids, f.id)
		}
	}
	return ids
}

// Ended reads that questions ended, and says what is wrong with that.
func (o *Oracle) Ended(e *events.Entry) (wrong []string) {
	for _, x := range e.Effects {
		q, ok := x.(events.QuestionEndedEffect)
		if !ok {
			continue
		}
		f := o.find(q.ID)
		switch {
		case f == nil || f.over && q.Because != "withdrawn":
			wrong = append(wrong, q.ID.String()+" ended twice")
			continue
		case q.Because == "lapsed" && f.stands > e.At, q.Because == "agreement_ended" && (f.kept || o.mayAsk(f.right, f.org, f.acting)):
			wrong = append(wrong, q.ID.String()+" ended too early: "+q.Because)
		}
		f.over = true
	}
	return wrong
}

// names is what a reference table knows of the names of one kind.
type names struct{ entries []*entry }

type entry struct {
	name    string
	names   []string
	related []string
}

// plain leaves letters and digits of a name, in one case.
func plain(name string) string {
	return strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return -1
	}, strings.ToUpper(name))
}

// put adds an entry or replaces the one of that name; a name that two entries
// claim belongs to the one that claimed it last.
func (n *names) put(b *events.ReferenceSubmitted) {
	e := n.named(plain(b.Name))
	if e == nil {
		e = &entry{name: plain(b.Name)}
		n.entries = append(n.entries, e)
	}
	e.names, e.related = nil, nil
	for _, name := range append([]string{b.Name}, b.Aliases...) {
		for _, other := range n.entries {
			other.names = slices.DeleteFunc(other.names, func(s string) bool { return s == plain(name) })
		}
		e.names = append(e.names, plain(name))
	}
	for _, id := range b.Related {
		_, name, _ := strings.Cut(id, ":")
		e.related = append(e.related, plain(name))
	}
}

func (n *names) named(name string) *entry {
	for _, e := range n.entries {
		if e.name == name {
			return e
		}
	}
	return nil
}

func (n *names) of(name string) *entry {
	for _, e := range n.entries {
		if slices.Contains(e.names, name) {
			return e
		}
	}
	return nil
}

func (n *names) compare(a, b string) matching.Result {
	a, b = plain(a), plain(b)
	if a == "" || b == "" {
		return matching.Unknown
	}
	if a == b {
		return matching.Agree
	}
	x, y := n.of(a), n.of(b)
	switch {
	case x == nil || y == nil:
		return matching.Unknown
	case x == y:
		return matching.Agree
	case slices.Contains(x.related, y.name) || slices.Contains(y.related, x.name):
		return matching.Unknown
	}
	return matching.Conflict
}
