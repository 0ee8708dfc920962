package projections

import (
	"slices"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Metrics are the read models' figures. Labels are names of tables, nothing
// else.
type Metrics struct {
	rows     *prometheus.CounterVec
	batches  prometheus.Counter
	seconds  prometheus.Histogram
	retries  *prometheus.CounterVec
	messages prometheus.Counter
	missing  prometheus.Gauge

	delivered atomic.Uint64 // seq after the last entry that the courier has done with
}

// NewMetrics registers the figures; a nil registry keeps them to themselves.
func NewMetrics(r prometheus.Registerer) *Metrics {
	name := func(n, help string) prometheus.Opts {
		return prometheus.Opts{Namespace: "armslog", Subsystem: "projections", Name: n, Help: help}
	}
	counter := func(n, help string) prometheus.Counter {
		return prometheus.NewCounter(prometheus.CounterOpts(name(n, help)))
	}
	m := &Metrics{
		rows:    prometheus.NewCounterVec(prometheus.CounterOpts(name("rows_total", "Rows stored.")), []string{"table"}),
		batches: counter("batches_total", "Batches stored, position and all."),
		seconds: prometheus.NewHistogram(prometheus.HistogramOpts{
			Namespace: "armslog", Subsystem: "projections", Name: "batch_seconds", Help: "Time to store one batch.",
			Buckets: prometheus.ExponentialBuckets(0.001, 4, 8)}),
		retries:  prometheus.NewCounterVec(prometheus.CounterOpts(name("retries_total", "Attempts that failed and were made again.")), []string{"follower"}),
		messages: counter("out_messages_total", "Messages sent to armslog.out."),
		missing: prometheus.NewGauge(prometheus.GaugeOpts(name("outboxes_missing",
			"Outboxes that the courier has messages for and that are not there, or not for it to use."))),
	}
	if r != nil {
		r.MustRegister(m.rows, m.batches, m.seconds, m.retries, m.messages, m.missing)
	}
	return m
}

// Delivered is the seq after the last entry that the courier has done with.
func (m *Metrics) Delivered() uint64 { return m.delivered.Load() }

func (m *Metrics) stored(l *load, names []string, took time.Duration) {
	for _, t := range tables {
		if !slices.Contains(names, t.Name) {
			continue
		}
		n := 0
		for _, r := range l.parts {
			n += len(r.sheets[t.sheet].rows)
		}
		m.rows.WithLabelValues(t.Name).Add(float64(n))
	}
	m.batches.Inc()
	m.seconds.Observe(took.Seconds())
}
