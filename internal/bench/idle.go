package bench

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/armslog/armslog/internal/failover"
)

// What an idle node may use, with two hundred mailboxes.
const (
	idleCore     = 5   // percent of a core
	idleResident = 150 // MB
)

// IdleConfig is the node that is measured: the real program, in a process of
// its own, on engines that are none of it.
type IdleConfig struct {
	Program   string
	Env       []string // of the node, beside this process's
	Brokers   []string
	Roles     []string
	Flags     []string // of `armslog serve`, beside the usual ones
	Mailboxes int
	Settle    time.Duration // how long it rests before it is measured
	For       time.Duration // how long it is measured
	Asked     *Asked        // what the brokers are asked; nil = nobody counts
}

// IdleResult is what Idle measured, of the node's process alone.
type IdleResult struct {
	Mailboxes  int                `json:"mailboxes"`
	Seconds    float64            `json:"seconds"`
	Core       float64            `json:"core_percent"` // of one core
	ResidentMB float64            `json:"resident_mb"`  // the most that was seen
	PerSecond  map[string]float64 `json:"requests_per_second,omitempty"`
}

// Idle starts a node, makes so many organisations known, each with a mailbox,
// lets all come to rest, and measures what the node uses while nothing happens.
func Idle(ctx context.Context, cfg IdleConfig) (r IdleResult, err error) {
	c, err := failover.Start(ctx, failover.Config{
		Program: cfg.Program, Env: cfg.Env, Brokers: 1, Addrs: cfg.Brokers, Nodes: 1, Roles: cfg.Roles, Flags: cfg.Flags,
		Takeover: 6 * time.Second,
	})
	if err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	for i := 1; i < cfg.Mailboxes; i++ { // the cluster has made the first
		if err := c.Enrol(ctx, fmt.Sprintf("NCB-I%03d", i)); err != nil {
			return r, err
		}
	}
	if err := cfg.Asked.untilFew(ctx); err != nil {
		return r, err
	}
	if err := rest(ctx, cfg.Settle); err != nil {
		return r, err
	}
	return measureIdle(ctx, cfg, c.Nodes[0].PID())
}

func measureIdle(ctx context.Context, cfg IdleConfig, pid int) (r IdleResult, err error) {
	before, err := spentBy(pid)
	if err != nil {
		return r, err
	}
	asked, began := cfg.Asked.now(), time.Now()
	most := before.resident
	var after spent
	for left := cfg.For; left > 0; left = cfg.For - time.Since(began) {
		if err := rest(ctx, min(left, time.Second)); err != nil {
			return r, err
		}
		if after, err = spentBy(pid); err != nil {
			return r, err
		}
		most = max(most, after.resident)
	}
	took := time.Since(began)
	r = IdleResult{
		Mailboxes: cfg.Mailboxes, Seconds: took.Seconds(),
		Core: 100 * float64(after.processor-before.processor) / float64(took), ResidentMB: mb(most),
	}
	if cfg.Asked != nil {
		r.PerSecond = map[string]float64{}
		for kind, n := range cfg.Asked.now() {
			if n > asked[kind] {
				r.PerSecond[kind] = perSecond(n-asked[kind], took)
			}
		}
	}
	return r, nil
}

// Print writes what was measured beside what is allowed.
func (r IdleResult) Print(out io.Writer) {
	fmt.Fprintf(out, "idle      %.1f %% of a core (%d allowed), %.0f MB resident (%d allowed); %d mailboxes in which nothing happens, for %.0f s\n",
		r.Core, idleCore, r.ResidentMB, idleResident, r.Mailboxes, r.Seconds)
	if r.PerSecond == nil {
		return
	}
	total, kinds := 0.0, []string{}
	for _, kind := range slices.Sorted(maps.Keys(r.PerSecond)) {
		total += r.PerSecond[kind]
		kinds = append(kinds, fmt.Sprintf("%s %.1f", kind, r.PerSecond[kind]))
	}
	fmt.Fprintf(out, "          %.1f requests/s to the broker: %s\n", total, strings.Join(kinds, ", "))
}
