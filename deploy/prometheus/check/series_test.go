package check

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/prometheus/model/labels"
	"github.com/prometheus/prometheus/model/textparse"
	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/prometheus/prometheus/promql/promqltest"
	"github.com/prometheus/prometheus/util/teststorage"
	"github.com/stretchr/testify/require"
)

// target is how Prometheus calls the node, by deploy/prometheus/prometheus.yml.
var target = map[string]string{"job": "armslog", "instance": "node1:8080"}

// every is the time between two scrapes.
const every = 15 * time.Second

// began is when the first of them was, as far as the engine knows.
var began = time.Unix(1_800_000_000, 0)

// store holds scrapes, one every so often, as Prometheus does.
func store(t *testing.T, scrapes ...string) *teststorage.TestStorage {
	t.Helper()
	st := teststorage.New(t)
	for i, text := range scrapes {
		at := began.Add(time.Duration(i) * every)
		app := st.Appender(t.Context())
		add := func(l labels.Labels, v float64) {
			b := labels.NewBuilder(l)
			for name, value := range target {
				require.Empty(t, l.Get(name), "a metric of a node bears a label that is the target's")
				b.Set(name, value)
			}
			_, err := app.Append(0, b.Labels(), at.UnixMilli(), v)
			require.NoError(t, err, "%s", l)
		}
		parse(t, text, add)
		add(labels.FromStrings("__name__", "up"), 1)
		require.NoError(t, app.Commit())
	}
	return st
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

// engine asks a storage.
type engine struct {
	t  *testing.T
	st *teststorage.TestStorage
	*promql.Engine
	at time.Time // of questions
}

func newEngine(t *testing.T, st *teststorage.TestStorage, at time.Time) *engine {
	return &engine{t, st, promqltest.NewTestEngine(t, false, 0, 1_000_000), at}
}

// ask is the result of an expression; where it is not known to the engine, the
// test ends.
func (e *engine) ask(expr string) promql.Vector {
	e.t.Helper()
	q, err := e.NewInstantQuery(e.t.Context(), e.st, nil, expr, e.at)
	require.NoError(e.t, err, "%s", expr)
	defer q.Close()
	result := q.Exec(e.t.Context())
	require.NoError(e.t, result.Err, "%s", expr)
	v, err := result.Vector()
	require.NoError(e.t, err, "%s", expr)
	return append(promql.Vector(nil), v...)
}

// figures are the values that are numbers.
func figures(v promql.Vector) (list []float64) {
	for _, s := range v {
		if s.F == s.F {
			list = append(list, s.F)
		}
	}
	return list
}

var language = parser.NewParser(parser.Options{})

// without are the parts of an alert's expression that are there also when all is
// well: what is compared, without what it is compared with.
func without(comparison parser.Expr) []parser.Expr {
	switch x := comparison.(type) {
	case *parser.ParenExpr:
		return without(x.Expr)
	case *parser.NumberLiteral:
		return nil
	case *parser.BinaryExpr:
		if x.Op.IsComparisonOperator() || x.Op.IsSetOperator() {
			return append(without(x.LHS), without(x.RHS)...)
		}
	}
	return []parser.Expr{comparison}
}

// loading is series as promtool's unit tests write them, one a line; NODE stands
// for the labels of the target.
func loading(series string) string {
	var out strings.Builder
	fmt.Fprintf(&out, "load %s\n", every)
	node := fmt.Sprintf("job=%q, instance=%q", target["job"], target["instance"])
	for line := range strings.Lines(strings.TrimSpace(series)) {
		out.WriteString("  " + strings.ReplaceAll(strings.TrimSpace(line), "NODE", node) + "\n")
	}
	return out.String()
}
