package node

import (
	"github.com/prometheus/client_golang/prometheus"

	"github.com/armslog/armslog/registry"
)

// RegisterMetrics shows what a node knows: how far it is, whether it leads, how
// much the state holds. No label bears a name of anybody.
func RegisterMetrics(r prometheus.Registerer, n *Node) {
	gauge := func(name, help string, read func(*registry.State) float64) {
		r.MustRegister(prometheus.NewGaugeFunc(prometheus.GaugeOpts{Namespace: "armslog", Subsystem: "node", Name: name, Help: help},
			func() (v float64) {
				n.Read(func(s *registry.State) { v = read(s) })
				return v
			}))
	}
	gauge("seq", "Entries of the journal that the state has folded.", func(s *registry.State) float64 { return float64(s.Next()) })
	gauge("records_and_questions", "Rows of the state.", func(s *registry.State) float64 { return float64(s.Counts().Subjects) })
	gauge("marks", "Marks in the index.", func(s *registry.State) float64 { return float64(s.Counts().Marks) })
	gauge("matches", "Pairs that met.", func(s *registry.State) float64 { return float64(s.Counts().Matches) })
	gauge("due_work", "Things of the registry's own that wait for their time.", func(s *registry.State) float64 { return float64(s.Counts().DueWork) })
	gauge("elected", "1 if this node has been elected leader.", func(*registry.State) float64 {
		if n.Leads() {
			return 1
		}
		return 0
	})
}
