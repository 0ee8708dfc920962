package matching

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Problem is one thing wrong with a policy, as the edge tells it.
type Problem struct {
	Pointer string // JSON pointer to what is wrong
	Code    string
	Message string
}

// The codes of problems.
const (
	CodeMalformed = "malformed"     // not JSON
	CodeMissing   = "missing"       // a required field is absent
	CodeUnknown   = "unknown_field" // a field the policy does not have
	CodeDuplicate = "duplicate"     // a field or a code stands twice
	CodeType      = "wrong_type"    // another JSON type is expected
	CodeNotListed = "not_in_list"   // a code that is not in its list
	CodeRange     = "out_of_range"  // a number or a length outside its bounds
)

// Bounds of a policy. They keep the compiled table below 200 KB.
const (
	MaxRules       = 64
	MaxKnownDigits = 32
	maxBits        = 1000
	maxSharedCases = 1_000_000
	maxName        = 64
)

// DecodePolicy reads the body of policy.set. Unknown fields, repeated fields,
// nulls and everything after the object are refused. With problems, the policy
// must not be used.
func DecodePolicy(data []byte) (Policy, []Problem) {
	d := policyDecoder{}
	p := d.policy(data)
	if len(d.problems) > 0 {
		return Policy{}, d.problems
	}
	return p, nil
}

// Validate returns what is wrong with a policy made in code. It is what
// DecodePolicy says of the policy's own JSON.
func (p Policy) Validate() []Problem {
	data, err := p.Encode()
	if err != nil {
		return []Problem{{Code: CodeMalformed, Message: err.Error()}}
	}
	_, problems := DecodePolicy(data)
	return problems
}

type policyDecoder struct {
	problems []Problem
}

func (d *policyDecoder) fail(pointer, code, format string, args ...any) {
	d.problems = append(d.problems, Problem{pointer, code, fmt.Sprintf(format, args...)})
}

func (d *policyDecoder) policy(data []byte) (p Policy) {
	if !json.Valid(data) {
		d.fail("", CodeMalformed, "not one JSON value")
		return p
	}
	f := d.object("", data, "policy bits shared_cases rules else", "")
	if f == nil {
		return p
	}
	p.Name = d.name("/policy", f["policy"])
	p.Bits = d.bits("/bits", f["bits"])
	p.SharedCases = d.integer("/shared_cases", f["shared_cases"], 2, maxSharedCases)
	d.array("/rules", f["rules"], 0, MaxRules, func(pointer string, raw json.RawMessage) {
		p.Rules = append(p.Rules, d.rule(pointer, raw))
	})
	p.Else = d.code("/else", f["else"], outcomeNames[:])
	return p
}

func (d *policyDecoder) name(pointer string, raw json.RawMessage) string {
	s, ok := d.text(pointer, raw)
	if ok && (s == "" || len(s) > maxName || strings.Trim(s, nameSigns) != "") {
		d.fail(pointer, CodeRange, "a name is 1 to %d letters, digits, dots, hyphens or underscores", maxName)
	}
	return s
}

const nameSigns = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

func (d *policyDecoder) bits(pointer string, raw json.RawMessage) (b Bits) {
	f := d.object(pointer, raw, "fair strong", "")
	if f == nil {
		return b
	}
	before := len(d.problems)
	b.Fair = d.integer(pointer+"/fair", f["fair"], 1, maxBits)
	b.Strong = d.integer(pointer+"/strong", f["strong"], 1, maxBits)
	if len(d.problems) == before && b.Strong <= b.Fair {
		d.fail(pointer+"/strong", CodeRange, "strong must be more than fair")
	}
	return b
}

func (d *policyDecoder) rule(pointer string, raw json.RawMessage) (r Rule) {
	f := d.object(pointer, raw, "grade strength then", "all any none not_all min_known_digits")
	if f == nil {
		return r
	}
	r.Grade = d.codes(pointer+"/grade", f["grade"], gradeNames[Partial:])
	r.Strength = d.codes(pointer+"/strength", f["strength"], classNames[:])
	r.All = d.codes(pointer+"/all", f["all"], termNames)
	r.Any = d.codes(pointer+"/any", f["any"], termNames)
	r.None = d.codes(pointer+"/none", f["none"], termNames)
	r.NotAll = d.codes(pointer+"/not_all", f["not_all"], termNames)
	if raw, there := f["min_known_digits"]; there {
		r.MinKnownDigits = d.integer(pointer+"/min_known_digits", raw, 1, MaxKnownDigits)
	}
	r.Then = d.code(pointer+"/then", f["then"], outcomeNames[:])
	return r
}
