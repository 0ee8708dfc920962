package check

import (
	"math"
	"testing"
	"time"

	"github.com/prometheus/prometheus/promql"
	"github.com/prometheus/prometheus/promql/parser"
	"github.com/stretchr/testify/require"
)

var language = parser.NewParser(parser.Options{})

// engine is Prometheus' own.
type engine struct {
	t *testing.T
	series
	*promql.Engine
}

func newEngine(t *testing.T, s series) *engine {
	e := promql.NewEngine(promql.EngineOpts{Parser: language, MaxSamples: 1_000_000, Timeout: patience})
	t.Cleanup(func() { require.NoError(t, e.Close()) })
	return &engine{t, s, e}
}

// ask is the result of an expression; one that the engine does not understand
// ends the test.
func (e *engine) ask(expr string, at time.Time) promql.Vector {
	e.t.Helper()
	q, err := e.NewInstantQuery(e.t.Context(), e.series, nil, expr, at)
	require.NoError(e.t, err, "%s", expr)
	defer q.Close()
	result := q.Exec(e.t.Context())
	require.NoError(e.t, result.Err, "%s", expr)
	v, err := result.Vector()
	require.NoError(e.t, err, "%s", expr)
	return append(promql.Vector(nil), v...) // Close takes the first back
}

// figures are the values that are numbers.
func figures(v promql.Vector) (list []float64) {
	for _, s := range v {
		if !math.IsNaN(s.F) {
			list = append(list, s.F)
		}
	}
	return list
}

// compared are the parts of an alert's expression that are there also when all is
// well: what is compared, without what it is compared with.
func compared(expr parser.Expr) []parser.Expr {
	switch x := expr.(type) {
	case *parser.ParenExpr:
		return compared(x.Expr)
	case *parser.NumberLiteral:
		return nil
	case *parser.BinaryExpr:
		if x.Op.IsComparisonOperator() || x.Op.IsSetOperator() {
			return append(compared(x.LHS), compared(x.RHS)...)
		}
	}
	return []parser.Expr{expr}
}
