package deploy

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// What the queries of the dashboard and of the alerts answer is checked by
// Prometheus itself, in deploy/prometheus/check; which metrics there are, by
// TestMetricsNameNobody.

type source struct{ Type, UID string }

type place struct{ X, Y, W, H int }

func (p place) overlaps(q place) bool {
	return p.X < q.X+q.W && q.X < p.X+p.W && p.Y < q.Y+q.H && q.Y < p.Y+p.H
}

type panel struct {
	ID                       int
	Type, Title, Description string
	GridPos                  place
	Datasource               source
	Targets                  []struct {
		RefID, Expr string
		Datasource  source
	}
	FieldConfig struct{ Defaults struct{ Unit string } }
}

type dashboard struct {
	UID, Title    string
	SchemaVersion int
	Panels        []panel
	Templating    struct{ List []struct{ Name, Type string } }
}

// TestDashboard: whoever opens it sees every panel, with words and units, asks
// the data source that was chosen, and one registry at a time.
func TestDashboard(t *testing.T) {
	var d dashboard
	require.NoError(t, json.Unmarshal([]byte(read(t, "deploy/grafana/armslog.json")), &d))
	require.Equal(t, "armslog", d.UID)
	require.GreaterOrEqual(t, d.SchemaVersion, 41)
	variables := []string{"__rate_interval"}
	for _, v := range d.Templating.List {
		variables = append(variables, v.Name)
	}
	chosen := source{"prometheus", "${datasource}"}
	seen := map[int]bool{}
	for i, p := range d.Panels {
		require.False(t, seen[p.ID], "two panels are number %d", p.ID)
		seen[p.ID] = true
		require.NotEmpty(t, p.Title)
		require.True(t, p.GridPos.W > 0 && p.GridPos.H > 0 && p.GridPos.X+p.GridPos.W <= 24, p.Title)
		for _, q := range d.Panels[:i] {
			require.False(t, p.GridPos.overlaps(q.GridPos), "%s lies on %s", p.Title, q.Title)
		}
		if p.Type == "row" {
			continue
		}
		require.NotEmpty(t, p.Description, p.Title)
		require.NotEmpty(t, p.FieldConfig.Defaults.Unit, p.Title)
		require.NotEmpty(t, p.Targets, p.Title)
		require.Equal(t, chosen, p.Datasource, p.Title)
		for _, q := range p.Targets {
			require.Equal(t, chosen, q.Datasource, p.Title)
			require.NotEmpty(t, q.RefID, p.Title)
			require.Equal(t, strings.Count(q.Expr, "{"), strings.Count(q.Expr, `{job="$job"`), "%s asks for all registries: %s", p.Title, q.Expr)
			for _, m := range regexp.MustCompile(`\$(\w+)`).FindAllStringSubmatch(q.Expr, -1) {
				require.Contains(t, variables, m[1], p.Title)
			}
		}
	}
	require.Greater(t, len(seen), 40)
}

// TestAlertsHaveTheirLine: every alert says how bad it is, and where it is
// written what to do; and nothing is written there of an alert that there is not.
func TestAlertsHaveTheirLine(t *testing.T) {
	text := read(t, "deploy/prometheus/alerts.yml")
	var alerts, lines []string
	for _, block := range strings.Split(text, "- alert: ")[1:] {
		name, rest, _ := strings.Cut(block, "\n")
		alerts = append(alerts, name)
		require.Regexp(t, `(?m)^ +labels: \{severity: (critical|warning)\}$`, rest, name)
		require.Regexp(t, `(?m)^ +summary: ".+\."$`, rest, name)
		require.Contains(t, rest, "runbook: docs/operations.md#"+name+"\n")
	}
	require.Greater(t, len(alerts), 10)
	row := regexp.MustCompile(`(?m)^\| <a id="(\w+)"></a>(\w+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \|$`)
	for _, m := range row.FindAllStringSubmatch(read(t, "docs/operations.md"), -1) {
		require.Equal(t, m[1], m[2])
		lines = append(lines, m[1])
	}
	require.Equal(t, alerts, lines, "alerts, and their lines in docs/operations.md, in one order")
}

// TestComposeMonitoring: Prometheus finds the nodes and the alerts, Grafana
// finds Prometheus and the dashboard.
func TestComposeMonitoring(t *testing.T) {
	p := load(t, nil)
	mounted := func(service, path string) {
		t.Helper()
		s, err := p.GetService(service)
		require.NoError(t, err)
		require.Equal(t, []string{"monitoring"}, s.Profiles, "%s starts only when it is asked for", service)
		for _, c := range s.Configs {
			if c.Target == path {
				return
			}
		}
		require.Fail(t, "nothing is mounted", "%s: %s", service, path)
	}
	config := read(t, "deploy/prometheus/prometheus.yml")
	mounted("prometheus", "/etc/prometheus/prometheus.yml")
	for _, m := range regexp.MustCompile(`(?m)^  - (\w+\.yml)$`).FindAllStringSubmatch(config, -1) {
		mounted("prometheus", "/etc/prometheus/"+m[1])
	}
	var nodes []string
	for name, s := range p.Services {
		if slices.Contains(s.Command, "--listen=0.0.0.0:8080") {
			nodes = append(nodes, name+":8080")
		}
	}
	slices.Sort(nodes)
	require.Contains(t, config, "targets: ["+strings.Join(nodes, ", ")+"]\n")
	require.Contains(t, config, "job_name: armslog\n")

	mounted("grafana", "/etc/grafana/provisioning/datasources/prometheus.yml")
	require.Contains(t, read(t, "deploy/grafana/provisioning/datasources/prometheus.yml"), "url: http://prometheus:9090\n")
	mounted("grafana", "/etc/grafana/provisioning/dashboards/armslog.yml")
	path := regexp.MustCompile(`path: (\S+)`).FindStringSubmatch(read(t, "deploy/grafana/provisioning/dashboards/armslog.yml"))
	require.NotNil(t, path)
	mounted("grafana", path[1]+"/armslog.json")
}
