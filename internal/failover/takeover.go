package failover

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
)

// Takeovers is how long kills of the leader kept callers waiting: from SIGKILL
// to the first decision of a request that was made after it.
type Takeovers struct {
	Setting  string  `json:"setting"`
	Kills    int     `json:"kills"`
	P50      float64 `json:"p50_seconds"`
	P90      float64 `json:"p90_seconds"`
	Max      float64 `json:"max_seconds"`
	Findings `json:"findings"`
}

// Kill kills the leader so many times, each time starts it again, and checks
// the journal at the end.
func (c *Cluster) Kill(ctx context.Context, kills int, progress io.Writer) (t Takeovers, err error) {
	var urls []string
	for _, n := range c.Nodes {
		urls = append(urls, n.URL)
	}
	l, err := c.startLoad(ctx, "k", strings.Join(urls, ","), false)
	if err != nil {
		return t, err
	}
	defer l.end()
	took := make([]time.Duration, 0, kills)
	for i := range kills {
		d, err := c.killLeader(ctx, l, i)
		if err != nil {
			return t, fmt.Errorf("kill %d: %w", i+1, err)
		}
		took = append(took, d)
		fmt.Fprintf(progress, "\rkill %d of %d: %.2f s ", i+1, kills, d.Seconds())
	}
	fmt.Fprintf(progress, "\r%30s\r", "")
	l.end()
	slices.Sort(took)
	at := func(share float64) float64 { return took[min(len(took)-1, int(share*float64(len(took))))].Seconds() }
	t = Takeovers{Setting: "--takeover-after " + c.cfg.Takeover.String(), Kills: kills, P50: at(.5), P90: at(.9), Max: took[len(took)-1].Seconds()}
	if t.Findings, err = c.check(ctx, l); err != nil {
		return t, err
	}
	return t, t.Err()
}

// killLeader returns when the node runs again and the load is answered.
func (c *Cluster) killLeader(ctx context.Context, l *load, i int) (time.Duration, error) {
	leader, err := c.Leader(ctx)
	if err != nil {
		return 0, err
	}
	if err := l.until(ctx, callers); err != nil { // all is well
		return 0, err
	}
	ask, err := newClient(c.Others(leader)[i%(len(c.Nodes)-1)].URL, c.token)
	if err != nil {
		return 0, err
	}
	began := time.Now()
	leader.Kill()
	decided := make(chan error, 1)
	var took time.Duration
	go func() {
		_, err := register(ask, fmt.Sprintf("after%06d", i))
		took = time.Since(began)
		decided <- err
	}()
	err = leader.Start(ctx)
	if asked := <-decided; asked != nil {
		return 0, fmt.Errorf("ask a survivor: %w", asked)
	}
	return took, err
}

// Table writes runs as a page of the documentation shows them.
func Table(w io.Writer, runs []Takeovers) {
	fmt.Fprintln(w, "| setting | kills | p50 | p90 | longest | requests | failed | lost | doubled |")
	fmt.Fprintln(w, "|---|---|---|---|---|---|---|---|---|")
	for _, t := range runs {
		fmt.Fprintf(w, "| `%s` | %d | %.2f s | %.2f s | %.2f s | %d | %d | %d | %d |\n",
			t.Setting, t.Kills, t.P50, t.P90, t.Max, t.Acknowledged, t.Failed, t.Lost, t.Doubled)
	}
}
