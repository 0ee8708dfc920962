package projections

import (
	"maps"
	"slices"

	"github.com/armslog/armslog/events"
)

// reference adds an entry of the reference table; its id is that which the
// decision gave it.
func (r *Rows) reference(e *events.Entry, id string, b *events.ReferenceSubmitted) {
	s := &r.sheets[referenceSheet]
	s.str(id)
	s.when(e)
	s.strs(b.Kind, b.Name, b.Country, b.Make, b.FirearmType)
	s.list(b.Calibres)
	s.list(b.Aliases)
	s.length(len(b.Codes))
	for _, list := range slices.Sorted(maps.Keys(b.Codes)) {
		s.strs(list, b.Codes[list])
	}
	s.list(b.Related)
	s.length(len(b.SerialForms))
	for _, f := range b.SerialForms {
		s.strs(f.Pattern, f.From, f.Until)
		s.boolean(f.Year != nil)
	}
	s.str(e.Src)
	s.end(e.Seq)
}
