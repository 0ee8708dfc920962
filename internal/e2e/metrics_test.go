package e2e

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/demo"
	"github.com/armslog/armslog/projections"
	"github.com/armslog/armslog/registry"
)

// labels are all label names that a metric of ours may bear, each with all
// values that it may have: what is not here is not shown.
var labels = map[string]*regexp.Regexp{
	"verdict":  oneOf("accepted", "rejected", "unchanged", "duplicate", "undecodable", "failed"),
	"class":    oneOf("form", "right", "unknown", "conflict", "limit"),
	"log":      oneOf("journal", "mailbox", "outbox"),
	"follower": oneOf("state", "projector", "courier"),
	"tables":   oneOf(append(projections.TableNames(), "all")...),
	"table":    oneOf(projections.TableNames()...),
	"method":   oneOf("GET", "HEAD", "POST", "PUT", "other"),
	"status":   regexp.MustCompile(`^([1-5][0-9][0-9]|registered|amended|unchanged|withdrawn|answered|rejected)$`),
	"route":    regexp.MustCompile(`^(none|(/[a-z0-9_.:-]+|/\{[a-z]+\})+)$`),
	"bound":    oneOf("requests", "batches", "streams", "backlog"),
}

func oneOf(values ...string) *regexp.Regexp {
	for i, v := range values {
		values[i] = regexp.QuoteMeta(v)
	}
	return regexp.MustCompile("^(" + strings.Join(values, "|") + ")$")
}

// shown are the metrics that issue and dashboards count on.
var shown = []string{
	"armslog_decisions_total", "armslog_rejects_total", "armslog_batch_entries", "armslog_batch_bytes", "armslog_append_seconds",
	"armslog_fetch_seconds", "armslog_follower_lag_entries", "armslog_follower_lag_seconds", "armslog_node_seq", "armslog_node_leads",
	"armslog_node_elected", "armslog_fences_total", "armslog_due_work", "armslog_due_overdue_seconds", "armslog_state_records",
	"armslog_state_searches", "armslog_state_matches", "armslog_state_organisations", "armslog_mailboxes_stopped", "armslog_journal_damaged",
	"armslog_http_requests_total", "armslog_http_request_seconds", "armslog_http_refused_total", "armslog_journal_append_waiting_seconds",
	"armslog_requests_undecided", "armslog_requests_undecided_bytes", "armslog_mailbox_requests_waiting", "armslog_projections_retries_total",
}

// A real scrape of a registry that has registered, searched, refused and told:
// every metric of ours bears only labels of the closed list.
func TestMetricsNameNobody(t *testing.T) {
	w := withTables(t)
	w.work("metrics", 5)
	w.settled()
	w.get("NCB-BR", "/v1/records/KT044170")
	w.get("NCB-BR", "/v1/nothing/KT044170?mark=KT044170")
	eventually(t, "the courier has told", func() bool { return value(w.scrape()["armslog_follower_lag_entries"], "follower", "courier") == 0 })

	families := w.scrape()
	for _, name := range shown {
		require.Contains(t, families, name)
	}
	requireNamed(t, families)
	for name, f := range families {
		if strings.HasPrefix(name, "armslog_") {
			for _, m := range f.Metric {
				for _, l := range m.Label {
					require.Contains(t, labels, l.GetName(), "%s has a label that is not in the closed list", name)
					require.Regexp(t, labels[l.GetName()], l.GetValue(), "%s{%s}", name, l.GetName())
				}
			}
		}
	}
	text := string(w.get("", "/metrics").body)
	for _, secret := range append(slices.Collect(maps.Values(w.keys)), "KT0", "metrics-", "NCB-", "WCO", demo.Secretariat) {
		require.NotContains(t, text, secret)
	}

	w.read(func(s *registry.State) {
		counts := s.Counts()
		require.EqualValues(t, counts.Records, value(families["armslog_state_records"]))
		require.EqualValues(t, counts.Organisations, value(families["armslog_state_organisations"]))
		require.EqualValues(t, counts.Matches, value(families["armslog_state_matches"]))
	})
	require.EqualValues(t, 5, value(families["armslog_state_records"]))
	require.EqualValues(t, 5, value(families["armslog_state_searches"]))
	require.EqualValues(t, 1, value(families["armslog_node_leads"]))
	require.EqualValues(t, 1, value(families["armslog_fences_total"]))
	require.EqualValues(t, 1, value(families["armslog_decisions_total"], "verdict", "rejected"))
	require.EqualValues(t, 1, value(families["armslog_rejects_total"], "class", "form"))
	require.EqualValues(t, 5, value(families["armslog_state_matches"]))
	batches := families["armslog_batch_entries"].Metric[0].Histogram
	require.EqualValues(t, value(families["armslog_node_seq"]), batches.GetSampleSum(), "every entry was in one batch of this leader")
	for _, log := range []string{"journal", "mailbox", "outbox"} {
		require.NotZero(t, of(families["armslog_append_seconds"], "log", log).Histogram.GetSampleCount(), log)
	}
	require.NotZero(t, of(families["armslog_fetch_seconds"], "log", "mailbox").Histogram.GetSampleCount())
	require.Zero(t, value(families["armslog_follower_lag_entries"], "follower", "projector"))
}

var metricName = regexp.MustCompile(`\b(armslog|process|go)_[a-z]+(_[a-z]+)*\b`)

// requireNamed: whatever dashboard, alerts and the operator's page name is there.
func requireNamed(t *testing.T, families map[string]*dto.MetricFamily) {
	t.Helper()
	for _, path := range []string{"deploy/grafana/armslog.json", "deploy/prometheus/alerts.yml", "docs/operations.md"} {
		text, err := os.ReadFile(filepath.Join("..", "..", path))
		require.NoError(t, err)
		named := metricName.FindAllString(string(text), -1)
		require.NotEmpty(t, named, path)
		for _, name := range named {
			if families[name] == nil {
				name = regexp.MustCompile(`_(bucket|sum|count)$`).ReplaceAllString(name, "")
				require.True(t, families[name] != nil, "%s names %s", path, name)
			}
		}
	}
}

// work registers n records, asks for each, and has one request refused.
func (w *world) work(name string, n int) {
	w.t.Helper()
	for i := range n {
		serial := fmt.Sprintf("KT%06d", 44170+i)
		w.post("NCB-BR", "/v1/records", record(fmt.Sprint(name, "-", i), serial, "stolen", "")).reply(w.t)
		w.post("WCO", "/v1/searches", question(serial)).reply(w.t)
	}
	require.Equal(w.t, 422, w.post("NCB-BR", "/v1/records", record(name+"-bad", "KT044170", "eaten", "")).status)
}

func (w *world) scrape() map[string]*dto.MetricFamily {
	w.t.Helper()
	p := expfmt.NewTextParser(model.UTF8Validation)
	families, err := p.TextToMetricFamilies(bytes.NewReader(append(w.get("", "/metrics").body, '\n')))
	require.NoError(w.t, err)
	return families
}

// of is the metric of a family with this label, the only one without any.
func of(f *dto.MetricFamily, label ...string) *dto.Metric {
	for _, m := range f.GetMetric() {
		if len(label) == 0 {
			return m
		}
		for _, l := range m.Label {
			if l.GetName() == label[0] && l.GetValue() == label[1] {
				return m
			}
		}
	}
	return &dto.Metric{}
}

func value(f *dto.MetricFamily, label ...string) float64 {
	m := of(f, label...)
	return m.GetGauge().GetValue() + m.GetCounter().GetValue()
}
