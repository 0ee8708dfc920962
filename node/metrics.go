package node

import (
	"strings"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/armslog/armslog/events"
)

// metrics are what a node counts while it works: a few atomic operations a
// batch, none an entry. No label bears a name of anybody.
type metrics struct {
	decisions map[events.Verdict]prometheus.Counter
	rejects   map[string]prometheus.Counter
	entries   prometheus.Histogram // of a batch
	bytes     prometheus.Histogram // of a batch
	appends   map[string]prometheus.Observer
	fetches   map[string]prometheus.Observer
	fences    prometheus.Counter
	all       []prometheus.Collector

	damaged atomic.Bool  // the journal cannot be what a leader wrote
	sent    atomic.Int64 // when the append under way was begun, Unix nanoseconds; 0 = none is
	offset  atomic.Int64 // up to which the journal is folded
	end     atomic.Int64 // of the journal, as last seen
	heard   atomic.Int64 // when the journal's end was last told, Unix milliseconds
	whole   atomic.Int64 // when the state was last known to be at the journal's end, Unix milliseconds
}

// The logs whose latency is measured.
const (
	logJournal = "journal"
	logMailbox = "mailbox"
	logOutbox  = "outbox"
)

var latencies = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

func newMetrics() *metrics {
	m := &metrics{
		entries: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "armslog_batch_entries", Help: "Entries that one append of the leader held.", Buckets: []float64{1, 2, 5, 10, 25, 50, 100, 250, 500, 1000},
		}),
		bytes: prometheus.NewHistogram(prometheus.HistogramOpts{
			Name: "armslog_batch_bytes", Help: "Bytes that one append of the leader held.", Buckets: prometheus.ExponentialBuckets(1<<10, 4, 7),
		}),
		fences: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "armslog_fences_total", Help: "Fences in the journal that replaced its owner, as this node has folded them.",
		}),
	}
	decisions := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "armslog_decisions_total", Help: "Requests that this node has decided as leader, by verdict.",
	}, []string{"verdict"})
	m.decisions = map[events.Verdict]prometheus.Counter{}
	for _, v := range []events.Verdict{events.Accepted, events.Rejected, events.Unchanged, events.Duplicate, events.Undecodable, events.Failed} {
		m.decisions[v] = decisions.WithLabelValues(string(v))
	}
	rejects := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "armslog_rejects_total", Help: "Requests that this node has rejected as leader, by the class of their first code.",
	}, []string{"class"})
	m.rejects = map[string]prometheus.Counter{}
	for _, class := range rejectClasses {
		m.rejects[class] = rejects.WithLabelValues(class)
	}
	var appends, fetches *prometheus.HistogramVec
	m.appends, appends = byLog("armslog_append_seconds", "Time from an append to its acknowledgement, attempts that failed included.", logJournal, logMailbox, logOutbox)
	m.fetches, fetches = byLog("armslog_fetch_seconds", "Time of a fetch that found something, its wait for that included.", logJournal, logMailbox)
	m.all = []prometheus.Collector{decisions, rejects, m.entries, m.bytes, appends, fetches, m.fences}
	return m
}

func byLog(name, help string, logs ...string) (map[string]prometheus.Observer, *prometheus.HistogramVec) {
	vec := prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: name, Help: help, Buckets: latencies}, []string{"log"})
	by := map[string]prometheus.Observer{}
	for _, log := range logs {
		by[log] = vec.WithLabelValues(log)
	}
	return by, vec
}

// took measures what is done to a log.
func took(of prometheus.Observer) func(time.Duration) {
	return func(d time.Duration) { of.Observe(d.Seconds()) }
}

// appending notes that an append to the journal begins; done ends it.
func (m *metrics) appending() (done func() (took time.Duration)) {
	began := time.Now()
	m.sent.Store(began.UnixNano())
	return func() time.Duration {
		m.sent.Store(0)
		return time.Since(began)
	}
}

// unacknowledged is for how long the append under way has not been acknowledged.
// The histogram of appends knows only those that were, at last.
func (m *metrics) unacknowledged() time.Duration {
	sent := m.sent.Load()
	if sent == 0 {
		return 0
	}
	return max(0, time.Since(time.Unix(0, sent)))
}

// decided counts a batch that was accepted.
func (m *metrics) decided(d *decided, took time.Duration) {
	m.appends[logJournal].Observe(took.Seconds())
	m.entries.Observe(float64(len(d.entries)))
	m.bytes.Observe(float64(d.bytes))
	for v, n := range d.verdicts {
		m.decisions[v].Add(float64(n))
	}
	for class, n := range d.rejects {
		m.rejects[class].Add(float64(n))
	}
}

// saw notes how far the journal is folded, and where it ends.
func (m *metrics) saw(offset, end int64) {
	m.offset.Store(offset)
	m.end.Store(end)
	now := time.Now().UnixMilli()
	if m.heard.Store(now); offset >= end {
		m.whole.Store(now)
	}
}

// rejectClasses are why requests are rejected, from the sender's point of view.
var rejectClasses = []string{"form", "right", "unknown", "conflict", "limit"}

// classOf is the class of a reject's code: the codes are many and grow.
func classOf(errs []events.FieldError) string {
	if len(errs) == 0 {
		return "form"
	}
	code := errs[0].Code
	switch code {
	case "no_right", "not_acting_for", "purpose_required", "wrong_purpose", "not_owner", "not_a_party", "not_requester", "not_addressee",
		"forwarding_not_allowed", "operation_taken", "gateway_only", "access_only", "source_mismatch":
		return "right"
	case "revision_conflict", "record_closed", "family_changed", "match_over", "not_asked", "asker_has_no_record", "withheld_from_other",
		"no_more_time", "trace_is_closed", "answer_final", "answer_acknowledged", "operation_closed", "id_reused", "search_over", "agreement_over",
		"policy_name_taken", "nothing_due", "not_sent_yet", "offset_decided":
		return "conflict"
	case "quota_exceeded", "too_broad", "too_few_signs", "until_too_far":
		return "limit"
	}
	switch {
	case strings.HasPrefix(code, "already_"), strings.HasSuffix(code, "_fixed"):
		return "conflict"
	case strings.HasSuffix(code, "_unknown"):
		return "unknown"
	}
	return "form"
}
