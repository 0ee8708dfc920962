package registry

import (
	"encoding/json"
	"slices"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// dueWork is what the registry has to do of its own when log time has come.
// The leader journals it as entries with src=registry, a little at a time.
// Answers never wait for it: Decide compares the dates themselves.
type dueWork struct {
	lapsing   map[events.Day][]uint32 // questions by the first day on which they stand no more
	days      []events.Day            // keys of lapsing, sorted
	more      []continued             // decisions with more effects than one entry holds
	again     reexamination           // of all standing questions
	deadlines deadlines               // of single things
	keeping   keeping                 // until when records are kept
	digests   []orgRef                // organisations with late candidates to be told of, in order of appearance
}

// continued names a decision to go on with: the meetings of a subject, or the
// questions of an organisation that lost a right.
type continued struct {
	of      uint64 // seq of the first entry
	cursor  uint64 // of its MoreEffect
	subject uint32 // whose meetings go on, if org is 0
	org     orgRef // whose questions are looked through for those that may stand no more
}

func newDueWork() dueWork { return dueWork{lapsing: map[events.Day][]uint32{}} }

// lapsesPerEntry bounds the questions that one entry ends.
const lapsesPerEntry = 500

func (d *dueWork) standsUntil(row uint32, last events.Day) {
	day := last + 1
	if d.lapsing[day] == nil {
		i, _ := slices.BinarySearch(d.days, day)
		d.days = slices.Insert(d.days, i, day)
	}
	d.lapsing[day] = append(d.lapsing[day], row)
}

// NextDue is the log time at which the next due work falls due; ok is false
// where there is none.
func (s *State) NextDue() (at int64, ok bool) {
	w := s.dueNow(1<<62, &at)
	return at, w != nil
}

// Due is the next due work at log time now, as a request of the registry to
// itself, or nil. Offset, log time and salt are the caller's to set.
func (s *State) Due(now int64) *Input {
	var at int64
	body := s.dueNow(now, &at)
	if body == nil {
		return nil
	}
	return registryInput(body, now)
}

// dueNow finds the first work that is due by now, and when it fell due.
func (s *State) dueNow(now int64, due *int64) events.Body {
	var body events.Body
	offer := func(at int64, make func() events.Body) {
		if at <= now && (body == nil || at < *due) {
			body, *due = make(), at
		}
	}
	if len(s.due.more) > 0 {
		m := s.due.more[0]
		offer(s.at, func() events.Body { return &events.EffectsContinued{Of: m.of, Cursor: m.cursor} })
	}
	if len(s.due.days) > 0 {
		day := s.due.days[0]
		offer(day.Start(), func() events.Body { return &events.SearchLapsed{Day: day} })
	}
	for stage, days := range s.due.keeping.due {
		if len(days) > 0 {
			offer(stageAt(stage, days[0]), func() events.Body { return s.keepingDue(stage, days[0]) })
		}
	}
	if len(s.ending) > 0 {
		a := s.ending[0]
		offer(a.ValidUntil.End(), func() events.Body { return &events.AgreementEnded{AgreementID: a.AgreementID} })
	}
	for _, ref := range s.due.digests {
		o := s.org(ref)
		offer((o.digestDay + 1).Start(), func() events.Body {
			return &events.DigestDue{Organisation: o.OrganisationID, Day: o.digestDay}
		})
	}
	if x, ok := s.due.deadlines.first(); ok {
		offer(x.at, func() events.Body { return s.missed(x) })
	}
	return s.due.again.offer(now, due, body)
}

// missed is the work that a deadline leaves to do.
func (s *State) missed(x deadline) events.Body {
	switch x.kind {
	case deadlineTrace:
		return s.overdue(x)
	case deadlineConfirmation:
		return s.dueConfirmation(x)
	}
	panic("registry: a deadline of no kind")
}

// holds says whether a deadline still stands.
func (s *State) holds(x deadline) bool {
	switch x.kind {
	case deadlineTrace:
		return s.holdsTrace(x)
	case deadlineConfirmation:
		return s.holdsConfirmation(x)
	}
	return false
}

// registryInput is a request of the registry to itself.
func registryInput(body events.Body, at int64) *Input {
	value, err := json.Marshal(body)
	if err != nil {
		panic("registry: marshal due work: " + err.Error()) // plain structs of ours
	}
	env := events.NewEnvelope(events.UUID{}, body.Type())
	return &Input{
		Src: events.SourceRegistry, Span: 1, At: at, Value: value,
		Prepared: Prepare(events.SourceRegistry, env.Headers, value),
	}
}

// decideDue decides the registry's own work. That it is due was checked when it
// was made; log time cannot have gone back since.
func (s *State) decideDue(in *Input) decision {
	c := &call{State: s, in: in}
	switch b := in.Body.(type) {
	case *events.Genesis:
		if s.next != 0 {
			return reject("", "genesis_is_first")
		}
		if _, problems := matching.DecodePolicy(b.Policy); len(problems) > 0 {
			return reject("/policy", "invalid_policy")
		}
		return accept(events.DirectoryEffect{Kind: "organisation", ID: b.GeneralSecretariat, Outcome: "registered"})
	case *events.RecordReviewDue:
		return c.review(b)
	case *events.RecordExpired:
		return c.expire(b)
	case *events.SearchLapsed:
		return accept(c.lapse(b.Day)...)
	case *events.AgreementEnded:
		return c.endAgreement(b)
	case *events.DigestDue:
		return c.sendDigest(b)
	case *events.EffectsContinued:
		return c.goOn(b)
	case *events.QuestionsReexamined:
		return c.reexamine(b)
	case *events.TraceOverdue:
		return c.remind(b)
	case *events.ConfirmationOverdue:
		return c.remindOfConfirmation(b)
	}
	return reject("/headers/ce_type", "unknown_type")
}

func (c *call) lapse(day events.Day) (effects []events.Effect) {
	for _, row := range c.due.lapsing[day] {
		q := c.subject(row)
		if q.is(flagEnded) {
			continue
		}
		if len(effects) == lapsesPerEntry {
			break // the day stays due
		}
		effects = append(effects, events.QuestionEndedEffect{ID: q.id, Because: "lapsed"})
	}
	return effects
}

func (c *call) endAgreement(b *events.AgreementEnded) decision {
	a := c.agreements[b.AgreementID]
	if a == nil || a.ended != "" {
		return reject("/agreement_id", "agreement_over")
	}
	_, ref := c.lookup(a.Grantee)
	about := events.About{Kind: "agreement", ID: b.AgreementID}
	return accept(append(c.notify(ref, "agreement_changed", about),
		events.DirectoryEffect{Kind: "agreement", ID: b.AgreementID, Outcome: "ended"})...)
}

func (c *call) sendDigest(b *events.DigestDue) decision {
	o, ref := c.lookup(b.Organisation)
	if o == nil || o.digest == 0 {
		return reject("/organisation", "nothing_due")
	}
	return accept(c.notify(ref, "daily_digest", events.About{Kind: "digest", ID: b.Day.String(), Count: o.digest})...)
}

// goOn takes a decision up again where its last entry was full. The pairs that
// have been told are known by now, so the same code finds those that remain.
func (c *call) goOn(b *events.EffectsContinued) decision {
	if len(c.due.more) == 0 || c.due.more[0].of != b.Of {
		return reject("/of", "nothing_due")
	}
	next := c.due.more[0]
	if next.org != 0 {
		return accept(c.sweep(next.org)...)
	}
	r := c.subject(next.subject)
	switch {
	case r.is(flagClosed) && r.isRecord():
		return accept(c.endMatches(next.subject, c.closing(r))...)
	case r.is(flagClosed):
		return accept(c.endMatches(next.subject, endedQuestion)...)
	case r.isRecord() && !r.live(c.in.At):
		return accept() // it expired meanwhile: its matches end with that
	case !c.mayHear(r):
		return accept() // it lost its right before the rest of the answer
	}
	x := c.stored(next.subject)
	x.marks = c.storedMarks(next.subject)
	m := c.newMeeting(x)
	m.self, m.amending = next.subject, r.isRecord()
	if next.cursor > 0 {
		m.bounded, m.limit = true, int(next.cursor-1)
	}
	m.run()
	return accept(m.effects...)
}

// sweep ends the questions of an organisation that it may ask no longer.
func (c *call) sweep(ref orgRef) (effects []events.Effect) {
	for _, row := range c.org(ref).questions {
		q := c.subject(row)
		if q.is(flagEnded) || c.mayHear(q) {
			continue
		}
		if len(effects) == lapsesPerEntry {
			return append(effects, events.MoreEffect{})
		}
		effects = append(effects, events.QuestionEndedEffect{ID: q.id, Because: "agreement_ended"})
	}
	return effects
}

// GenesisInput is the request that becomes seq 0.
func GenesisInput(g events.Genesis, at int64) *Input { return registryInput(&g, at) }
