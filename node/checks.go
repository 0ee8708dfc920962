package node

import (
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
)

// refusal is why this node did not lead when it was elected.
type refusal struct {
	at  time.Time
	why error
}

// Bounds of what is in order.
const (
	silentAfter = 5 * time.Second  // without news of the journal's end
	refusalFor  = 2 * time.Minute  // a refusal to lead is told: unfitPause, and time to look
	behindAfter = 60 * time.Second // of a follower
)

// Checks are what this node knows of itself, in the order in which one thing
// causes the next. They never wait: they are asked for when something is stuck.
func (n *Node) Checks() []gateway.Check {
	return []gateway.Check{n.checkBrokers(), n.checkJournal(), n.checkState(), n.checkLeader(), n.checkClock(), n.checkMailboxes()}
}

func fine(name, says string, args ...any) gateway.Check {
	return gateway.Check{Name: name, State: gateway.CheckOK, Says: fmt.Sprintf(says, args...)}
}

func (n *Node) checkBrokers() gateway.Check {
	c := fine("brokers", "they answer")
	if n.failed.Load() != nil {
		c.Says = "they are not asked any more, see journal"
		return c
	}
	silent, heard, met := n.silence(), n.metrics.heard.Load() > 0, n.trouble.now()
	if met.Code != "" {
		c.State, c.Code, c.Says, c.Do, c.Detail = gateway.CheckFailed, met.Code, met.Says, met.Do, met.Detail
		if heard && silent < silentAfter { // the journal goes on; a mailbox's topic, say, does not
			c.State = gateway.CheckWarning
		}
		return c
	}
	switch {
	case silent >= silentAfter:
		c.State, c.Code = gateway.CheckFailed, "kafka_silent"
		c.Says = fmt.Sprintf("they have not told where the journal ends for %s", silent.Round(time.Second))
		c.Do = "look whether they run, whether this host reaches them, and whether the journal's topic has a leader; nothing is lost meanwhile"
	case !heard:
		c.Says = "they have not been heard of yet"
	}
	return c
}

// fatal are the errors that a node cannot outlive.
var fatal = []struct {
	is             error
	code, says, do string
}{
	{events.ErrDamaged, "journal_damaged", "the journal is damaged: an entry is missing, or was written by nobody who may", "delete nothing; stop all nodes and restore the journal from a backup"},
	{events.ErrNotJournal, "journal_damaged", "the journal's topic holds a record that is no journal entry, or one of a newer version", "update this node; if it is the newest, stop all nodes and restore the journal from a backup"},
	{consumers.ErrLost, "journal_damaged", "the journal no longer begins where it began, or ends before what was read", "look whether its topic's retention is infinite; stop all nodes and restore the journal from a backup"},
	{ErrOtherJournal, "other_journal", "these brokers hold another journal than the one that this node follows", "point it at the right brokers; if it shall follow the new journal, give it an empty node directory"},
	{ErrHistoryWentBack, "history_went_back", "the journal ends before what this node has seen of it", "restore a newer copy; or, if it was restored from an older one on purpose, start once with --accept-older-journal, and rebuild the tables"},
	{ErrNoGenesis, "journal_empty", "the journal is empty: it has lost its history, or nobody has begun it", "restore it from a backup; a new registry is begun with --begin"},
	{ErrUnknownEntry, "node_too_old", "the journal holds a request that only a newer version knows", "update this node"},
}

func (n *Node) checkJournal() gateway.Check {
	c := fine("journal", "nothing of it is followed yet")
	if next := n.figures.Load().next; next > 0 {
		c.Says = fmt.Sprintf("it is followed up to seq %d", next-1)
	}
	failed := n.failed.Load()
	if failed == nil {
		return c
	}
	c.State, c.Code, c.Detail = gateway.CheckFailed, "node_stopped", (*failed).Error()
	c.Says, c.Do = "this node has stopped following it", "its log says why; start it again"
	for _, f := range fatal {
		if errors.Is(*failed, f.is) {
			c.Code, c.Says, c.Do = f.code, f.says, f.do
			break
		}
	}
	return c
}

func (n *Node) checkState() gateway.Check {
	c := fine("state", "it holds what the journal does")
	offset, end := n.metrics.offset.Load(), n.metrics.end.Load()
	switch {
	case n.failed.Load() != nil:
		c.State, c.Code, c.Says, c.Do = gateway.CheckFailed, "node_stopped", "it no longer follows the journal", "see journal"
	case !n.isReady() && n.short.Load():
		c.State, c.Code = gateway.CheckFailed, "history_went_back"
		c.Says, c.Do = "the journal seems to end before what this node has seen of it", "wait some seconds: the node looks again, and then says what it holds"
	case !n.isReady() && n.metrics.heard.Load() == 0:
		c.State, c.Code, c.Says, c.Do = gateway.CheckFailed, "folding", "the journal has not been read yet", "see brokers"
	case !n.isReady() && offset >= end:
		c.State, c.Code, c.Says = gateway.CheckFailed, "not_begun", "the journal has been read, and its first entry is not written yet"
		c.Do = "wait some seconds; if it stays, see leader"
	case !n.isReady():
		c.State, c.Code, c.Says = gateway.CheckFailed, "folding", fmt.Sprintf("folding the journal: %d of %d records", offset, end)
		c.Do = "wait; a core folds a hundred thousand records in a second or two. If the number stands still, see brokers"
	case end-offset > catchingUp:
		c.State, c.Code, c.Says = gateway.CheckWarning, "state_behind", fmt.Sprintf("%d records behind the journal", end-offset)
		c.Do = "wait; if the number grows, this host or its network is too slow"
	}
	return c
}

