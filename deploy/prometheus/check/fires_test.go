package check

import (
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/template"
	"github.com/stretchr/testify/require"
)

// firing is an alert, series at which it fires within some time, and series that
// look like trouble and are none, at which it does not.
type firing struct {
	alert  string
	after  time.Duration
	fires  string
	leaves string
}

var firings = []firing{
	{"ArmslogNodeNotReady", 2 * time.Minute, `up{NODE} 0x40`, `up{NODE} 0x6 1x40`},
	{"ArmslogNodeNotReady", 2 * time.Minute, `armslog_node_ready{NODE} 0x40`, `armslog_node_ready{NODE} 0x6 1x40`},
	{"ArmslogNoLeader", time.Minute, `armslog_node_leads{NODE} 1 0x40`, // the next one takes over
		`armslog_node_leads{NODE} 1 0x40
		armslog_node_leads{job="armslog", instance="node2:8080"} 0 0 1x40`},
	{"ArmslogJournalDamaged", 30 * time.Second, `armslog_journal_damaged{NODE} 0 1 _x40`, `armslog_journal_damaged{NODE} 0x40`},
	{"ArmslogAppendsFail", time.Minute, `armslog_journal_append_waiting_seconds{NODE} 0+15x40`, `armslog_journal_append_waiting_seconds{NODE} 0 9 0 9 0 9x40`},
	{"ArmslogAppendsSlow", 16 * time.Minute,
		`armslog_append_seconds_bucket{NODE, log="journal", le="0.5"} 0+9x100
		armslog_append_seconds_bucket{NODE, log="journal", le="1"} 0+10x100
		armslog_append_seconds_bucket{NODE, log="journal", le="+Inf"} 0+10x100`,
		`armslog_append_seconds_bucket{NODE, log="journal", le="0.5"} 0+10x100
		armslog_append_seconds_bucket{NODE, log="journal", le="+Inf"} 0+10x100
		armslog_append_seconds_bucket{NODE, log="outbox", le="0.5"} 0x100
		armslog_append_seconds_bucket{NODE, log="outbox", le="+Inf"} 0+10x100`},
	{"ArmslogFollowerLags", 2 * time.Minute,
		`armslog_follower_lag_seconds{NODE, follower="state", tables="all"} 0+15x40
		armslog_node_ready{NODE} 1x40`,
		`armslog_follower_lag_seconds{NODE, follower="state", tables="all"} 0+15x40
		armslog_node_ready{NODE} 0x40`}, // it has just been started
	{"ArmslogTablesLag", 8 * time.Minute, `armslog_follower_lag_seconds{NODE, follower="projector", tables="all"} 0+15x60`,
		`armslog_follower_lag_seconds{NODE, follower="projector", tables="all"} 0+15x10 0x60`},
	{"ArmslogClickHouseAway", 3 * time.Minute, `armslog_clickhouse_up{NODE} 1 0x40`, `armslog_clickhouse_up{NODE} 1 0x3 1x40`},
	{"ArmslogOutboxesStandStill", 4 * time.Minute, `armslog_follower_lag_seconds{NODE, follower="courier", tables="all"} 0+15x40`,
		`armslog_follower_lag_seconds{NODE, follower="courier", tables="all"} 0+15x5 0x40`},
	{"ArmslogMailboxStopped", time.Minute, `armslog_mailboxes_stopped{NODE} 0 1x40`, `armslog_mailboxes_stopped{NODE} 0x40`},
	{"ArmslogDecisionsFail", time.Minute, `armslog_decisions_total{NODE, verdict="failed"} 0 1x40`,
		`armslog_decisions_total{NODE, verdict="failed"} 1x40
		armslog_decisions_total{NODE, verdict="rejected"} 0+100x40`},
	{"ArmslogRefusesRequests", 7 * time.Minute,
		`armslog_http_refused_total{NODE, bound="backlog"} 0+6x60
		armslog_http_requests_total{NODE, status="200"} 0+94x60
		armslog_http_requests_total{NODE, status="429"} 0+6x60`,
		`armslog_http_refused_total{NODE, bound="requests"} 0+2x60
		armslog_http_requests_total{NODE, status="200"} 0+98x60
		armslog_http_requests_total{NODE, status="429"} 0+2x60`},
	{"ArmslogRequestsFail", 7 * time.Minute,
		`armslog_http_requests_total{NODE, status="200"} 0+90x60
		armslog_http_requests_total{NODE, status="503"} 0+10x60`,
		`armslog_http_requests_total{NODE, status="200"} 0+50x60
		armslog_http_requests_total{NODE, status="422"} 0+50x60`},
	{"ArmslogDueWorkLate", 11 * time.Minute,
		`armslog_due_overdue_seconds{NODE} 0+15x60
		armslog_node_leads{NODE} 1x60`,
		`armslog_due_overdue_seconds{NODE} 0+15x15 0x45
		armslog_node_leads{NODE} 1x60`},
	{"ArmslogLeadershipFlaps", 31 * time.Minute,
		`armslog_fences_total{NODE} 7x40 8 9 10 11 12x90
		armslog_node_ready{NODE} 1x130`,
		`armslog_fences_total{NODE} _x40 1 40 52x90
		armslog_node_ready{NODE} _x40 0 0 1x90`}, // it is started, and folds
	{"ArmslogDiskNearlyFull", 10 * time.Minute, `armslog_disk_free_ratio{NODE} 0.5 0.09x60`, `armslog_disk_free_ratio{NODE} -1x60`},
}

