package main

import (
	"cmp"
	"context"
	"errors"

	"github.com/armslog/armslog/internal/bench"
)

const (
	// pressureRate is what a leader may decide in a second, unless --decide-rate
	// says otherwise: little enough that five times as much leaves the machine room.
	pressureRate = 200
	// askRate is how many searches a second somebody makes beside a flood.
	askRate = 20
)

// pressed measures what happens when more is sent than is decided, each on a
// system of its own.
func (b *benching) pressed(ctx context.Context, has func(string) bool) error {
	rate := cmp.Or(b.flags.decideRate, pressureRate)
	if has("pressure") {
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