func (n *Node) checkLeader() gateway.Check {
	if n.Leads() {
		return n.checkAppend()
	}
	c := fine("leader", "another node leads")
	if n.failed.Load() != nil {
		c.Says = "it is not looked for any more, see journal"
		return c
	}
	if r := n.refusal.Load(); r != nil && errors.Is(r.why, errTooOld) && time.Since(r.at) < refusalFor {
		c.State, c.Code, c.Detail = gateway.CheckWarning, "node_too_old", r.why.Error()
		c.Says, c.Do = "this node refuses to lead: a newer version has led", "update this node"
		return c
	}
	switch n.leader.Load() {
	case leaderNotAsked:
		c.Says = "not looked for yet"
	case leaderSecret:
		c.Says = "this node may not ask who leads; one with the role registry knows"
	case leaderNotTold:
		c.State, c.Code, c.Says, c.Do = gateway.CheckWarning, "leader_unknown", "the brokers do not say whether a node leads", "see brokers"
	case leaderNone:
		c.State, c.Code, c.Says = gateway.CheckFailed, "no_leader", "no node leads: requests are kept, and not decided"
		c.Do = "wait ten seconds for another to take over; if it stays, start a node with the role registry, and read the logs of those that run"
	}
	if n.elected() {
		c.State, c.Code, c.Says = gateway.CheckWarning, "taking_over", "this node is elected, and does not own the journal yet"
		c.Do = "wait some seconds; if it stays, see brokers"
	}
	return c
}

// checkAppend is checkLeader of the leader.
func (n *Node) checkAppend() gateway.Check {
	c := fine("leader", "this node leads")
	if waits := n.metrics.unacknowledged(); waits >= silentAfter {
		c.State, c.Code = gateway.CheckFailed, "append_waits"
		c.Says = fmt.Sprintf("this node leads, and its append has not been acknowledged for %s: nothing is decided, and nobody is answered", waits.Round(time.Second))
		c.Do = "look whether armslog.journal has as many in-sync replicas as min.insync.replicas says, and at the brokers' disks; the append is sent again until it is acknowledged"
	}
	return c
}

func (n *Node) checkClock() gateway.Check {
	c := fine("clock", "no reason to doubt it")
	if r := n.refusal.Load(); r != nil && !errors.Is(r.why, errTooOld) && time.Since(r.at) < refusalFor {
		c.State, c.Code, c.Detail = gateway.CheckFailed, "clock_off", r.why.Error()
		c.Says, c.Do = "this node refuses to lead: its clock is not the journal's", "set this host's clock, or the brokers', by NTP; the node tries again by itself"
	}
	return c
}

func (n *Node) checkMailboxes() gateway.Check {
	c, losses := fine("mailboxes", "none is stopped"), n.Losses()
	if len(losses) == 0 {
		return c
	}
	c.State, c.Code = gateway.CheckFailed, "mailbox_stopped"
	c.Says = fmt.Sprintf("%d stopped: requests in them were deleted before they were decided", len(losses))
	c.Do = "see ArmslogMailboxStopped in docs/operations.md; to an administrator of the General Secretariat armslog doctor names them, and the command"
	var which []string
	for _, l := range losses {
		which = append(which, remedyOf(l))
	}
	c.Detail = strings.Join(which, "; ")
	return c
}

// remedyOf says what a mailbox has lost, and the command that lets it go on.
func remedyOf(l consumers.Loss) string {
	lost := fmt.Sprintf("%s: offsets %d to %d", l.Org, l.From, l.To-1)
	switch {
	case l.Ends:
		return fmt.Sprintf("%s ends before offset %d, up to which it is decided: restore the topic, it cannot be passed over", l.Org, l.From)
	case !events.ValidOrg(l.Org): // the gateway's own
		return lost + ": looks that nobody has decided; they cannot be passed over"
	}
	return fmt.Sprintf("%s: armslog org skip-lost %s --to %d", lost, l.Org, l.To)
}

// CheckFollower says how far a follower of this node's state is; next is the seq
// after the last entry that it has done with.
func (n *Node) CheckFollower(follower string, next func() uint64) gateway.Check {
	if !n.isReady() {
		return fine(follower, "it begins when the state holds what the journal does")
	}
	entries, age := n.hub.lag(next(), n.cfg.Now())
	c := fine(follower, "entries behind: %d", entries)
	if age >= behindAfter {
		c.State, c.Code = gateway.CheckWarning, follower+"_behind"
		c.Says = fmt.Sprintf("entries behind: %d, the oldest for %s or more", entries, age.Round(time.Second))
		c.Do = "registration and search go on; look at what it writes to, and at this node's log"
	}
	return c
}
