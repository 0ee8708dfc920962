package registry_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/registry/internal/oracle"
)

// Ten years pass in jumps of days and months, while everybody registers,
// amends, withdraws, asks, grants and revokes. Every deadline is met exactly
// once, in the order of the days, and never before its time; who is told of
// what equals the naive join; and the journal folds to the same state.
func TestTenYearsOfDeadlines(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		o, a := oracle.New(), newAlmanac()
		read := 0
		audit := func() {
			for ; read < len(w.journal); read++ {
				e := w.journal[read]
				a.read(t, w.s, e)
				if e.Envelope.Type != events.TypeEffectsContinued {
					require.Equal(t, o.Expect(e), oracle.Lines(w.decision(e)...), "seq %d: %s %s", e.Seq, e.Envelope.Type, e.Value)
				}
				require.Empty(t, o.Ended(e))
			}
		}
		for end := day("2036-11-23"); w.at < end; {
			for range rapid.IntRange(0, 4).Draw(t, "steps") {
				w.step(t)
			}
			w.pass(pick(t, "jump", 1, 7, 31, 180, 400))
			w.drain()
			audit()
		}
		a.nothingLeft(t)
		s := registry.New()
		for _, e := range w.journal {
			s.Evolve(stored(t, e), nil)
		}
		require.Equal(t, w.s.Hash(), s.Hash())
		at, ok := s.NextDue()
		require.True(t, !ok || at > w.at, "nothing is left undone")
	})
}

// almanac says what falls due, by a look at everything there is whenever log
// time has gone on. It reads the journal, and holds due work against that.
type almanac struct {
	at         int64
	last       int64 // when the last due work fell due
	records    map[events.UUID]keeping
	questions  map[events.UUID]events.Day // by the last day on which they stand
	agreements map[string]events.Date     // by the last day
	due        map[string]int64           // what is to be done now, and since when
}

type keeping struct {
	owner events.OrgID
	until events.Day
}

func newAlmanac() *almanac {
	return &almanac{records: map[events.UUID]keeping{}, questions: map[events.UUID]events.Day{}, agreements: map[string]events.Date{}, due: map[string]int64{}}
}

func (a *almanac) read(t *rapid.T, s *registry.State, e *events.Entry) {
	if e.At > a.at {
		a.nothingLeft(t)
		a.pass(e.At)
	}
	if e.Verdict != events.Accepted {
		return
	}
	body, _ := events.Decode(e.Envelope.Type, e.Value)
	if e.Src != events.SourceRegistry {
		a.nothingLeft(t)
	}
	switch b := body.(type) {
	case *events.AgreementGranted:
		a.agreements[b.AgreementID] = b.ValidUntil
	case *events.AgreementRevoked:
		delete(a.agreements, b.AgreementID)
	case *events.AgreementEnded:
		a.done(t, e, "agreement "+b.AgreementID)
		delete(a.agreements, b.AgreementID)
	case *events.RecordReviewDue:
		n := 0
		for _, r := range a.records {
			if r == (keeping{b.Organisation, b.Day}) {
				n++
			}
		}
		a.done(t, e, fmt.Sprint("review ", b.Organisation, b.Day, b.Months))
		for _, x := range effectsOf[events.NotifyEffect](e) {
			require.EqualValues(t, n, x.About.Count)
		}
	}
	for _, x := range e.Effects {
		a.effect(t, e, body, x)
	}
}

func (a *almanac) effect(t *rapid.T, e *events.Entry, body events.Body, x events.Effect) {
	switch x := x.(type) {
	case events.RecordEffect:
		switch b := body.(type) {
		case *events.RecordSubmitted:
			a.records[x.ID] = keeping{e.Src, b.RetainUntil.Max()}
		case *events.RecordExpired:
			a.done(t, e, "expired "+x.ID.String())
			delete(a.records, x.ID)
		default:
			delete(a.records, x.ID)
		}
	case events.QuestionEffect:
		if x.StandsUntil != 0 {
			a.questions[x.ID] = x.StandsUntil
		}
	case events.QuestionEndedEffect:
		delete(a.questions, x.ID)
		if key := "lapsed " + x.ID.String(); x.Because == "lapsed" {
			a.done(t, e, key)
		} else {
			delete(a.due, key) // ended for another reason first
		}
	}
}

// done crosses out what was done: once, and in the order in which it fell due.
func (a *almanac) done(t *rapid.T, e *events.Entry, what string) {
	due, ok := a.due[what]
	require.True(t, ok, "seq %d: %s is not due; due are %v", e.Seq, what, slices.Sorted(maps.Keys(a.due)))
	require.LessOrEqual(t, due, e.At, "never before its time")
	require.LessOrEqual(t, a.last, due, "seq %d: %s comes late", e.Seq, what)
	a.last = due
	delete(a.due, what)
}

// pass notes what falls due up to a log time.
func (a *almanac) pass(at int64) {
	falls := func(due int64, what string) {
		if a.at < due && due <= at {
			a.due[what] = due
		}
	}
	for id, r := range a.records {
		falls(before(r.until, 6), fmt.Sprint("review ", r.owner, r.until, 6))
		falls(before(r.until, 1), fmt.Sprint("review ", r.owner, r.until, 1))
		falls((r.until + 1).Start(), "expired "+id.String())
	}
	for id, last := range a.questions {
		falls((last + 1).Start(), "lapsed "+id.String())
	}
	for id, last := range a.agreements {
		falls(last.End(), "agreement "+id)
	}
	a.at, a.last = at, 0
}

// before counts months back in the calendar's own words: the same day, or the
// last one of a shorter month.
func before(last events.Day, months int) int64 {
	var y, m, d int
	if _, err := fmt.Sscanf(last.String(), "%d-%d-%d", &y, &m, &d); err != nil {
		panic(err)
	}
	if m -= months; m < 1 {
		y, m = y-1, m+12
	}
	for ; ; d-- {
		if day, ok := events.ParseDay(fmt.Sprintf("%04d-%02d-%02d", y, m, d)); ok {
			return day.Start()
		}
	}
}

func (a *almanac) nothingLeft(t *rapid.T) {
	require.Empty(t, strings.Join(slices.Sorted(maps.Keys(a.due)), ", "), "was not done when its time had come")
}
