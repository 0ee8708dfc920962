package registry

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
)

// orgRef numbers an organisation in the order of its first appearance; 0 is
// none.
type orgRef = uint16

// Organisation kinds.
const (
	kindNCB        = "ncb"
	kindNational   = "national_entity"
	kindSecretary  = "general_secretariat"
	kindCustoms    = "customs_administration"
	rightRegister  = "register"
	rightSearch    = "search"
	rightTrace     = "trace"
	rightReference = "reference"
)

// directory is who there is and what they have agreed.
type directory struct {
	orgs       []organisation // by orgRef; 0 is unused
	byID       map[events.OrgID]orgRef
	agreements map[string]*agreement
	ending     []*agreement // those not ended yet, the first to end first
	secretary  orgRef
}

type organisation struct {
	events.OrganisationSubmitted
	seq       uint64
	parent    orgRef
	questions []uint32     // its searches that stand, and some that ended since the list was last swept
	over      int          // how many of them those are
	granted   []*agreement // sorted by id
	inbox     []uint64     // seq of each notification; its n is index + 1
	acked     uint64
	digest    uint32     // late candidates not told yet
	digestDay events.Day // of the first of them
	used      usage
	decided   int64 // offset of its mailbox up to which all is decided
	passable  int64 // what is lost before this offset may be passed over
}

// usage counts one UTC day of log time against an agreement's limits.
type usage struct {
	day               events.Day
	searches, partial uint32
}

type agreement struct {
	events.AgreementGranted
	seq   uint64
	ended string // "", revoked, ended
	keep  bool
}

// active says whether the agreement holds at log time at. The dates decide,
// not the due work that ends it.
func (a *agreement) active(at int64) bool {
	return a.ended == "" && at >= a.ValidFrom.Min().Start() && at < a.ValidUntil.End()
}

func newDirectory() directory {
	return directory{orgs: make([]organisation, 1), byID: map[events.OrgID]orgRef{}, agreements: map[string]*agreement{}}
}

func (d *directory) org(ref orgRef) *organisation { return &d.orgs[ref] }

func (d *directory) lookup(id events.OrgID) (*organisation, orgRef) {
	ref := d.byID[id]
	if ref == 0 {
		return nil, 0
	}
	return &d.orgs[ref], ref
}

// put names or amends an organisation.
func (d *directory) put(o events.OrganisationSubmitted, seq uint64) (ref orgRef, amended bool) {
	ref = d.byID[o.OrganisationID]
	amended = ref != 0
	if !amended {
		d.orgs = append(d.orgs, organisation{})
		ref = orgRef(len(d.orgs) - 1)
		d.byID[o.OrganisationID] = ref
	}
	at := &d.orgs[ref]
	at.OrganisationSubmitted, at.seq, at.parent = o, seq, d.byID[o.Parent]
	if o.Kind == kindSecretary {
		d.secretary = ref
	}
	return ref, amended
}

// has says whether an organisation has a right at log time at: an NCB by what
// it is, a national entity because its NCB says so, others by an agreement.
func (d *directory) has(ref orgRef, right string, at int64) bool {
	o := d.org(ref)
	switch {
	case o.Kind == kindNCB, o.Kind == kindNational && slices.Contains(o.Rights, right):
		return true
	}
	return d.agreementFor(ref, right, at) != nil
}

// agreementFor is the agreement that gives the right, the lowest id first where
// several do, so that every node counts against the same one.
func (d *directory) agreementFor(ref orgRef, right string, at int64) *agreement {
	for _, a := range d.org(ref).granted {
		if a.active(at) && slices.Contains(a.Rights, right) {
			return a
		}
	}
	return nil
}

// grant gives an agreement to its grantee, or replaces one of the same id.
func (d *directory) grant(a *agreement) (amended bool) {
	old := d.agreements[a.AgreementID]
	if old != nil {
		was := d.org(d.refOf(old.Grantee))
		was.granted = slices.DeleteFunc(was.granted, func(x *agreement) bool { return x == old })
	}
	d.agreements[a.AgreementID] = a
	grantee := d.org(d.refOf(a.Grantee)) // there, but for its naming having been erased
	grantee.granted = append(grantee.granted, a)
	slices.SortFunc(grantee.granted, func(x, y *agreement) int { return strings.Compare(x.AgreementID, y.AgreementID) })
	d.ending = slices.DeleteFunc(d.ending, func(x *agreement) bool { return x == old })
	d.ending = append(d.ending, a)
	slices.SortFunc(d.ending, func(x, y *agreement) int {
		return cmp.Or(cmp.Compare(x.ValidUntil.Max(), y.ValidUntil.Max()), strings.Compare(x.AgreementID, y.AgreementID))
	})
	return old != nil
}

// end ends an agreement, because of "revoked" or "ended".
func (d *directory) end(a *agreement, because string, keep bool) {
	a.ended, a.keep = because, keep
	d.ending = slices.DeleteFunc(d.ending, func(x *agreement) bool { return x == a })
}

// mayActFor says whether an agreement lets its grantee act for body. Where it
// holds only without own access, it ends when body gets access of its own.
func (d *directory) mayActFor(a *agreement, body orgRef, at int64) bool {
	if a == nil || a.ActsFor == nil || body == 0 {
		return false
	}
	o := d.org(body)
	if !slices.Contains(a.ActsFor.Kinds, o.Kind) && !slices.Contains(a.ActsFor.Organisations, o.OrganisationID) {
		return false
	}
	return !a.ActsFor.OnlyWithoutOwnAccess || !d.has(body, rightSearch, at)
}

// mayAsk says whether asker may search, or trace, at all, and for acting, at log
// time at; the code is that of the refusal.
func (d *directory) mayAsk(right string, asker, acting orgRef, at int64) (code string) {
	if !d.has(asker, right, at) {
		return "no_right"
	}
	if acting == 0 || d.askingAgreement(right, asker, acting, "", at) != nil {
		return ""
	}
	return "not_acting_for"
}

// askingAgreement is the first agreement by which asker may search, or trace,
// for acting (0 = itself) and for purpose ("" = any), nil if there is none.
func (d *directory) askingAgreement(right string, asker, acting orgRef, purpose string, at int64) *agreement {
	for _, a := range d.org(asker).granted {
		if a.active(at) && slices.Contains(a.Rights, right) &&
			(acting == 0 || d.mayActFor(a, acting, at)) &&
			(purpose == "" || len(a.Purposes) == 0 || slices.Contains(a.Purposes, purpose)) {
			return a
		}
	}
	return nil
}

// recipient is whose inbox gets what is told to an organisation: its own, its
// parent's if it has none, nobody's (0) if neither has.
func (d *directory) recipient(ref orgRef) orgRef {
	for range 8 { // a chain of parents cannot be longer; a cycle ends here
		if ref == 0 || d.org(ref).Inbox {
			return ref
		}
		ref = d.org(ref).parent
	}
	return 0
}

// sees says whether viewer may see what is ref's: its own, and as a parent NCB
// that of its national entities.
func (d *directory) sees(viewer, ref orgRef) bool {
	return viewer != 0 && (viewer == ref || d.org(ref).parent == viewer)
}

// sorted are the agreements in the order of their ids.
func (d *directory) sorted() []*agreement {
	out := make([]*agreement, 0, len(d.agreements))
	for _, id := range slices.Sorted(maps.Keys(d.agreements)) {
		out = append(out, d.agreements[id])
	}
	return out
}
