package gateway

import (
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// metrics of the edge. No label holds an organisation, an id or a path.
type metrics struct {
	requests *prometheus.CounterVec
	duration *prometheus.HistogramVec
	rows     map[string]prometheus.Counter // by status; made once, a batch counts a row in nanoseconds
	refused  map[string]prometheus.Counter // by bound
	streams  prometheus.Gauge
}

func newMetrics(reg prometheus.Registerer) *metrics {
	m := &metrics{
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "armslog_http_requests_total", Help: "Requests answered, by route and status.",
		}, []string{"method", "route", "status"}),
		duration: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "armslog_http_request_seconds", Help: "Time from the request's headers to the end of the answer.",
			Buckets: []float64{.001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 10, 60},
		}, []string{"route"}),
		streams: prometheus.NewGauge(prometheus.GaugeOpts{
			Name: "armslog_http_streams", Help: "Live inboxes that are open.",
		}),
	}
	rows := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "armslog_http_batch_rows_total", Help: "Rows of batches answered, by verdict.",
	}, []string{"status"})
	m.rows = make(map[string]prometheus.Counter)
	for _, status := range []string{"registered", "amended", "unchanged", "withdrawn", "answered", "rejected"} {
		m.rows[status] = rows.WithLabelValues(status)
	}
	refused := prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "armslog_http_refused_total", Help: "Requests refused because a bound was reached: of what an organisation has under way, or of what waits to be decided.",
	}, []string{"bound"})
	m.refused = make(map[string]prometheus.Counter)
	for kind := range boundKinds {
		m.refused[kind.String()] = refused.WithLabelValues(kind.String())
	}
	m.refused[backlogBound] = refused.WithLabelValues(backlogBound)
	reg.MustRegister(m.requests, m.duration, rows, refused, m.streams)
	return m
}

// backlogBound is the bound of what waits in a mailbox, which the node holds.
const backlogBound = "backlog"

func (m *metrics) observe(method, route string, status int, took time.Duration) {
	m.requests.WithLabelValues(method, route, strconv.Itoa(status)).Inc()
	m.duration.WithLabelValues(route).Observe(took.Seconds())
}
