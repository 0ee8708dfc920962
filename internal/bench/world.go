// Package bench measures what armslog promises, on the standard load. Each
// benchmark prints its figures beside the floor they are held against; none
// passes or fails.
package bench

import (
	"runtime"
	"sync"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/workload"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

// start is the log time of the benchmarks' first entry: fixed, so that every
// run decides the same.
const start = 1_795_000_000_000

// directory is who the load needs: one NCB that records, one organisation that
// asks.
var directory = []struct {
	t    events.Type
	body string
}{
	{events.TypeOrganisationSubmitted, `{"organisation_id":"NCB-FJ","kind":"ncb","country":"FJ","name":"NCB","inbox":true}`},
	{events.TypeOrganisationSubmitted, `{"organisation_id":"WCO","kind":"international_entity","name":"WCO","inbox":true}`},
	{events.TypeAgreementGranted, `{"agreement_id":"A","grantee":"WCO","rights":["search"],"legal_basis":"bench","valid_from":"2020-01-01","valid_until":"2060-12-31"}`},
}

// genesis is the directory that the load needs: one NCB that records, one
// organisation that asks.
func genesis() (events.Genesis, []*registry.Input) {
	g := events.Genesis{
		JournalID: events.UUID{15: 1}, GeneralSecretariat: "IPSG", Name: "Bench", Policy: schemas.DefaultPolicy(),
	}
	var in []*registry.Input
	for i, d := range directory {
		in = append(in, input("IPSG", int64(i), d.t, i, []byte(d.body)))
	}
	return g, in
}

func input(src string, off int64, t events.Type, i int, body []byte) *registry.Input {
	return &registry.Input{
		Src: src, Off: off, Span: 1, At: start + off/100, Value: body,
		Prepared: registry.Prepare(src, workload.Headers(src, t, i), body),
	}
}

// prepare makes inputs lo..hi of a load on all cores.
func prepare(lo, hi int, one func(i int) *registry.Input) []*registry.Input {
	in := make([]*registry.Input, hi-lo)
	var wg sync.WaitGroup
	workers := runtime.GOMAXPROCS(0)
	for w := range workers {
		wg.Go(func() {
			for i := w; i < len(in); i += workers {
				in[i] = one(lo + i)
			}
		})
	}
	wg.Wait()
	return in
}

// perSecond is n things in d, as a rate.
func perSecond(n int, d time.Duration) float64 { return float64(n) / d.Seconds() }
