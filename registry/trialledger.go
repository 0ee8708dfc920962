package registry

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/armslog/armslog/events"
)

// The two sides of a trial.
const (
	history = iota
	trial
)

// maxDifferences bounds the memory of a trial beside its State.
const maxDifferences = 1_000_000

// maxDetails bounds how many differences of a side are kept whole, for examples.
const maxDetails = 4096

// ledger counts what either side told, and keeps what differs. Most of it the
// two tell at the same entry: what is open at a time is little.
type ledger struct {
	open    map[toldKey]difference
	words   map[string]string // each word once, and no slice of an entry's bytes
	details [2]int
	entered uint64
}

// toldKey is one match told to one organisation.
type toldKey struct {
	match events.UUID
	org   events.OrgID
}

// difference is what one side has told more often than the other.
type difference struct {
	net                   int32 // trial less history
	side                  int8
	seq                   uint64
	grade, strength, make string
	detail                *TrialExample
}

func newLedger() ledger {
	return ledger{open: map[toldKey]difference{}, words: map[string]string{}}
}

func (l *ledger) word(s string) string {
	w, ok := l.words[s]
	if !ok {
		w = strings.Clone(s)
		l.words[w] = w
	}
	return w
}

func (l *ledger) enter(m *events.Meeting, to events.Tell, side int, seq uint64) {
	key := toldKey{m.ID, l.word(to.Org)}
	l.entered++
	d, there := l.open[key]
	if !there {
		d = difference{side: int8(side), seq: seq, grade: l.word(m.Grade), strength: l.word(m.Strength), make: l.word(m.Results.Make)}
		if l.details[side] < maxDetails {
			l.details[side]++
			d.detail = l.example(m, to, seq)
		}
	}
	if side == trial {
		d.net++
	} else {
		d.net--
	}
	if d.net != 0 {
		l.open[key] = d
		return
	}
	if d.detail != nil {
		l.details[d.side]--
	}
	delete(l.open, key)
}

func (l *ledger) example(m *events.Meeting, to events.Tell, seq uint64) *TrialExample {
	return &TrialExample{
		order: l.entered, Seq: seq, Organisation: l.word(to.Org), Role: l.word(to.Role),
		MatchID: m.ID, Class: l.word(m.Class), Question: m.Question, Asker: l.word(m.Asker), ActingFor: l.word(m.ActingFor),
		Record: m.Record, Owner: l.word(m.Owner), Grade: l.word(m.Grade), Bits: m.Bits, Strength: l.word(m.Strength), Shared: m.Shared,
		Results: events.Results{
			Make: l.word(m.Results.Make), Model: l.word(m.Results.Model), Calibre: l.word(m.Results.Calibre), Type: l.word(m.Results.Type),
		},
		Policy: l.word(m.Policy), Rule: m.Rule,
	}
}

// TrialResult is what a policy would have told more, and less.
type TrialResult struct {
	Policy    string       `json:"policy"`
	Entries   uint64       `json:"entries" doc:"Of the journal, folded again."`
	Undecided uint64       `json:"undecided" doc:"Requests that were accepted and could not be under this policy: they answer a match that would not have been."`
	History   uint64       `json:"history" doc:"Notifications of matches that were sent."`
	Trial     uint64       `json:"trial" doc:"Notifications of matches that would have been sent."`
	Added     TrialSide    `json:"added"`
	Gone      TrialSide    `json:"gone"`
	Counts    []TrialCount `json:"counts"`
}

// TrialSide is what one side told and the other did not.
type TrialSide struct {
	Notifications uint64         `json:"notifications"`
	Matches       uint64         `json:"matches" doc:"That these notifications are about."`
	Candidates    uint64         `json:"candidates" doc:"Shown to one party alone; nobody is notified of them."`
	Examples      []TrialExample `json:"examples" doc:"The first of the notifications, at most 20."`
}

