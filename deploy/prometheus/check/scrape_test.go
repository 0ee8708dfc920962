package check

import (
	"encoding/json"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/rulefmt"
	"github.com/stretchr/testify/require"
)

// TestScrape: a node that works answers every question of the dashboard, and
// knows everything that alerts ask for.
func TestScrape(t *testing.T) {
	n := startNode(t)
	n.work(1)
	first := n.scrape()
	n.work(2)
	e := newEngine(t, scraped(t, first, n.scrape()))
	t.Run("dashboard", e.dashboard)
	t.Run("variables", e.variables)
	t.Run("alerts", e.alerts)
}

// second is when the node was scraped for the second time.
var second = began.Add(every)

type panel struct {
	Title   string
	Targets []struct{ Expr, LegendFormat string }
}

type dashboard struct {
	Panels     []panel
	Templating struct {
		List []struct{ Name, Type, Definition string }
	}
}

func readDashboard(t *testing.T) (d dashboard) {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, "deploy", "grafana", "armslog.json"))
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(text, &d))
	return d
}

// filled is an expression with Grafana's variables filled in.
var filled = strings.NewReplacer("$job", target["job"], "$instance", ".+", "$__rate_interval", "1m").Replace

var legendLabel = regexp.MustCompile(`\{\{(\w+)\}\}`)

func (e *engine) dashboard(t *testing.T) {
	queries := 0
	for _, p := range readDashboard(t).Panels {
		for _, q := range p.Targets {
			queries++
			expr := filled(q.Expr)
			require.NotContains(t, expr, "$", "a variable that this test does not know")
			v := e.ask(expr, second)
			require.NotEmpty(t, figures(v), "%s: %s is empty: %v", p.Title, q.Expr, v)
			for _, l := range legendLabel.FindAllStringSubmatch(q.LegendFormat, -1) {
				for _, s := range v {
					require.NotEmpty(t, s.Metric.Get(l[1]), "%s: a line without the %s of its legend: %s", p.Title, l[1], s.Metric)
				}
			}
		}
	}
	require.Greater(t, queries, 40)
}

var labelValues = regexp.MustCompile(`^label_values\((.+), (\w+)\)$`)

func (e *engine) variables(t *testing.T) {
	for _, v := range readDashboard(t).Templating.List {
		if v.Type != "query" {
			continue
		}
		m := labelValues.FindStringSubmatch(v.Definition)
		require.NotNil(t, m, v.Definition)
		found := e.ask(filled(m[1]), second)
		require.NotEmpty(t, found, v.Name)
		require.Equal(t, target[m[2]], found[0].Metric.Get(m[2]), v.Name)
	}
}

func (e *engine) alerts(t *testing.T) {
	for _, r := range readAlerts(t) {
		expr, err := language.ParseExpr(r.Expr)
		require.NoError(t, err)
		parts := compared(expr)
		require.NotEmpty(t, parts)
		for _, part := range parts {
			require.NotEmpty(t, figures(e.ask(part.String(), second)), "%s: %s is empty", r.Alert, part)
		}
		e.ask(r.Expr, second) // whether it fires: TestAlertsFire
	}
}

const alertsFile = root + "/deploy/prometheus/alerts.yml"

func readAlerts(t *testing.T) (all []rulefmt.Rule) {
	t.Helper()
	groups, errs := rulefmt.ParseFile(alertsFile, false, model.UTF8Validation, language, slog.New(slog.DiscardHandler))
	require.Empty(t, errs)
	for _, g := range groups.Groups {
		all = append(all, g.Rules...)
	}
	require.NotEmpty(t, all)
	return all
}
