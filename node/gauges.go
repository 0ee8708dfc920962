package node

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// RegisterMetrics shows what a node knows: how far it is, whether it leads, how
// much the state holds, what it did. Gathering them never waits for the state:
// they are those of the last acknowledgement.
func RegisterMetrics(r prometheus.Registerer, n *Node) {
	r.MustRegister(n.metrics.all...)
	gauge := func(name, help string, read func(*figures) float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "armslog", Name: name, Help: help},
			func() float64 { return read(n.figures.Load()) }))
	}
	gauge("node_seq", "Entries of the journal that the state has folded.", func(f *figures) float64 { return float64(f.next) })
	gauge("state_records", "Records in the state, closed ones included.", func(f *figures) float64 { return float64(f.counts.Records) })
	gauge("state_searches", "Searches in the state, ended ones included.", func(f *figures) float64 { return float64(f.counts.Searches) })
	gauge("state_traces", "Traces in the state, closed ones included.", func(f *figures) float64 { return float64(f.counts.Traces) })
	gauge("state_matches", "Pairs that met.", func(f *figures) float64 { return float64(f.counts.Matches) })
	gauge("state_organisations", "Organisations of the directory.", func(f *figures) float64 { return float64(f.counts.Organisations) })
	gauge("state_marks", "Marks in the index.", func(f *figures) float64 { return float64(f.counts.Marks) })
	gauge("state_requests", "Requests whose ids are remembered.", func(f *figures) float64 { return float64(f.counts.Requests) })
	gauge("due_work", "Things of the registry's own that wait for their time.", func(f *figures) float64 { return float64(f.counts.DueWork) })
	gauge("due_overdue_seconds", "How long the next of them should have been done; 0 = it is not due.", n.overdue)
	gauge("node_ready", "1 once the state has reached the journal's end.", func(*figures) float64 { return truth(n.isReady()) })
	gauge("node_elected", "1 if this node has been elected leader: a hint.", func(*figures) float64 { return truth(n.elected()) })
	gauge("node_leads", "1 if this node owns the journal.", func(*figures) float64 { return truth(n.Leads()) })
	gauge("mailboxes_stopped", "Mailboxes that this leader has stopped because requests in them are lost.", func(*figures) float64 { return float64(len(n.Losses())) })
	gauge("mailbox_requests_waiting", "Requests that this leader has read and not decided.", func(*figures) float64 { return float64(n.waiting()) })
	gauge("requests_undecided", "Requests that this node has been given and not seen decided.", func(*figures) float64 { requests, _ := n.Undecided(); return float64(requests) })
	gauge("requests_undecided_bytes", "Bytes of the requests that this node has been given and not seen decided.", func(*figures) float64 { _, bytes := n.Undecided(); return float64(bytes) })
	gauge("journal_append_waiting_seconds", "For how long this leader's append has not been acknowledged; 0 = none is under way.", func(*figures) float64 { return n.metrics.unacknowledged().Seconds() })
	gauge("journal_damaged", "1 if the journal cannot be what a leader wrote.", func(*figures) float64 { return truth(n.metrics.damaged.Load()) })
	registerLag(r, "state", "all", n.stateLag)
}

// RegisterFollower shows how far a follower is behind this node's state; next is
// the seq after the last entry that it has done with. tables names what a
// projector fills, "all" otherwise.
func RegisterFollower(r prometheus.Registerer, n *Node, follower, tables string, next func() uint64) {
	registerLag(r, follower, tables, func() (uint64, time.Duration) { return n.hub.lag(next(), n.cfg.Now()) })
}

func registerLag(r prometheus.Registerer, follower, tables string, lag func() (uint64, time.Duration)) {
	labels := prometheus.Labels{"follower": follower, "tables": tables}
	r.MustRegister(
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name: "armslog_follower_lag_entries", Help: "Entries that a follower of the journal has not done with.", ConstLabels: labels,
		}, func() float64 { entries, _ := lag(); return float64(entries) }),
		prometheus.NewGaugeFunc(prometheus.GaugeOpts{
			Name:        "armslog_follower_lag_seconds",
			Help:        "Age of the oldest entry that a follower has not done with; of the state: for how long it has not been known to hold all (up to a second at rest).",
			ConstLabels: labels,
		}, func() float64 { _, age := lag(); return age.Seconds() }))
}

// stateLag is how far the state is behind the journal, and since when it has not
// been known to be at its end: that grows while the brokers do not answer, too.
func (n *Node) stateLag() (entries uint64, since time.Duration) {
	entries = uint64(max(0, n.metrics.end.Load()-n.metrics.offset.Load()))
	if whole := n.metrics.whole.Load(); whole > 0 {
		return entries, max(0, time.Since(time.UnixMilli(whole)))
	}
	return entries, time.Since(n.born)
}

func (n *Node) isReady() bool {
	select {
	case <-n.ready:
		return true
	default:
		return false
	}
}

func (n *Node) overdue(f *figures) float64 {
	if f.due == 0 {
		return 0
	}
	return max(0, n.cfg.Now().Sub(time.UnixMilli(f.due)).Seconds())
}

func truth(b bool) float64 {
	if b {
		return 1
	}
	return 0
}