// TrialCount counts notifications by one thing they have in common.
type TrialCount struct {
	By    string `json:"by" doc:"grade, strength, make (how the makes compare), organisation (that is told)"`
	Value string `json:"value"`
	Added uint64 `json:"added"`
	Gone  uint64 `json:"gone"`
}

// TrialExample is one notification. It holds no text of the two descriptions.
type TrialExample struct {
	order uint64 // in which they were told

	Seq          uint64         `json:"seq" doc:"Entry at which it was, or would have been, sent."`
	Organisation events.OrgID   `json:"organisation"`
	Role         string         `json:"role"`
	MatchID      events.UUID    `json:"match_id"`
	Class        string         `json:"class"`
	Question     events.UUID    `json:"question"`
	Asker        events.OrgID   `json:"asker"`
	ActingFor    events.OrgID   `json:"acting_for,omitempty"`
	Record       events.UUID    `json:"record"`
	Owner        events.OrgID   `json:"owner"`
	Grade        string         `json:"grade"`
	Bits         uint32         `json:"bits" doc:"Thousandths of a bit."`
	Strength     string         `json:"strength"`
	Shared       bool           `json:"shared,omitempty"`
	Results      events.Results `json:"results"`
	Policy       string         `json:"policy"`
	Rule         int            `json:"rule" doc:"Index of the policy's rule that decided, -1 = its else."`
}

const trialExamples = 20

// Result says what differs up to the last entry folded, with what is due at its
// time done.
func (t *Trial) Result() (TrialResult, error) {
	if err := t.catchUp(t.s.at); err != nil {
		return TrialResult{}, err
	}
	r := TrialResult{
		Policy: t.name, Entries: t.entries, Undecided: t.undecided, History: t.notified[history], Trial: t.notified[trial], Counts: t.told.counts(),
		Added: t.told.side(1), Gone: t.told.side(-1),
	}
	r.Added.Candidates, r.Gone.Candidates = t.shown.total(1), t.shown.total(-1)
	return r, nil
}

// of is how much of a difference is on the side of sign.
func (d difference) of(sign int32) uint64 { return uint64(max(0, d.net*sign)) }

func (l *ledger) total(sign int32) (n uint64) {
	for _, d := range l.open {
		n += d.of(sign)
	}
	return n
}

func (l *ledger) side(sign int32) TrialSide {
	s := TrialSide{Notifications: l.total(sign), Examples: []TrialExample{}}
	matches := map[events.UUID]struct{}{}
	for key, d := range l.open {
		if d.of(sign) == 0 {
			continue
		}
		matches[key.match] = struct{}{}
		if d.detail != nil {
			s.Examples = append(s.Examples, *d.detail)
		}
	}
	slices.SortFunc(s.Examples, func(a, b TrialExample) int {
		return cmp.Compare(a.order, b.order)
	})
	s.Examples = slices.Clip(s.Examples[:min(len(s.Examples), trialExamples)])
	s.Matches = uint64(len(matches))
	return s
}

// counts are what differs by what it has in common, in the order of the words
// that say it.
func (l *ledger) counts() []TrialCount {
	all := []TrialCount{}
	for _, by := range []struct {
		name string
		of   func(toldKey, difference) string
	}{
		{"grade", func(_ toldKey, d difference) string { return d.grade }},
		{"strength", func(_ toldKey, d difference) string { return d.strength }},
		{"make", func(_ toldKey, d difference) string { return d.make }},
		{"organisation", func(k toldKey, _ difference) string { return k.org }},
	} {
		counts := map[string]*TrialCount{}
		for key, d := range l.open {
			v := by.of(key, d)
			if counts[v] == nil {
				counts[v] = &TrialCount{By: by.name, Value: v}
			}
			counts[v].Added += d.of(1)
			counts[v].Gone += d.of(-1)
		}
		for _, v := range slices.Sorted(maps.Keys(counts)) {
			all = append(all, *counts[v])
		}
	}
	return all
}
