package check

import (
	"context"
	"log/slog"
	"slices"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/rules"
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
	waits := map[string]time.Duration{}
	for _, r := range readAlerts(t) {
		waits[r.Alert] = time.Duration(r.For)
		require.True(t, slices.ContainsFunc(firings, func(f firing) bool { return f.alert == r.Alert }), "nothing shows that %s fires", r.Alert)
	}
	for _, f := range firings {
		t.Run(f.alert, func(t *testing.T) {
			first, says := firstFiring(t, f.fires, f.after)[f.alert].unpack()
			require.NotZero(t, first, "it does not fire within %s", f.after)
			require.GreaterOrEqual(t, first, waits[f.alert])
			require.Regexp(t, `^[^<>%{}]+\.$|^[^<>{}]+% .+\.$`, says)
			quiet := firstFiring(t, f.leaves, f.after+10*time.Minute)
			require.NotContains(t, quiet, f.alert, "it fires at what is no trouble")
		})
	}
}

// fired is when an alert was first seen to fire, and what it said.
type fired struct {
	after time.Duration
	says  string
}

func (f fired) unpack() (time.Duration, string) { return f.after, f.says }

// firstFiring evaluates all alerts as Prometheus does, for as long as is said.
func firstFiring(t *testing.T, series string, until time.Duration) map[string]fired {
	t.Helper()
	st := promqltest.LoadedStorage(t, loading(series))
	m := rules.NewManager(&rules.ManagerOptions{
		QueryFunc: rules.EngineQueryFunc(promqltest.NewTestEngine(t, false, 0, 1_000_000), st), AppendableV2: st, Queryable: st,
		Context: t.Context(), Logger: slog.New(slog.DiscardHandler), Parser: language,
		NotifyFunc: func(context.Context, string, ...*rules.Alert) {},
	})
	groups, errs := m.LoadGroups(every, labels.EmptyLabels(), "", nil, false, alertsFile)
	require.Empty(t, errs)
	first := map[string]fired{}
	for after := time.Duration(0); after <= until; after += every {
		for _, g := range groups {
			g.Eval(t.Context(), time.Unix(0, 0).Add(after))
			for _, r := range g.AlertingRules() {
				require.NoError(t, r.LastError(), "%s", r.Name())
				for _, a := range r.ActiveAlerts() {
					if _, known := first[r.Name()]; !known && a.State == rules.StateFiring {
						first[r.Name()] = fired{after, a.Annotations.Get("summary")}
					}
				}
			}
		}
	}
	return first
}