// TestAlertsFire: every alert fires at what it is for, after the time that it
// waits and not at once, and says so in a sentence; and it does not fire at what
// only looks alike.
func TestAlertsFire(t *testing.T) {
	alerts := map[string]rulefmt.Rule{}
	for _, r := range readAlerts(t) {
		alerts[r.Alert] = r
		require.True(t, slices.ContainsFunc(firings, func(f firing) bool { return f.alert == r.Alert }), "nothing shows that %s fires", r.Alert)
	}
	for _, f := range firings {
		t.Run(f.alert, func(t *testing.T) {
			r := alerts[f.alert]
			s, after, fires := newEngine(t, written(t, f.fires)).firing(r, f.after)
			require.True(t, fires, "it does not fire within %s", f.after)
			require.NotZero(t, after, "it fires at once")
			require.GreaterOrEqual(t, after, time.Duration(r.For))
			require.Regexp(t, `^[^<>{}]+\.$`, summary(t, r, s))
			_, after, fires = newEngine(t, written(t, f.leaves)).firing(r, f.after+10*time.Minute)
			require.False(t, fires, "it fires after %s at what is no trouble", after)
		})
	}
}

// firing evaluates an alert as Prometheus does, for as long as is said: it fires
// when what it asks for has been there, under the same labels, as long as the
// alert waits.
func (e *engine) firing(r rulefmt.Rule, until time.Duration) (s promql.Sample, after time.Duration, fires bool) {
	e.t.Helper()
	pending := map[string]time.Duration{} // since when
	for now := time.Duration(0); now <= until; now += every {
		active := map[string]time.Duration{}
		for _, s := range e.ask(r.Expr, began.Add(now)) {
			key := s.Metric.String()
			active[key] = now
			if since, known := pending[key]; known {
				active[key] = since
			}
			if now-active[key] >= time.Duration(r.For) {
				return s, now, true
			}
		}
		pending = active
	}
	return promql.Sample{}, 0, false
}

// summary is what an alert says, filled in by Prometheus' own templates.
func summary(t *testing.T, r rulefmt.Rule, s promql.Sample) string {
	t.Helper()
	const names = `{{$labels := .Labels}}{{$value := .Value}}` // as Prometheus begins each template
	data := template.AlertTemplateData(s.Metric.Map(), nil, "", s)
	said, err := template.NewTemplateExpander(t.Context(), names+r.Annotations["summary"], r.Alert, data, 0, nil, &url.URL{}, nil).Expand()
	require.NoError(t, err)
	return said
}
