package registry

// Counts are sizes of the state, for gauges.
type Counts struct {
	Records, Searches, Traces int // ever registered, asked, requested: none is dropped
	Organisations             int
	Marks                     int // in the index
	Matches                   int
	Requests                  int // whose ids are remembered
	DueWork                   int // things of the registry's own that wait for their time
}

// Counts says how much the state holds, without walking it.
func (s *State) Counts() Counts {
	return Counts{
		Records: s.kinds.records, Searches: s.kinds.searches, Traces: s.kinds.traces,
		Organisations: len(s.orgs) - 1, Marks: s.index.Len(), Matches: s.matches.all.len(),
		Requests: int(s.requests.next - s.requests.front),
		DueWork:  len(s.due.more) + len(s.due.days) + len(s.due.keeping.days) + len(s.due.digests) + len(s.due.deadlines.heap),
	}
}

// kinds counts subjects as they are added.
type kinds struct{ records, searches, traces int }

func (k *kinds) add(r *subject) {
	switch {
	case r.isRecord():
		k.records++
	case r.isTrace():
		k.traces++
	default:
		k.searches++
	}
}
