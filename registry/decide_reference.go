package registry

import (
	"slices"
	"strconv"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/reference"
)

func (c *call) submitReference(b *events.ReferenceSubmitted) decision {
	if !c.isSecretary() {
		return reject("", "no_right")
	}
	l := c.lexiconOf(b.Kind)
	if l == nil {
		return reject("/kind", "not_in_list")
	}
	if d := c.checkReference(b); d.verdict != "" {
		return d
	}
	id := ReferenceID(b)
	_, known := l.byID[id]
	return accept(events.DirectoryEffect{Kind: "reference", ID: id, Outcome: outcome(known)})
}

// checkReference refuses what could be read and never be of use: a model of a
// make that there is not, a form that no number can have.
func (c *call) checkReference(b *events.ReferenceSubmitted) decision {
	if _, known := c.makes.byID[b.Make]; b.Make != "" && !known {
		return reject("/make", "reference_unknown")
	}
	if b.Kind == "type" && b.FirearmType == "" {
		return reject("/type", "required")
	}
	for i, f := range b.SerialForms {
		at := "/serial_forms/" + strconv.Itoa(i)
		if _, err := reference.Pattern(f.Pattern); err != nil {
			return reject(at+"/pattern", "bad_format")
		}
		if f.Year != nil && f.Year.First == "" {
			return reject(at+"/year/first", "required")
		}
	}
	return decision{}
}

// lexiconOf is where names of a kind are compared.
func (s *State) lexiconOf(kind string) *lexicon {
	switch kind {
	case "make":
		return &s.makes
	case "model":
		return &s.models
	case "calibre":
		return &s.calibres
	case "type":
		return &s.types
	}
	return nil
}

// ReferenceID is the kind and the entry's own code (codes.local), or, where it
// has none, its folded name; of a model, its make's before it: make:TAS,
// model:TAS/82.
func ReferenceID(b *events.ReferenceSubmitted) string {
	own := b.Codes["local"]
	if own == "" {
		own = reference.Fold(b.Name)
	}
	if b.Kind == "model" && b.Make != "" {
		own = trimKind(b.Make) + "/" + own
	}
	return b.Kind + ":" + own
}

func trimKind(id string) string {
	if _, name, ok := strings.Cut(id, ":"); ok {
		return name
	}
	return id
}

// ownReference is a copy whose texts are no substrings of the request's body:
// they would keep what was fetched with it in memory.
func ownReference(b *events.ReferenceSubmitted) events.ReferenceSubmitted {
	r := *b
	for _, text := range []*string{&r.Name, &r.Make} {
		*text = strings.Clone(*text)
	}
	r.Calibres, r.Aliases, r.Related = cloned(b.Calibres), cloned(b.Aliases), cloned(b.Related)
	if b.Codes != nil {
		r.Codes = make(map[string]string, len(b.Codes))
	}
	for list, code := range b.Codes {
		r.Codes[strings.Clone(list)] = strings.Clone(code)
	}
	r.SerialForms = slices.Clone(b.SerialForms)
	for i := range r.SerialForms {
		f := &r.SerialForms[i]
		f.Pattern, f.From, f.Until = strings.Clone(f.Pattern), strings.Clone(f.From), strings.Clone(f.Until)
		f.Year, f.Month = ownCode(f.Year), ownCode(f.Month)
	}
	return r
}

func ownCode(c *events.SerialCode) *events.SerialCode {
	if c == nil {
		return nil
	}
	own := *c
	own.Signs, own.First = strings.Clone(c.Signs), strings.Clone(c.First)
	return &own
}

func cloned(list []string) []string {
	out := slices.Clone(list)
	for i := range out {
		out[i] = strings.Clone(out[i])
	}
	return out
}
