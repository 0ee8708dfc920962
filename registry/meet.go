package registry

import (
	"cmp"
	"slices"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// side is one of the two firearms of a meeting, ready to be compared.
type side struct {
	*subject
	make, model, calibre probe           // of a draft once it has met somebody
	said                 *events.Firearm // what a draft says, until then
	deny                 []orgRef
	about                events.UUID   // the record that a trace is about
	marks                []events.Mark // of a draft; those of a stored subject are in the index
}

// drafted is the side of a description that is not in the state yet. Nothing is
// interned: Decide changes nothing.
func (s *State) drafted(r *subject, f *events.Firearm, deny []events.OrgID) side {
	x := side{subject: r, marks: f.Marks, said: f}
	for _, id := range deny {
		if ref := s.directory.byID[id]; ref != 0 { // one that is not in the directory takes part in nothing
			x.deny = append(x.deny, ref)
		}
	}
	slices.Sort(x.deny)
	return x
}

// stored is the side of a subject of the state.
func (s *State) stored(row uint32) side {
	r := s.subject(row)
	x := side{
		subject: r, deny: s.denySets[r.deny],
		make: s.makes.probeOf(r.make), model: s.models.probeOf(r.model), calibre: s.calibres.probeOf(r.calibre),
	}
	if r.isTrace() {
		if i, ok := s.traces.find(r.id); ok {
			x.about = s.traces.all.at(i).record
		}
	}
	return x
}

// maxMeetings bounds the meetings of one entry, so that its effects stay under
// events.MaxEffects; what remains becomes due work.
// The longest meeting, with the longest ids and numbers, is 930 bytes.
const maxMeetings = 64

// meeting finds whom a firearm meets and what follows.
type meeting struct {
	*call
	x         side
	draft     subject // x's row, of a request
	self      uint32  // row of x, if amending or continuing
	amending  bool    // x is a record of the state already
	renewing  bool    // x had expired, and due work has not come to it yet
	bounded   bool    // only limit candidates are shown: a search
	limit     int
	broad     int // records met before it is too broad; 0 = no bound
	truncated bool
	visited   int       // stored marks met so far: the work that it was
	met       int       // of a search: those that its asker may know of
	sharing   []counted // whether the mark at hand is a shared number, by who asks
	room      int       // effects of meetings that the entry holds
	full      bool      // the entry holds no more; what remains is left to due work
	effects   []events.Effect
}

// newMeeting makes the one meeting of the state ready for x: a decision is over
// with one before it begins another, and each is as large as an entry.
func (c *call) newMeeting(x side) *meeting {
	c.meeting = meeting{call: c, x: x, room: maxMeetings, sharing: c.meeting.sharing[:0]}
	return &c.meeting
}

// pair is the best meeting of x's marks with those of one stored subject.
type pair struct {
	row      uint32
	mine     int // index in x's marks
	theirs   int
	facts    matching.Facts
	decision matching.Decision
	over     bool // its match ends with this decision
}

// better says whether p tells more than q: by outcome, then grade, then
// strength.
func (p pair) better(q pair) bool {
	return cmp.Or(cmp.Compare(p.decision.Outcome, q.decision.Outcome),
		cmp.Compare(p.facts.Grade, q.facts.Grade), cmp.Compare(p.facts.MilliBits, q.facts.MilliBits)) > 0
}

// run fills effects; false says that x is too broad to be answered. What does
// not fit into one entry is left to due work, whose cursor says how many
// candidates may still be shown: 0 = all, k = k - 1. The limit cuts what the
// asker is shown and nothing else: never a match, nor what others are shown.
func (m *meeting) run() bool {
	pairs, ok := m.pairs()
	if !ok {
		return false
	}
	switch {
	case m.renewing:
		m.endOverdue()
	case m.amending:
		m.endLost(pairs)
	}
	shown, here := 0, 0 // candidates for the asker: in all, and in this entry
	for i := range pairs {
		e := m.follow(&pairs[i])
		if e == nil {
			continue
		}
		counted := m.bounded && showsAsker(e)
		if counted && shown == m.limit {
			m.truncated = true
			continue
		}
		stays := m.add(e)
		if counted {
			shown++
		}
		if counted && stays {
			here++
		}
	}
	if m.full {
		m.effects = append(m.effects, events.MoreEffect{Cursor: m.cursor(here)})
	}
	return true
}

func showsAsker(e events.Effect) bool {
	c, ok := e.(*events.CandidateEffect)
	return ok && c.Class != classes[classPrior]
}

// add adds an effect if the entry has room for it.
func (m *meeting) add(e events.Effect) bool {
	if len(m.effects) >= m.room {
		m.full = true
	}
	if !m.full {
		m.effects = append(m.effects, e)
	}
	return !m.full
}

func (m *meeting) cursor(shown int) uint64 {
	if !m.bounded {
		return 0
	}
	return uint64(m.limit-shown) + 1
}

// pairs are the subjects that x's marks meet, each once with its best pair of
// marks: what tells most first, then in the order of their arrival.
func (m *meeting) pairs() ([]pair, bool) {
	var best map[uint32]int // row -> place in out
	var out []pair
	for i, mark := range m.x.marks {
		if !makesKey(mark) {
			continue
		}
		m.sharing = m.sharing[:0]
		mine := markOf(mark)
		hits := m.index.Meet(m.index.Scratch(), mine)
		m.visited += len(hits)
		if m.broad > 0 && m.tooBroad(hits) {
			return nil, false
		}
		for _, hit := range hits {
			row, theirs := m.index.Subject(hit.Mark)
			y := m.stored(row)
			r, ok := cast(&m.x, &y)
			if !ok || m.amending && row == m.self {
				continue
			}
			p := m.judge(i, mine, r, &y, hit)
			p.row, p.theirs = row, int(theirs)
			if at, seen := best[row]; !seen {
				if best == nil {
					best = make(map[uint32]int)
				}
				best[row] = len(out)
				out = append(out, p)
			} else if p.better(out[at]) {
				out[at] = p
			}
		}
	}
	slices.SortFunc(out, func(a, b pair) int {
		return cmp.Or(-cmp.Compare(a.decision.Outcome, b.decision.Outcome), -cmp.Compare(a.facts.Grade, b.facts.Grade),
			-cmp.Compare(a.facts.MilliBits, b.facts.MilliBits), cmp.Compare(a.row, b.row))
	})
	return out, true
}

// tooBroad counts the marks of records that a search has met, and says whether
// they are too many to be answered. It counts what its asker may know of: no
// questions of others, and no record that is withheld.
func (m *meeting) tooBroad(hits []matching.Hit) bool {
	for _, hit := range hits {
		row, _ := m.index.Subject(hit.Mark)
		if r := m.subject(row); r.isRecord() && !m.denied(m.denySets[r.deny], m.x.org, m.x.acting) {
			m.met++
		}
	}
	return m.met > m.broad
}

// judge asks the policy about one pair of marks. The shared number is counted
// only where it could matter: it is a walk over all marks of the same key.
func (m *meeting) judge(i int, mine matching.Mark, r roles, y *side, hit matching.Hit) pair {
	m.readNames()
	f := matching.FactsOf(hit.Grade, matching.MeasurePair(mine, m.index.Mark(hit.Mark)))
	f.Make = m.makes.compare(m.x.make, y.make)
	f.Model = m.models.compare(m.x.model, y.model)
	f.Calibre = m.calibres.compare(m.x.calibre, y.calibre)
	f.Type = compareTypes(m.x.typ, y.typ)
	d := m.policy.Decide(f)
	if d.Outcome == matching.Notify && m.sharedOnce(hit, r.question) {
		f.Shared = true
		d = m.policy.Decide(f)
	}
	return pair{mine: i, facts: f, decision: d}
}

// readNames looks up what a draft says: most firearms meet nothing, and need not
// be named.
func (m *meeting) readNames() {
	if f := m.x.said; f != nil {
		m.x.make, m.x.model, m.x.calibre = m.makes.probe(f.Make), m.models.probe(f.Model), m.calibres.probe(f.Calibre)
		m.x.said = nil
	}
}

// counted is what counting a number came to for one asker.
type counted struct {
	org, acting orgRef
	shared      bool
}

// sharedOnce counts a number once for all that meet the mark at hand by the
// same key; else a number that a thousand bear would cost a million steps.
func (m *meeting) sharedOnce(hit matching.Hit, asker *side) bool {
	if hit.Grade < matching.Lookalike {
		return m.shared(hit.Mark, asker) // met by another key than the mark's own
	}
	for _, c := range m.sharing {
		if c.org == asker.org && c.acting == asker.acting {
			return c.shared
		}
	}
	c := counted{asker.org, asker.acting, m.shared(hit.Mark, asker)}
	m.sharing = append(m.sharing, c)
	return c.shared
}

func compareTypes(a, b uint8) matching.Result {
	switch events.CompareTypes(a, b) {
	case events.Agree:
		return matching.Agree
	case events.Conflict:
		return matching.Conflict
	}
	return matching.Unknown
}

// shared says whether one owner holds the number of a stored mark in as many
// distinct cases as the policy calls shared; x counts if it is a record. What is
// withheld from the asker does not count: its answer must not tell of it.
func (m *meeting) shared(id matching.MarkID, asker *side) bool {
	type held struct {
		org  orgRef
		hash uint32
	}
	var seen []held
	count := func(r *subject, deny []orgRef) bool {
		h := held{r.org, r.caseHash}
		if !r.isRecord() || slices.Contains(seen, h) || m.denied(deny, asker.org, asker.acting) {
			return false
		}
		seen = append(seen, h)
		n := 0
		for _, s := range seen {
			if s.org == h.org {
				n++
			}
		}
		return n >= m.policy.SharedCases()
	}
	if count(m.x.subject, m.x.deny) {
		return true
	}
	found := false
	m.index.SameKey(id, func(other matching.MarkID) bool {
		row, _ := m.index.Subject(other)
		r := m.subject(row)
		found = r.live(m.in.At) && !(m.amending && row == m.self) && count(r, m.denySets[r.deny])
		return !found
	})
	return found
}
