package node

import (
	"github.com/prometheus/client_golang/prometheus"
)

// RegisterMetrics shows what a node knows: how far it is, whether it leads, how
// much the state holds. No label bears a name of anybody. Gathering them never
// waits for the state: they are those of the last acknowledgement.
func RegisterMetrics(r prometheus.Registerer, n *Node) {
	gauge := func(name, help string, read func(*figures) float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "armslog", Subsystem: "node", Name: name, Help: help},
			func() float64 { return read(n.figures.Load()) }))
	}
	gauge("seq", "Entries of the journal that the state has folded.", func(f *figures) float64 { return float64(f.next) })
	gauge("records_and_questions", "Rows of the state.", func(f *figures) float64 { return float64(f.counts.Subjects) })
	gauge("marks", "Marks in the index.", func(f *figures) float64 { return float64(f.counts.Marks) })
	gauge("matches", "Pairs that met.", func(f *figures) float64 { return float64(f.counts.Matches) })
	gauge("due_work", "Things of the registry's own that wait for their time.", func(f *figures) float64 { return float64(f.counts.DueWork) })
	gauge("elected", "1 if this node has been elected leader.", func(*figures) float64 {
		if n.Leads() {
			return 1
		}
		return 0
	})
}
