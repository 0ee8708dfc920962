package faultsim

import (
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// sabotages break what the code promises, on the way to a broker, where the
// mistake would show: each must be seen by the checks.
var sabotages = map[string]struct {
	place  Place
	by     func(host string) bool
	nth    int  // append that is spoilt
	on     bool // and all that follow: of one, the broker notices that a sequence is missing
	breaks func(*Fate)
}{
	"the leader takes a lost append for stored, and goes on": {Journal, anyNode, 9, false, func(f *Fate) { f.Forged = true }},
	"the courier takes lost appends for stored":              {Outbox, anyNode, 4, true, func(f *Fate) { f.Forged = true }},
	"a mailbox is said to hold what it does not":             {Mailbox, anyBureau, 1, false, func(f *Fate) { f.Forged = true }},
}

func anyNode(host string) bool   { return strings.HasPrefix(host, "node-") }
func anyBureau(host string) bool { return slices.Contains(bureaus, host) }

func TestSimulationFindsBrokenPromises(t *testing.T) {
	for name, s := range sabotages {
		t.Run(name, func(t *testing.T) {
			p := NewPlan(1)
			p.spells, p.incidents, p.stalls, p.ending = nil, nil, nil, endPlain
			require.Empty(t, simulate(t, p, nil).Problems, "without it all is well")
			appends := 0
			r := simulate(t, p, func(c Call, f Fate) Fate {
				if c.Key == kmsg.Produce && c.Place == s.place && s.by(c.From) {
					if appends++; appends == s.nth || s.on && appends > s.nth {
						s.breaks(&f)
					}
				}
				return f
			})
			require.NotEmpty(t, r.Problems)
			t.Log(r.Problems[0])
		})
	}
}

// TestEndings: what no node may go on from is refused, or said, without any
// other fault.
func TestEndings(t *testing.T) {
	for _, ending := range []string{endPlain, endLoss, endCut, endEmpty} {
		t.Run(ending, func(t *testing.T) {
			p := NewPlan(2)
			p.spells, p.incidents, p.stalls, p.ending = nil, nil, nil, ending
			require.Empty(t, simulate(t, p, nil).Problems)
		})
	}
}
