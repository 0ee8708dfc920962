package e2e

import (
	"math/rand/v2"
	"testing"

	"github.com/armslog/armslog/internal/kafkatest"
)

// crashOnBrokers is TestCrash on a cluster: its node is killed in the middle of
// an import, in every second round one of the brokers with it.
func crashOnBrokers(t *testing.T, w *world) {
	w.askOfCrashes()
	x := &crashes{t: t, on: w, acked: map[uint64]string{}, url: w.URL, key: w.keys["NCB-BR"]}
	x.bureau = user(t, x.url, x.key)
	w.stop()
	for round := range crashRounds(t) {
		s := x.start("")
		if !<-s.ready {
			t.Fatalf("%s", &s.said)
		}
		x.importUntilDeath(s, true)
		if round%2 == 1 {
			broker := rand.IntN(*brokers)
			w.cluster.KillBroker(broker)
			w.cluster.RestartBroker(broker)
			w.cluster.admin = w.cluster.Client(kafkatest.Admin) // the old one has connections that are dead
		}
		x.resumes()
	}
	x.finish()
}
