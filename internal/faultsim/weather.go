package faultsim

import (
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// spell is a time in which one kind of request fares in one way: one fault.
type spell struct {
	from, until time.Duration // since the storm began
	key         kmsg.Key
	place       Place
	host        string // "" = everybody
	odds        float64
	how         string
	delay       time.Duration // where how is a delay
	code        *kerr.Error   // where how is "code"
}

func (s spell) String() string {
	what := s.how
	if s.code != nil {
		what = s.code.Message
	}
	return fmt.Sprintf("%v-%v %v %s %s %s %.1f %v", s.from.Round(time.Millisecond), s.until.Round(time.Millisecond), s.key, s.place, s.host, what, s.odds, s.delay)
}

// kind is a request as nodes and organisations make them, and the errors with
// which a broker may answer it.
type kind struct {
	key   kmsg.Key
	place Place
	codes []*kerr.Error
}

// Errors of a broker that is not, or not any more, the right one to ask.
var elsewhere = []*kerr.Error{
	kerr.NotLeaderForPartition, kerr.LeaderNotAvailable, kerr.UnknownTopicOrPartition, kerr.KafkaStorageError, kerr.UnknownServerError,
	kerr.FencedLeaderEpoch, kerr.UnknownLeaderEpoch,
}

// produced: with REQUEST_TIMED_OUT and NOT_ENOUGH_REPLICAS_AFTER_APPEND the
// batch is stored all the same.
var produced = append(slices.Clone(elsewhere), kerr.RequestTimedOut, kerr.NotEnoughReplicasAfterAppend, kerr.NotEnoughReplicas,
	kerr.CorruptMessage, kerr.TopicAuthorizationFailed, kerr.BrokerNotAvailable)

var grouped = []*kerr.Error{kerr.CoordinatorNotAvailable, kerr.CoordinatorLoadInProgress, kerr.NotCoordinator, kerr.UnknownMemberID,
	kerr.RebalanceInProgress, kerr.IllegalGeneration, kerr.GroupAuthorizationFailed}

// kinds are all requests that nodes and organisations make.
var kinds = []kind{
	{kmsg.Produce, Journal, produced},
	{kmsg.Produce, Mailbox, produced},
	{kmsg.Produce, Outbox, produced},
	{kmsg.Fetch, Journal, elsewhere},
	{kmsg.Fetch, Mailbox, elsewhere},
	{kmsg.Fetch, Outbox, elsewhere},
	{kmsg.ListOffsets, Journal, append(slices.Clone(elsewhere), kerr.OffsetNotAvailable)},
	{kmsg.ListOffsets, Outbox, append(slices.Clone(elsewhere), kerr.OffsetNotAvailable)},
	{kmsg.Metadata, Anywhere, []*kerr.Error{kerr.LeaderNotAvailable, kerr.UnknownTopicOrPartition, kerr.TopicAuthorizationFailed}},
	{kmsg.CreateTopics, Anywhere, []*kerr.Error{kerr.RequestTimedOut, kerr.NotController, kerr.UnknownServerError, kerr.InvalidReplicationFactor}},
	{kmsg.ApiVersions, Anywhere, nil},
	{kmsg.InitProducerID, Anywhere, []*kerr.Error{kerr.CoordinatorLoadInProgress, kerr.CoordinatorNotAvailable, kerr.RequestTimedOut}},
	{kmsg.FindCoordinator, Group, grouped[:3]},
	{kmsg.JoinGroup, Group, grouped},
	{kmsg.SyncGroup, Group, grouped},
	{kmsg.Heartbeat, Group, grouped},
	{kmsg.OffsetFetch, Group, grouped[:3]},
	{kmsg.LeaveGroup, Group, grouped},
}

// Ways in which a request may fare.
const (
	lost   = "lost"   // the connection is cut before the request has arrived
	cut    = "cut"    // it is cut before the answer has arrived: handled, and nobody knows
	silent = "silent" // nothing happens until the sender has given up long ago; then the request is lost
	slow   = "slow"   // it is on its way for some seconds
	late   = "late"   // it arrives when its sender has given up
	unsaid = "unsaid" // it is handled at once, and answered when its sender has given up
	code   = "code"   // the broker answers with an error
)

// giveUp is longer than any sender waits for an answer.
const giveUp = 12 * time.Second

// weather is all that may befall requests.
type weather struct {
	seed   uint64
	spells []spell

	mu    sync.Mutex
	began time.Time         // of the storm; zero = not yet, or over
	asked map[Call]uint64   // how often
	seen  map[string]uint64 // faults that happened, by kind and way
}

// makeSpells draws the faults of a run.
func makeSpells(r *rand.Rand, storm time.Duration, hosts []string) (spells []spell) {
	for range 3 + r.IntN(8) {
		k := kinds[r.IntN(len(kinds))]
		if r.IntN(3) == 0 {
			k = kinds[r.IntN(6)] // appending and fetching are what it is about
		}
		s := spell{key: k.key, place: k.place, odds: []float64{0.1, 0.3, 0.7, 1}[r.IntN(4)]}
		s.from = time.Duration(r.Int64N(int64(storm)))
		s.until = s.from + time.Duration(r.Int64N(int64(15*time.Second)))
		if r.IntN(2) == 0 {
			s.host = hosts[r.IntN(len(hosts))]
		}
		ways := []string{lost, cut, silent, slow, late, unsaid, code, code, code}
		s.how = ways[r.IntN(len(ways))]
		if s.how == code && k.codes == nil {
			s.how = lost
		}
		switch s.how {
		case slow:
			s.delay = time.Duration(r.Int64N(int64(8 * time.Second)))
		case late, unsaid, silent:
			s.delay = giveUp + time.Duration(r.Int64N(int64(20*time.Second)))
		case code:
			s.code = k.codes[r.IntN(len(k.codes))]
			s.host = "" // a broker does not know who asks
		}
		spells = append(spells, s)
	}
	return spells
}

// drawn is a number in [0, 1) that depends on nothing but the seed, the kind of
// request and how many of them there were.
func (w *weather) drawn(c Call, n uint64, salt string) float64 {
	h := fnv.New64a()
	fmt.Fprint(h, w.seed, c.From, c.Key, c.Place, n, salt)
	return float64(h.Sum64()>>11) / (1 << 53)
}

// fate is what becomes of a request.
func (w *weather) fate(c Call) Fate {
	c.Version = 0
	w.mu.Lock()
	defer w.mu.Unlock()
	n := w.asked[c]
	w.asked[c]++
	// No two requests take equally long: so their order depends on the clock
	// more than on the scheduler.
	f := Fate{Before: time.Duration(w.drawn(c, n, "way") * float64(3*latency))}
	now := time.Since(w.began)
	if w.began.IsZero() {
		return f
	}
	for i, s := range w.spells {
		if s.how == code || now < s.from || now >= s.until || s.key != c.Key || s.place != c.Place || s.host != "" && s.host != c.From ||
			w.drawn(c, n, fmt.Sprint(i)) >= s.odds {
			continue
		}
		w.count(c.Key, c.Place, s.how)
		switch s.how {
		case lost:
			f.Lost = true
		case cut:
			f.Cut = true
		case silent:
			f.Before, f.Lost = s.delay, true
		case slow, late:
			f.Before += s.delay
		case unsaid:
			f.After = s.delay
		}
		return f
	}
	return f
}

// happens says whether spell i, an error code, befalls the next request.
func (w *weather) happens(i int, s spell) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	c := Call{From: fmt.Sprint("spell ", i), Key: s.key}
	n := w.asked[c]
	w.asked[c]++
	if w.drawn(c, n, "code") >= s.odds {
		return false
	}
	w.count(s.key, s.place, s.code.Message)
	return true
}

func (w *weather) count(k kmsg.Key, p Place, how string) {
	w.seen[fmt.Sprintf("%s/%s: %s", k.Name(), p, how)]++
}

// incident counts a fault that befalls a node or the brokers.
func (w *weather) incident(what string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.seen[what]++
}

// rages says whether the storm has begun and is not over.
func (w *weather) rages() bool { w.mu.Lock(); defer w.mu.Unlock(); return !w.began.IsZero() }

func (w *weather) begin() { w.mu.Lock(); w.began = time.Now(); w.mu.Unlock() }
func (w *weather) end()   { w.mu.Lock(); w.began = time.Time{}; w.mu.Unlock() }
