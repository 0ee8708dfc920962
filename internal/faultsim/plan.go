package faultsim

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// Plan is all that a seed decides: who asks what when is drawn by the callers
// themselves, from the same seed.
type Plan struct {
	Seed      uint64
	Brokers   int
	Nodes     int
	Storm     time.Duration
	Requests  int           // of each organisation
	Burst     time.Duration // all ask at once, so often; 0 = each when it likes
	spells    []spell
	incidents []incident
	stalls    []stall // a node stops in the middle of a step
	ending    string
	skipping  skipping // after endLoss
}

// skipping is what the General Secretariat does about a mailbox that has lost
// its head.
type skipping struct {
	skips   bool  // else the mailbox stays stopped
	wrongly bool  // first it permits less than what is lost
	more    int64 // than what is lost is permitted
	restart bool  // all nodes, before anything is left to be decided
	empty   bool  // retention takes all that was sent
}

// incident is what befalls a node or the brokers once.
type incident struct {
	at    time.Duration
	what  string
	node  int
	lasts time.Duration
	clock time.Duration // by which it is off
	topic string
}

// stall is a node that stands still at a numbered step of the leader.
type stall struct {
	node  int
	point string
	hit   int64
	lasts time.Duration
}

// Incidents.
const (
	crash    = "a node dies and is started again"
	freeze   = "a node stands still"
	unplug   = "a node is cut off"
	jump     = "a clock jumps"
	move     = "another broker leads a topic"
	rehash   = "another broker coordinates the groups"
	stalled  = "a leader stands still within a step"
	twoLeads = "two leaders for an hour"
	endPlain = "all is well"
	endLoss  = "a mailbox loses its head"
	endCut   = "the journal is cut short"
	endEmpty = "the journal is emptied"
)

var points = []string{
	"leader.2.before", "leader.2.after", "leader.3.before", "leader.4.before", "leader.5.before", "leader.5.after", "leader.6.before", "leader.6.after",
}

// NewPlan draws a run.
func NewPlan(seed uint64) *Plan {
	r := rand.New(rand.NewPCG(seed, 1))
	p := &Plan{Seed: seed, Brokers: 1 + 2*r.IntN(2), Nodes: 2 + r.IntN(2), Requests: 5 + r.IntN(8)}
	p.Storm = 12*time.Second + time.Duration(r.Int64N(int64(30*time.Second)))
	p.spells = makeSpells(r, p.Storm, p.hosts())
	within := func(d time.Duration) time.Duration { return time.Duration(r.Int64N(int64(d))) }
	for range r.IntN(4) {
		i := incident{at: within(p.Storm), node: r.IntN(p.Nodes), lasts: time.Second + within(20*time.Second)}
		i.what = []string{crash, crash, freeze, unplug, jump, jump, move, rehash}[r.IntN(8)]
		i.topic = []string{"armslog.journal", "armslog.in." + bureaus[0], "armslog.out." + bureaus[1]}[r.IntN(3)]
		i.clock = time.Duration(r.Int64N(int64(4 * time.Hour)))
		if r.IntN(3) == 0 {
			i.clock = time.Duration(r.Int64N(int64(12 * time.Second)))
		}
		if r.IntN(2) == 0 {
			i.clock = -i.clock
		}
		p.incidents = append(p.incidents, i)
	}
	if r.IntN(3) == 0 {
		p.stalls = append(p.stalls, stall{r.IntN(p.Nodes), points[r.IntN(len(points))], 1 + r.Int64N(12), time.Second + within(40*time.Second)})
	}
	if r.IntN(2) == 0 {
		p.Burst = 2*time.Second + within(4*time.Second)
	}
	if r.IntN(4) == 0 {
		p.duel(r)
	}
	if r.IntN(60) == 0 { // an hour takes a second of ours
		p.Storm = time.Hour + 5*time.Minute
		if r.IntN(2) == 0 {
			p.incidents = append(p.incidents, incident{at: within(30 * time.Second), what: twoLeads, lasts: time.Hour})
		} else {
			for n := range p.Nodes {
				p.stalls = append(p.stalls, stall{n, points[4], 2 + r.Int64N(6), time.Hour})
			}
		}
	}
	slices.SortStableFunc(p.incidents, func(a, b incident) int { return int(a.at - b.at) })
	p.ending = endPlain
	if r.IntN(5) == 0 {
		p.ending = []string{endLoss, endLoss, endCut, endEmpty}[r.IntN(4)]
	}
	if p.ending == endLoss {
		p.skipping = skipping{r.IntN(3) > 0, r.IntN(3) == 0, r.Int64N(4), r.IntN(2) == 0, r.IntN(3) == 0}
	}
	return p
}

// duel has each leader stand still with a batch in its hands for about as long
// as it takes another to be elected, which then does not see all requests: so
// two leaders decide the same differently.
func (p *Plan) duel(r *rand.Rand) {
	p.Burst, p.Requests = 2*time.Second, p.Requests+8
	for n := range p.Nodes {
		p.stalls = append(p.stalls, stall{n, "leader.5.before", 3 + r.Int64N(8), 6*time.Second + time.Duration(r.Int64N(int64(4*time.Second)))})
	}
	from := time.Duration(r.Int64N(int64(p.Storm)))
	p.spells = append(p.spells, spell{key: kmsg.Fetch, place: Mailbox, from: from, until: p.Storm, odds: 0.5, how: code, code: kerr.NotLeaderForPartition})
}

func (p *Plan) hosts() (names []string) {
	for i := range p.Nodes {
		names = append(names, nodeName(i))
	}
	return append(names, bureaus...)
}

func nodeName(i int) string { return fmt.Sprint("node-", i) }

// String is the plan as a person reads it.
func (p *Plan) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "seed %d: %d brokers, %d nodes, %v of storm, %d requests a caller, then: %s\n", p.Seed, p.Brokers, p.Nodes, p.Storm, p.Requests, p.ending)
	for _, s := range p.spells {
		fmt.Fprintln(&b, "  ", s)
	}
	for _, i := range p.incidents {
		fmt.Fprintf(&b, "   %v %s: node %d, for %v, clock %v, %s\n", i.at, i.what, i.node, i.lasts, i.clock, i.topic)
	}
	for _, s := range p.stalls {
		fmt.Fprintf(&b, "   node %d at %s, time %d, stands still for %v\n", s.node, s.point, s.hit, s.lasts)
	}
	return b.String()
}
