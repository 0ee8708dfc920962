package reference

import (
	"cmp"
	"iter"
	"slices"
)

// Spellings are the names of one entry, made ready to be looked for.
type Spellings struct {
	texts []string // the name, then aliases
	names []Name
	codes []string
}

// SpellingsOf makes an entry's names and codes ready.
func SpellingsOf(name string, aliases []string, codes map[string]string) *Spellings {
	s := &Spellings{texts: append([]string{name}, aliases...)}
	for _, text := range s.texts {
		s.names = append(s.names, NameOf(text))
	}
	for _, c := range codes {
		s.codes = append(s.codes, c)
	}
	slices.Sort(s.codes)
	return s
}

// Hit is an entry that was found.
type Hit struct {
	Entry    int
	Reason   Reason
	Distance int    // among those of one reason: 0 is nearest
	Spelling string // of the entry, that which was found
}

// before orders hits: the strongest reason, the nearest, the first come.
func (h Hit) before(o Hit) int {
	return cmp.Or(-cmp.Compare(h.Reason, o.Reason), cmp.Compare(h.Distance, o.Distance), cmp.Compare(h.Entry, o.Entry))
}

// Find looks a name up, however it is spelt: the best hit of each entry, the
// best first, at most limit (0 = all). An exact hit is the only one: nothing that is
// merely like it follows.
func Find(asked string, entries iter.Seq2[int, *Spellings], limit int) []Hit {
	name := NameOf(asked)
	if len(name.fold) == 0 {
		return nil
	}
	var hits []Hit
	exact := false
	for i, s := range entries {
		h := s.best(&name, asked)
		if h.Reason == None {
			continue
		}
		h.Entry = i
		exact = exact || h.Reason.Exact()
		hits = append(hits, h)
	}
	if exact {
		hits = slices.DeleteFunc(hits, func(h Hit) bool { return !h.Reason.Exact() })
	}
	slices.SortFunc(hits, Hit.before)
	if limit > 0 && len(hits) > limit {
		hits = hits[:limit]
	}
	return hits
}

// Only is the hit that leaves no choice among all that were found: no other
// entry is as near by as good a reason.
func Only(hits []Hit) (Hit, bool) {
	if len(hits) == 0 {
		return Hit{}, false
	}
	first := hits[0]
	for _, other := range hits[1:] {
		if first.rivals(other) {
			return Hit{}, false
		}
	}
	return first, true
}

// rivals says whether a hit may as well be meant. A name cut off and a name
// misspelt are as good a reason, and what was cut off cannot be nearer.
func (h Hit) rivals(o Hit) bool {
	switch {
	case h.Reason == Spelling && o.Reason == Spelling, h.Reason == Part && o.Reason == Part:
		return o.Distance <= h.Distance
	case h.Reason == Beginning:
		return o.Reason == Beginning || o.Reason == Spelling
	}
	return h.Reason == o.Reason
}

func (s *Spellings) best(asked *Name, text string) (best Hit) {
	for i := range s.names {
		if !slices.Equal(asked.fold, s.names[i].fold) {
			continue
		}
		if i == 0 {
			return Hit{Reason: ByName, Spelling: s.texts[0]}
		}
		return Hit{Reason: Alias, Spelling: s.texts[i]}
	}
	if slices.Contains(s.codes, text) {
		return Hit{Reason: Code, Spelling: text}
	}
	for i := range s.names {
		reason, distance := like(asked, &s.names[i])
		h := Hit{Reason: reason, Distance: distance, Spelling: s.texts[i]}
		if reason != None && (best.Reason == None || h.before(best) < 0) {
			best = h
		}
	}
	return best
}
