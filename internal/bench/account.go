package bench

import (
	"context"
	"net/http"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

// Account is what those who offered were told, held against the journal.
type Account struct {
	Offered      int    `json:"offered"`
	Accepted     int    `json:"accepted"`    // decided, and told so
	Refused429   int    `json:"refused_429"` // with Retry-After
	Refused503   int    `json:"refused_503"` // with Retry-After
	Late         int    `json:"late"`        // 504 with Retry-After: taken, and not decided in time
	Failed       int    `json:"failed"`      // any other answer, or none
	FirstFailure string `json:"first_failure,omitempty"`

	Lost    int `json:"lost"`    // accepted or late, and not in the journal as they were told
	Doubled int `json:"doubled"` // decided more than once
	Kept    int `json:"kept"`    // refused, and in the journal all the same
}

// account waits until nothing that the node was given is undecided, reads the
// journal, and compares.
func (s *System) account(ctx context.Context, answers []answer) (acc Account, err error) {
	if err := s.settled(ctx); err != nil {
		return acc, err
	}
	made, err := s.decisions(ctx)
	if err != nil {
		return acc, err
	}
	for i, a := range answers {
		if a.status != 0 || a.err != nil {
			acc.count(a, made[events.RequestIDFrom("NCB-FJ", recordKey(i))])
		}
	}
	return acc, nil
}

// settled waits until nothing that the node was given is undecided.
func (s *System) settled(ctx context.Context) error {
	for {
		if n, _ := s.Node.Undecided(); n == 0 {
			return nil
		}
		if err := rest(ctx, 20*time.Millisecond); err != nil {
			return err
		}
	}
}

// decisions are the seqs of the entries that decided the bureau's requests, by
// ce_id; those that say "duplicate" left out.
func (s *System) decisions(ctx context.Context) (made map[events.UUID][]uint64, err error) {
	var next uint64
	if err := s.Node.Read(ctx, func(state *registry.State) { next = state.Next() }); err != nil {
		return nil, err
	}
	client := producers.Connect(producers.Cluster{Brokers: []string{s.KafkaAddr}})
	defer producers.Disconnect(client)
	made = map[events.UUID][]uint64{}
	_, err = follow(ctx, client, next, false, func(b *consumers.Batch) {
		for _, e := range b.Entries {
			if e.Src == "NCB-FJ" && e.Verdict != events.Duplicate {
				made[e.Envelope.ID] = append(made[e.Envelope.ID], e.Seq)
			}
		}
	})
	return made, err
}

// count takes one answer in, and the seqs under which its request was decided.
func (acc *Account) count(a answer, seqs []uint64) {
	acc.Offered++
	if len(seqs) > 1 {
		acc.Doubled++
	}
	refused := false
	switch {
	case a.decided():
		acc.Accepted++
		if len(seqs) == 0 || seqs[0] != a.seq {
			acc.Lost++
		}
	case a.err != nil:
		if acc.Failed++; acc.Failed == 1 {
			acc.FirstFailure = a.err.Error()
		}
	case a.status == http.StatusGatewayTimeout:
		acc.Late++
		if len(seqs) == 0 {
			acc.Lost++
		}
	case a.status == http.StatusServiceUnavailable:
		refused = true
		acc.Refused503++
	default:
		refused = true
		acc.Refused429++
	}
	if refused && len(seqs) > 0 {
		acc.Kept++
	}
}
