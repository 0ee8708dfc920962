package main

import (
	"context"
	"encoding/json"
	"fmt"
	"runtime"
	"time"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/internal/embedded/process"
	"github.com/armslog/armslog/internal/failover"
)

type failoverFlags struct {
	kills, brokers int
	tuned          time.Duration
	sleep          time.Duration
}

func (a *app) benchFailoverCommand() *cobra.Command {
	var f failoverFlags
	c := &cobra.Command{
		Use:   "failover",
		Short: "Take the leader away again and again, and measure how long callers wait",
		Long: "failover starts Apache Kafka and three nodes, and kills the leader (SIGKILL) under load: with Kafka's default session limits,\n" +
			"and with tuned ones. Printed is the time from the kill to the next decision that a caller sees. With the tuned ones it also\n" +
			"restarts every node in turn (SIGTERM) behind a balancer, and pauses the leader (SIGSTOP). At the end of each the journal must\n" +
			"hold every acknowledged request, once. It needs Java, and Maven the first time; 50 kills of each take about ten minutes.",
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if f.kills < 1 || f.brokers != 1 && f.brokers != 3 {
				return &usageError{"there is nothing to measure", "--kills is at least 1, --brokers 1 or 3"}
			}
			return a.benchFailover(cmd.Context(), f)
		},
	}
	c.Flags().IntVar(&f.kills, "kills", 50, "of the leader, with each setting")
	c.Flags().IntVar(&f.brokers, "brokers", 3, "Kafka brokers, 1 or 3")
	c.Flags().DurationVar(&f.tuned, "tuned", time.Second, "--takeover-after of the tuned setting, and group.min.session.timeout.ms of its brokers")
	c.Flags().DurationVar(&f.sleep, "sleep", time.Minute, "how long the leader is paused; 0 = not at all")
	return c
}

func (a *app) benchFailover(ctx context.Context, f failoverFlags) error {
	fmt.Fprintf(a.err, "machine   %s, %d cores, %s/%s, %s\n", processor(), runtime.GOMAXPROCS(0), runtime.GOOS, runtime.GOARCH, runtime.Version())
	fmt.Fprintf(a.err, "cluster   Apache Kafka, brokers: %d; three nodes, all on the same cores\n\n", f.brokers)
	var runs []failover.Takeovers
	tuned, restarts, sleep, err := a.failoverTuned(ctx, f)
	if err != nil {
		return err
	}
	usual, err := a.failoverUsual(ctx, f)
	if err != nil {
		return err
	}
	runs = append(runs, usual, tuned)
	failover.Table(a.err, runs)
	fmt.Fprintf(a.err, "\nEvery node restarted in turn: %d requests, %d refused, slowest answer %.2f s.\n", restarts.Acknowledged, restarts.Failed, restarts.Slowest)
	if f.sleep > 0 {
		fmt.Fprintf(a.err, "The leader paused for %.0f s: it followed its successor %.2f s after it went on; %d of its entries were ignored, %d of %d requests were told to ask again.\n",
			sleep.Paused, sleep.Back, sleep.Ignored, sleep.Failed, sleep.Acknowledged)
	}
	return json.NewEncoder(a.out).Encode(map[string]any{"takeovers": runs, "restarts": restarts, "sleep": sleep})
}

func (a *app) failoverCluster(ctx context.Context, f failoverFlags, takeover time.Duration) (*failover.Cluster, error) {
	program, err := process.Self()
	if err != nil {
		return nil, err
	}
	return failover.Start(ctx, failover.Config{Program: program, Brokers: f.brokers, Nodes: 3, Takeover: takeover, Drain: time.Second})
}

func (a *app) failoverUsual(ctx context.Context, f failoverFlags) (t failover.Takeovers, err error) {
	c, err := a.failoverCluster(ctx, f, consumers.DefaultSession)
	if err != nil {
		return t, err
	}
	defer c.Close()
	return c.Kill(ctx, f.kills, a.err)
}

func (a *app) failoverTuned(ctx context.Context, f failoverFlags) (t failover.Takeovers, r failover.Restarts, s failover.Sleep, err error) {
	c, err := a.failoverCluster(ctx, f, f.tuned)
	if err != nil {
		return t, r, s, err
	}
	defer c.Close()
	if t, err = c.Kill(ctx, f.kills, a.err); err != nil {
		return t, r, s, err
	}
	if r, err = c.Restart(ctx); err != nil || f.sleep == 0 {
		return t, r, s, err
	}
	s, err = c.Sleep(ctx, f.sleep)
	return t, r, s, err
}
