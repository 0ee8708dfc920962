package oracle

import (
	"cmp"
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

const (
	candidate = iota
	notified
	ended
)

// pair is a question and a record that met.
type pair struct {
	question, record *firearm
	status           int
	told             map[string]bool // roles told since it last began
	seen             string          // role to which a candidate was shown
	ever             map[string]bool // roles that were ever told or shown it
	class            string          // as it was met last
	because          string
	endedAt          uint64 // seq
	asked            *asking
}

func (p *pair) other(x *firearm) *firearm {
	if p.question == x {
		return p.record
	}
	return p.question
}

// meeting is how two firearms meet now.
type meeting struct {
	question, record *firearm
	class            string
	facts            matching.Facts
	decision         matching.Decision
}

// meetAll lets a record that is described or amended meet everything there is.
func (o *Oracle) meetAll(x *firearm) {
	for _, y := range o.firearms {
		if m, ok := o.meet(x, y); ok {
			if line := o.tell(m); line != "" {
				o.expected = append(o.expected, line)
			}
		}
	}
}

// answer lets a question meet everything there is. Matches are never cut; of
// candidates the asker is shown the best by grade and strength, then the oldest.
func (o *Oracle) answer(x *firearm, limit uint32) (lines []string, truncated bool) {
	var mine []meeting
	for _, y := range o.firearms {
		m, ok := o.meet(x, y)
		if !ok {
			continue
		}
		if m.decision.Outcome == matching.Candidate && m.class != "prior_sighting" {
			if !o.denies(m.record, x.org, x.acting) {
				mine = append(mine, m)
			}
		} else if line := o.tell(m); line != "" {
			lines = append(lines, line)
		}
	}
	slices.SortStableFunc(mine, func(a, b meeting) int {
		return cmp.Or(-cmp.Compare(a.facts.Grade, b.facts.Grade), -cmp.Compare(a.facts.MilliBits, b.facts.MilliBits))
	})
	if limit == 0 {
		limit = 50
	}
	if len(mine) > int(limit) {
		mine, truncated = mine[:limit], true
	}
	for _, m := range mine {
		lines = append(lines, o.tell(m))
	}
	return lines, truncated
}

// meet says whether x, of whom something has just been said, meets y.
func (o *Oracle) meet(x, y *firearm) (m meeting, ok bool) {
	if x == y || !x.record && !y.record || x.recovered() && y.recovered() && x.org == y.org || x.wanted() && y.wanted() && x.org == y.org {
		return m, false
	}
	if x.about == y || y.about == x {
		return m, false
	}
	m = o.cast(x, y)
	if !m.record.record || m.record.over || m.record.until <= o.at {
		return m, false
	}
	if m.question == y && !o.stands(y, m.class) || m.class == "duplicate" && (y.over || y.until <= o.at) {
		return m, false
	}
	if !o.best(&m, x, y) || m.decision.Outcome == matching.Nothing {
		return m, false
	}
	if m.class == "alert" && !mayPrecede(m.record.date, m.question.date) {
		m.class, m.decision.Outcome = "prior_sighting", matching.Candidate
	}
	if m.question == y && y.context == "routine_control" {
		m.decision.Outcome = min(m.decision.Outcome, matching.Candidate)
	}
	if p := o.known(x, y); p != nil { // whoever asked first goes on asking
		m.question, m.record = p.question, p.record
	}
	return m, true
}

func (o *Oracle) cast(x, y *firearm) meeting {
	asks, answers := x, y // of two records that could both ask, the newer word asks
	if !y.record || x.wanted() && y.recovered() {
		asks, answers = y, x
	}
	m := meeting{question: asks, record: answers, class: "alert"}
	switch {
	case asks.wanted():
		m.class = "duplicate"
	case answers.recovered():
		m.class = "custody"
	}
	return m
}

// stands says whether y, asked before, is still a question.
func (o *Oracle) stands(y *firearm, class string) bool {
	switch {
	case class == "duplicate":
		return true
	case y.over || y.stands <= o.at:
		return false
	case y.record:
		return y.until > o.at
	}
	return y.kept || o.mayAsk(y.right, y.org, y.acting)
}

func mayPrecede(loss, question events.Date) bool {
	return loss.IsZero() || question.IsZero() || loss.Min() <= question.Max()
}

// best compares all marks of x with all of y; the pair that tells most counts.
func (o *Oracle) best(m *meeting, x, y *firearm) (met bool) {
	for _, a := range x.finds() {
		for _, b := range y.finds() {
			grade := matching.Compare(a, b)
			if grade == matching.NoMeeting {
				continue
			}
			f := matching.FactsOf(grade, matching.MeasurePair(a, b))
			f.Make, f.Model = o.makes.compare(x.said.Make, y.said.Make), o.models.compare(x.said.Model, y.said.Model)
			f.Calibre = o.calibres.compare(x.said.Calibre, y.said.Calibre)
			f.Type = map[events.Comparison]matching.Result{events.Agree: matching.Agree, events.Conflict: matching.Conflict}[events.TypesCompatible(x.said.Type, y.said.Type)]
			d := o.table.Decide(f)
			if d.Outcome == matching.Notify && o.shared(x, b, m.question) {
				f.Shared = true
				d = o.table.Decide(f)
			}
			if !met || tellsMore(d, f, m.decision, m.facts) {
				m.facts, m.decision = f, d
			}
			met = true
		}
	}
	return met
}

func tellsMore(d matching.Decision, f matching.Facts, d2 matching.Decision, f2 matching.Facts) bool {
	return cmp.Or(cmp.Compare(d.Outcome, d2.Outcome), cmp.Compare(f.Grade, f2.Grade), cmp.Compare(f.MilliBits, f2.MilliBits)) > 0
}

// shared says whether one owner holds the number of a mark in so many cases
// that it is no weapon's own.
func (o *Oracle) shared(x *firearm, number matching.Mark, asker *firearm) bool {
	cases := map[events.OrgID]map[[3]string]bool{}
	for _, f := range o.firearms {
		if !f.record || f.over || f.until <= o.at || f != x && !f.bears(keyOf(number)) {
			continue
		}
		if o.denies(f, asker.org, asker.acting) {
			continue // what is withheld from the asker must not show in its answer
		}
		if cases[f.org] == nil {
			cases[f.org] = map[[3]string]bool{}
		}
		if cases[f.org][f.ofCase] = true; len(cases[f.org]) >= o.table.SharedCases() {
			return keyOf(number) != ""
		}
	}
	return false
}

func (f *firearm) bears(key string) bool {
	for _, m := range f.finds() {
		if key != "" && keyOf(m) == key {
			return true
		}
	}
	return false
}

// keyOf is the number of a mark as it is counted, "" for a partial one.
func keyOf(m matching.Mark) string {
	for kind, key := range matching.Keys(m) {
		if kind == matching.WholeKey && !m.Partial {
			return string(key)
		}
	}
	return ""
}

func (o *Oracle) known(x, y *firearm) *pair {
	for _, p := range o.pairs {
		if p.question == x && p.record == y || p.question == y && p.record == x {
			return p
		}
	}
	return nil
}

// denies says whether a firearm is withheld from a party: from itself, from its
// parent, or from the body it acts for.
func (o *Oracle) denies(f *firearm, party, acting events.OrgID) bool {
	for _, id := range f.denying() {
		if id == party || id == o.orgs[party].Parent || id == acting {
			return true
		}
	}
	return false
}

func names3(roles map[string]bool) (list []string) {
	for _, r := range []string{"general_secretariat", "asker", "owner"} {
		if roles[r] {
			list = append(list, r)
		}
	}
	return list
}

// tells gives each inbox one entry, however many of the roles it has. Whoever
// has none may know all the same.
func (o *Oracle) tells(p *pair, roles map[string]bool) (tells []events.Tell) {
	for _, role := range names3(roles) {
		org := map[string]events.OrgID{"general_secretariat": o.secretary, "asker": p.question.org, "owner": p.record.org}[role]
		to := o.inboxOf(org)
		if to == "" {
			tells = append(tells, events.Tell{Org: org, Role: role})
			continue
		}
		i := slices.IndexFunc(tells, func(t events.Tell) bool { return t.Org == to })
		if i < 0 {
			tells = append(tells, events.Tell{Org: to, Role: role, N: 1})
			continue
		}
		tells[i].Role = strings.Join([]string{tells[i].Role, role}, "+")
	}
	return tells
}
