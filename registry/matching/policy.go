package matching

import "encoding/json"

// Policy is the table that turns a meeting into an outcome: data of the journal
// (the body of policy.set), named by every match. Its first rule that holds
// decides.
type Policy struct {
	Name        string `json:"policy"`
	Bits        Bits   `json:"bits"`
	SharedCases int    `json:"shared_cases"` // from so many cases of one owner on a number is shared
	Rules       []Rule `json:"rules"`
	Else        string `json:"else"`
}

// Bits are the bits from which on a pair is fair, and strong; below it is weak.
type Bits struct {
	Fair   int `json:"fair"`
	Strong int `json:"strong"`
}

// Rule holds for a meeting of one of its grades and classes of strength, when
// every condition it states holds. A term is a field (make, model, calibre,
// type) and a sign: "make=" the makes agree, "make!" they conflict, "make" it
// is unknown whether they do.
type Rule struct {
	Grade          []string `json:"grade"`
	Strength       []string `json:"strength"`
	MinKnownDigits int      `json:"min_known_digits,omitempty"`
	All            []string `json:"all,omitempty"`     // each of them holds
	Any            []string `json:"any,omitempty"`     // at least one holds
	None           []string `json:"none,omitempty"`    // no one holds
	NotAll         []string `json:"not_all,omitempty"` // at least one does not hold
	Then           string   `json:"then"`
}

// Class returns the class of a strength in thousandths of a bit.
func (b Bits) Class(milliBits int32) Class {
	switch {
	case int64(milliBits) >= int64(b.Strong)*1000:
		return Strong
	case int64(milliBits) >= int64(b.Fair)*1000:
		return Fair
	}
	return Weak
}

// Encode returns the policy as JSON, the form DecodePolicy reads.
func (p Policy) Encode() ([]byte, error) {
	if p.Rules == nil {
		p.Rules = []Rule{} // a list without rules, not null
	}
	return json.Marshal(p)
}

// DefaultPolicy is the policy of a new registry.
func DefaultPolicy() Policy {
	number := []string{"exact", "normalised", "confusable"}
	return Policy{
		Name:        "2026-11-23.1",
		Bits:        Bits{Fair: 14, Strong: 26},
		SharedCases: 3,
		Rules: []Rule{
			{Grade: number, Strength: []string{"strong"}, All: []string{"make!", "type="}, None: []string{"calibre!"}, Then: "notify"},
			{Grade: number, Strength: []string{"strong"}, None: []string{"make!"}, NotAll: []string{"calibre!", "type!"}, Then: "notify"},
			{Grade: number, Strength: []string{"strong"}, Then: "candidate"},
			{Grade: number, Strength: []string{"fair"}, All: []string{"make=", "type="}, None: []string{"calibre!"}, Then: "notify"},
			{Grade: number, Strength: []string{"fair", "weak"}, NotAll: []string{"make!", "calibre!", "type!"}, Then: "candidate"},
			{Grade: []string{"lookalike"}, Strength: []string{"strong"}, All: []string{"make=", "type="}, None: []string{"calibre!"}, Then: "notify"},
			{Grade: []string{"lookalike"}, Strength: []string{"strong"}, Then: "candidate"},
			{Grade: []string{"lookalike"}, Strength: []string{"fair"}, None: []string{"make!"}, NotAll: []string{"calibre!", "type!"}, Then: "candidate"},
			{Grade: []string{"series_missing"}, Strength: []string{"strong", "fair"}, All: []string{"make=", "type="}, Then: "candidate"},
			{Grade: []string{"partial"}, Strength: []string{"strong", "fair"}, MinKnownDigits: 3, Any: []string{"make=", "type="}, Then: "candidate"},
		},
		Else: "nothing",
	}
}
