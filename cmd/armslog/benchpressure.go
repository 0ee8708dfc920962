package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/armslog/armslog/internal/bench"
)

// What a leader may decide in a second, unless --decide-rate says otherwise.
const (
	pressureRate = 200  // little enough that offering five times as much leaves the machine room
	fairnessRate = 1000 // as much as leaves it room: what is measured are rounds, not the pace of the knob
)

// askRate is how many searches a second somebody makes beside a flood.
const askRate = 50

// pressed measures what happens when more is sent than is decided, each on a
// system of its own.
func (b *benching) pressed(ctx context.Context, has func(string) bool) error {
	if has("pressure") {
		rate := cmp.Or(b.flags.decideRate, pressureRate)
		err := b.withSystem(ctx, bench.SystemConfig{DecideRate: rate}, func(s *bench.System) error {
			r, err := s.Pressure(ctx, rate, b.flags.length)
			if err == nil {
				b.results["pressure"] = r
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
	rate := cmp.Or(b.flags.decideRate, fairnessRate)
	return b.withSystem(ctx, bench.SystemConfig{DecideRate: rate}, func(s *bench.System) (err error) {
		b.results["fairness"], err = s.Fairness(ctx, rate, askRate, b.flags.length)
		return err
	})
}

// withSystem measures on a system of its own.
func (b *benching) withSystem(ctx context.Context, cfg bench.SystemConfig, f func(*bench.System) error) error {
	cfg.Load, cfg.Sync, cfg.Engine, cfg.Out = b.load, !b.flags.noSync, b.engine, b.out
	s, err := bench.StartSystem(ctx, cfg)
	if err != nil {
		return err
	}
	return errors.Join(f(s), s.Close())
}
