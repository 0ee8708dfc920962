package fleet

import (
	"context"
	"errors"
	"time"
)

// Member is one process of the fleet. Its methods are not safe for concurrent
// use on one member.
type Member interface {
	Name() string // broker-1, node-2, clickhouse
	// Start runs the process and returns when it serves.
	Start(ctx context.Context) error
	// Kill ends it with SIGKILL, paused or not.
	Kill()
	// Pause stops it with SIGSTOP; Resume lets it go on.
	Pause() error
	Resume() error
	// Cut keeps everything from and to the other members back until Heal. What
	// was under way then arrives late, as after a partition; connections that
	// were opened meanwhile are reset.
	Cut()
	Heal()
	// Running says whether the process has not ended.
	Running() bool
}

// startLimit bounds one start of a node or of ClickHouse on a busy machine.
const startLimit = 3 * time.Minute

var errNotRunning = errors.New("it does not run")

// place is a member's place in the network.
type place struct {
	name string
	net  *network
}

// Name is the member's.
func (p place) Name() string { return p.name }

// Cut cuts the member off from all others.
func (p place) Cut() { p.net.cut(p.name) }

// Heal ends a Cut.
func (p place) Heal() { p.net.heal(p.name) }
