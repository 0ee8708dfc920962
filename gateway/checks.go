package gateway

import (
	"net/http"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// States of a check.
const (
	CheckOK      = "ok"
	CheckWarning = "warning" // registration and search go on; something else does not, or they will not for long
	CheckFailed  = "failed"
)

// Check is one thing that must be right for the registry to do its work, as the
// node that answers sees it.
type Check struct {
	Name  string `json:"name"`
	State string `json:"state" doc:"ok, warning or failed."`
	Code  string `json:"code,omitempty" doc:"What is wrong; programs act on it, the list only grows."`
	Says  string `json:"says" doc:"How it is, in a sentence. It names no organisation, no address and no path: /readyz shows it to everybody."`
	Do    string `json:"do,omitempty" doc:"What helps."`
	// Detail is for an administrator of the General Secretariat alone.
	Detail string `json:"detail,omitempty" doc:"Which organisation, which address, which path: in /v1/checks alone."`
}

// Checks is what an operator is shown.
type Checks struct {
	Checks []Check `json:"checks"`
}

func checkRoutes() []*route {
	return []*route{{
		method: http.MethodGet, path: "/v1/checks", id: "list-checks", tag: "Operation",
		doc:   "What this node finds in order and what not, with whom and where; to an administrator of the General Secretariat. It answers before the node has begun.",
		roles: admins, early: true, needs: []string{"no_right"}, ok: []answer{answers[Checks](200, "All of them.")}, serve: (*call).listChecks,
	}}
}

// listChecks asks nobody, least of all the state: it is held while the brokers
// are silent. A node that has folded nothing does not know who the General
// Secretariat is; it tells every administrator what it tells everybody.
func (c *call) listChecks() error {
	var secretariat events.OrgID
	if c.cfg.Secretariat != nil {
		secretariat = c.cfg.Secretariat()
	}
	switch secretariat {
	case "":
		return c.json(http.StatusOK, 0, Checks{c.openChecks()})
	case c.org():
		return c.json(http.StatusOK, 0, Checks{c.checks()})
	}
	return newProblem("no_right", "the General Secretariat looks after the nodes; /readyz shows everybody what is wrong")
}

func (c *call) checks() []Check {
	if c.cfg.Checks == nil {
		return []Check{}
	}
	return c.cfg.Checks()
}

// openChecks are the checks as everybody may see them.
func (c *call) openChecks() []Check {
	all := c.checks()
	for i := range all {
		all[i].Detail = ""
	}
	return all
}

// Readiness is what /readyz answers where requests can be answered.
type Readiness struct {
	Status  string  `json:"status" doc:"ready."`
	NextSeq uint64  `json:"next_seq" doc:"Of the next entry."`
	Leads   *bool   `json:"leads,omitempty" doc:"This node leads; any answers everything."`
	Checks  []Check `json:"checks"`
}

// ready says that requests can be answered: the state is at the journal's end,
// what is decided is acknowledged, and it is not about to stop. It tells whether
// this node leads; any node answers everything. Where they cannot be answered,
// the checks say why.
func (c *call) ready() error {
	if c.drains.Load() {
		return c.notReady(newProblem("unavailable", "this gateway is stopping"))
	}
	if err := c.isReady(); err != nil {
		return c.notReady(problemOf(err))
	}
	is := Readiness{Status: "ready"}
	if err := c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) { is.NextSeq = s.Next() }); err != nil {
		return c.notReady(problemOf(err))
	}
	if c.cfg.Leads != nil {
		leads := c.cfg.Leads()
		is.Leads = &leads
	}
	is.Checks = c.openChecks()
	return c.json(http.StatusOK, 0, is)
}

func (c *call) notReady(p *Problem) error {
	p.Checks = c.openChecks()
	return p
}

func (c *call) isReady() error {
	if c.cfg.Ready == nil {
		return nil
	}
	if err := c.cfg.Ready(); err != nil {
		return &UnavailableError{Code: "unavailable", RetryAfter: time.Second, Detail: err.Error()}
	}
	return nil
}

// readySoon is how long a call waits for a node that has just been started.
const readySoon = 2 * time.Second

// awaitReady holds a call back until the state may be shown.
func (c *call) awaitReady() error {
	if c.isReady() == nil {
		return nil
	}
	timer := time.NewTimer(readySoon)
	defer timer.Stop()
	select {
	case <-c.cfg.Opened:
	case <-timer.C:
	case <-c.r.Context().Done():
		return c.r.Context().Err()
	}
	return c.isReady()
}
