package main

import (
	"cmp"
	"context"
	"errors"
	"time"

	"github.com/armslog/armslog/internal/bench"
)

// defaultDecideRate is what pressure lets a leader decide: little enough that
// offering five times as much leaves the machine room.
const defaultDecideRate = 200

// fairnessRate is how many searches a second somebody asks beside a flood.
const fairnessRate = 20

// pressed measures what happens when more is sent than is decided, each on a
// system of its own.
func (b *benching) pressed(ctx context.Context, has func(string) bool) error {
	span := time.Duration(b.flags.minutes * float64(time.Minute))
	rate := cmp.Or(b.flags.decideRate, defaultDecideRate)
	if has("pressure") {
		err := b.withSystem(ctx, rate, func(s *bench.System) error {
			r, err := s.Pressure(ctx, rate, span)
			b.results["pressure"] = r
			if err == nil {
				r.Print(b.out)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	if !has("fairness") {
		return nil
	}
	return b.withSystem(ctx, rate, func(s *bench.System) (err error) {
		b.results["fairness"], err = s.Fairness(ctx, rate, fairnessRate, span/3)
		return err
	})
}

func (b *benching) withSystem(ctx context.Context, decideRate int, f func(*bench.System) error) error {
	s, err := bench.StartSystem(ctx, bench.SystemConfig{Load: b.load, Sync: !b.flags.noSync, Engine: b.engine, Out: b.out, DecideRate: decideRate})
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close())
}
