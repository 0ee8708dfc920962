package check

import (
	"context"
	"errors"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/common/model"
	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/storage"
	"github.com/prometheus/prometheus/util/annotations"
	"github.com/stretchr/testify/require"
)

// target is how Prometheus calls the node, by deploy/prometheus/prometheus.yml.
var target = map[string]string{"job": "armslog", "instance": "node1:8080"}

// every is the time between two scrapes.
const every = 15 * time.Second

// began is when the first of them was, as far as the engine knows.
var began = time.Unix(1_800_000_000, 0)

// series is what Prometheus has stored, by labels. Its own storage needs four
// times as many modules as its engine.
type series map[string]*promql.Series

func (s series) add(l labels.Labels, at time.Time, v float64) {
	key := l.String()
	if s[key] == nil {
		s[key] = &promql.Series{Metric: l}
	}
	s[key].Floats = append(s[key].Floats, promql.FPoint{T: at.UnixMilli(), F: v})
}

// scraped are scrapes, one every so often, as Prometheus stores them.
func scraped(t *testing.T, scrapes ...string) series {
	t.Helper()
	all := series{}
	for i, text := range scrapes {
		at := began.Add(time.Duration(i) * every)
		add := func(l labels.Labels, v float64) {
			b := labels.NewBuilder(l)
			for name, value := range target {
				require.Empty(t, l.Get(name), "a metric of a node bears a label that is the target's")
				b.Set(name, value)
			}
			all.add(b.Labels(), at, v)
		}
		parse(t, text, add)
		add(labels.FromStrings(model.MetricNameLabel, "up"), 1)
	}
	return all
}

// parse reads a scrape as Prometheus does.
func parse(t *testing.T, text string, add func(labels.Labels, float64)) {
	t.Helper()
	p := textparse.NewPromParser([]byte(text), labels.NewSymbolTable(), false)
	for {
		entry, err := p.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		require.NoError(t, err)
		if entry == textparse.EntrySeries {
			var l labels.Labels
			p.Labels(&l)
			_, _, v := p.Series()
			add(l, v)
		}
	}
}

// written are series as promtool's unit tests write them, one a line; NODE stands
// for the labels of the target.
func written(t *testing.T, lines string) series {
	t.Helper()
	all := series{}
	node := `job="` + target["job"] + `", instance="` + target["instance"] + `"`
	for line := range strings.Lines(lines) {
		l, values, err := language.ParseSeriesDesc(strings.ReplaceAll(strings.TrimSpace(line), "NODE", node))
		require.NoError(t, err, "%s", line)
		for i, v := range values {
			if !v.Omitted {
				all.add(l, began.Add(time.Duration(i)*every), v.Value)
			}
		}
	}
	return all
}

// Querier shows everything: the engine takes what it asked for.
func (s series) Querier(_, _ int64) (storage.Querier, error) {
	return querier{storage.NoopQuerier(), s}, nil
}

type querier struct {
	storage.Querier // which knows no labels: the engine asks for none
	series
}

func (q querier) Select(_ context.Context, _ bool, _ *storage.SelectHints, matchers ...*labels.Matcher) storage.SeriesSet {
	found := &set{next: -1}
	for _, s := range q.series {
		if matches(s.Metric, matchers) {
			found.series = append(found.series, promql.NewStorageSeries(*s))
		}
	}
	return found
}

func matches(l labels.Labels, matchers []*labels.Matcher) bool {
	for _, m := range matchers {
		if !m.Matches(l.Get(m.Name)) {
			return false
		}
	}
	return true
}

// set hands series out, one after the other.
type set struct {
	series []storage.Series
	next   int
}

func (s *set) Next() bool                        { s.next++; return s.next < len(s.series) }
func (s *set) At() storage.Series                { return s.series[s.next] }
func (s *set) Err() error                        { return nil }
func (s *set) Warnings() annotations.Annotations { return nil }
