package node

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers"
	"github.com/armslog/armslog/registry"
)

// lead is the write path of armslog, from the election to the moment at which a
// decision is a fact. It returns errDeposed when another leader owns the
// journal, errUnfit when this node may not lead, nil when another node has been
// elected, and any other error when the node cannot go on. In every case the
// state holds accepted entries only, or nobody reads it any more.
//
// Its steps are those of the design; ARCHITECTURE.md tells the same story with
// the names of the functions.
func (n *Node) lead(ctx context.Context) error {
	// 1. The journal has been followed to its end: the state is what all
	// accepted entries make of it. A node older than the code that led before
	// could not have made what that code decided: it never leads.
	//
	// Crash here: nothing was written. Any node goes on from the journal.
	n.cfg.Failpoints.Hit("leader.1.before")
	if n.pos.Reader.Engine > registry.Engine {
		return fmt.Errorf("%w: its engine is %d, this is %d", errTooOld, n.pos.Reader.Engine, registry.Engine)
	}
	if n.election.standsIn() && n.pos.Reader.Owner != n.reign.last() {
		n.election.set(consumers.Elected{})
		return errNotElected // its successor has taken over
	}

	// 2. Claim the journal with a fence that names the owner it replaces, and
	// read back up to it: Kafka has no conditional append, so who owns the
	// journal is known only by reading it. Then compare clocks.
	//
	// Crash here: the fence is stored or not. If it is, the journal belongs to
	// a nonce that nobody has, and entries of the leader before are ignored;
	// the next leader's fence replaces it. Nothing is lost: a request counts
	// as decided only when its entry is accepted.
	n.cfg.Failpoints.Hit("leader.2.before")
	nonce, err := n.claim(ctx)
	n.cfg.Failpoints.Hit("leader.2.after")
	if err != nil {
		return err
	}
	n.refusal.Store(nil)
	n.reign.begin(nonce)
	defer n.reign.end()
	n.log.Info("leads", slog.Uint64("seq", n.state.Next()))

	// 3. Open every mailbox that the directory names, each at its frontier,
	// which is part of the journal: there are no offset commits that could
	// disagree with it. One whose head is gone stops, or goes on behind what
	// is lost, where that is permitted: the permission is in the state, so that
	// it outlives every leader.
	//
	// Crash here: nothing was written.
	n.cfg.Failpoints.Hit("leader.3.before")
	boxes := n.openSources(ctx)
	defer boxes.close()

	for {
		n.openMailboxes(boxes)
		if err := n.waitForWork(ctx, boxes); err != nil {
			return err
		}
		turn, err := n.pace.wait(ctx, boxes.Came())
		if err != nil {
			return err
		}
		if err := n.stillLeads(ctx); err != nil {
			return err
		}

		// 4. Take what is there and decide, under the lock, which is held up to
		// the acknowledgement: nobody reads a state that may be taken back.
		//
		// Crash here: the decisions are forgotten with the process. The next
		// leader opens the mailboxes at the same frontiers and decides again.
		n.cfg.Failpoints.Hit("leader.4.before")
		now, err := n.now()
		if err != nil {
			return err
		}
		n.hold()
		decided := n.decide(boxes.Mailboxes, nonce, turn, now)
		if len(decided.entries) == 0 {
			n.letGo()
			continue
		}

		// 5. Append the batch: one record batch, all or nothing, acknowledged
		// by all in-sync replicas; on an error or a timeout the identical batch
		// again, for ever. THIS IS THE COMMIT POINT. The input's position and
		// the output are one record.
		//
		// Crash here: the batch is stored or not. If it is, its decisions are
		// facts, for nobody can own the journal between its entries, and the
		// next leader folds them; the callers, who have heard nothing, ask
		// again and get the same answer as a duplicate. If it is not, see 4. If
		// it is stored twice, the second copy is ignored by the reader rule.
		n.cfg.Failpoints.Hit("leader.5.before")
		done := n.metrics.appending()
		appended, err := n.appender.Append(ctx, decided.messages)
		took := done()
		n.cfg.Failpoints.Hit("leader.5.after")

		// 6. See what was accepted, by the reader rule, as everybody else does.
		// Only then let go of the state and tell. If another leader owns the
		// journal, what was decided here never happened: drop the state and
		// fold again.
		//
		// Crash here: the entries are accepted, and nobody here was told. All
		// who wait find them in the journal.
		var accepted *consumers.Batch
		if err == nil {
			accepted, err = n.accept(ctx, decided, appended.Offset, nonce)
		}
		n.cfg.Failpoints.Hit("leader.6.before")
		if err != nil {
			return n.takeBack(ctx, err)
		}
		n.letGo()
		n.metrics.decided(decided, took)
		n.tell(accepted)
		n.cfg.Failpoints.Hit("leader.6.after")
		if err := n.caughtUp(); err != nil {
			return err
		}
	}
}

// sources are the mailboxes of one reign, and the topics that are made for it.
type sources struct {
	*consumers.Mailboxes
	group *errgroup.Group
	ctx   context.Context
	stop  context.CancelFunc
}

// openSources starts to read mailboxes.
func (n *Node) openSources(ctx context.Context) *sources {
	n.taken = nil
	ctx, stop := context.WithCancel(ctx)
	group, ctx := errgroup.WithContext(ctx)
	s := &sources{Mailboxes: n.sources(), group: group, ctx: ctx, stop: stop}
	n.reading.Store(s.Mailboxes)
	group.Go(func() error { return s.Run(ctx) })
	return s
}

func (s *sources) close() {
	s.stop()
	_ = s.group.Wait() // ends with ctx alone
}

// openMailboxes opens the gateway's own and what the directory names, and has the topics made that
// are not there: until then such a mailbox is "not yet". What one has lost may be passed over where
// an accepted mailbox.skipped permits it: the state holds accepted entries alone here.
func (n *Node) openMailboxes(boxes *sources) {
	var topics []producers.Topic
	if boxes.Open(events.SourceGateway, n.pos.Reader.Frontier[events.SourceGateway]) {
		topics = append(topics, producers.MailboxTopic(events.SourceGateway))
	}
	for _, org := range n.state.Mailboxes() {
		if boxes.Open(org, n.pos.Reader.Frontier[org]) {
			topics = append(topics, producers.MailboxTopic(org), producers.OutboxTopic(org))
		}
		if to := n.state.Passable(org); to > 0 {
			boxes.PassOver(org, to)
		}
	}
	if len(topics) > 0 {
		boxes.group.Go(func() error {
			defer boxes.Look()
			return n.topics(boxes.ctx, topics...)
		})
	}
}

// tailCheck is how often a leader without work looks whether it still leads.
const tailCheck = 500 * time.Millisecond

// waitForWork returns when something waits to be decided. It returns nil only
// then; otherwise the reign is over.
func (n *Node) waitForWork(ctx context.Context, boxes *sources) error {
	for {
		elected, changed := n.election.now()
		if !elected {
			return errNotElected
		}
		if len(n.taken) > 0 || n.state.Next() == 0 || n.isDue() {
			return ctx.Err()
		}
		select {
		case <-boxes.Ready():
			return nil
		case <-changed:
		case <-time.After(n.untilDue()):
			if err := n.checkTail(ctx); err != nil {
				return err
			}
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

func (n *Node) isDue() bool {
	at, ok := n.state.NextDue()
	return ok && at <= n.cfg.Now().UnixMilli()
}

// untilDue is how long there is nothing to do but to look at the journal's end.
func (n *Node) untilDue() time.Duration {
	at, ok := n.state.NextDue()
	if !ok {
		return tailCheck
	}
	return min(tailCheck, max(time.Millisecond, time.UnixMilli(at).Sub(n.cfg.Now())))
}

// stillLeads looks at the journal's end first, where this node has not read it
// for so long that others may have elected a successor: it was paused, or Kafka
// away. It saves a batch that would not be accepted, and a state that would have
// to be folded again; what must hold, the reader rule holds.
func (n *Node) stillLeads(ctx context.Context) error {
	if time.Since(n.read) < max(n.cfg.Election/2, 2*tailCheck) {
		return nil
	}
	return n.checkTail(ctx)
}

// checkTail reads what others have written meanwhile: a leader that has nothing
// to append would not find out otherwise.
func (n *Node) checkTail(ctx context.Context) error {
	asked := time.Now()
	end, err := n.journalEnd(ctx)
	if err != nil {
		return err
	}
	n.read = asked
	if n.metrics.saw(n.pos.Offset, end); end == n.pos.Offset {
		return nil
	}
	owner := n.pos.Reader.Owner
	if err := n.readBack(ctx, end); err != nil {
		return err
	}
	if n.pos.Reader.Owner != owner {
		return errDeposed
	}
	return nil
}

// accept applies the reader rule to what was appended. Where the batch follows
// directly on what has been read, nothing came between, and it need not be read
// back: what was sent is what is there.
func (n *Node) accept(ctx context.Context, d *decided, offset int64, nonce string) (*consumers.Batch, error) {
	b := &consumers.Batch{Position: n.pos}
	var err error
	if offset == n.pos.Offset {
		err = b.Take(d.items(offset))
	} else {
		err = n.takeFromJournal(ctx, b, offset+int64(len(d.entries)))
	}
	if err != nil {
		return nil, err
	}
	if b.Position.Reader.Owner != nonce || b.Position.Reader.Next != n.state.Next() {
		return nil, errDeposed
	}
	n.pos, n.read = b.Position, time.Now()
	return b, nil
}

// takeFromJournal reads up to the offset end, all into one batch.
func (n *Node) takeFromJournal(ctx context.Context, b *consumers.Batch, end int64) error {
	var items []consumers.Item
	err := n.journal.Read(ctx, b.Position.Offset, end, func(part []consumers.Item) error {
		items = append(items, part...)
		return nil
	})
	if err != nil {
		return err
	}
	return b.Take(items)
}

// takeBack makes the state hold accepted entries only, after a batch of which
// that is not known, lets it go, and returns why. Where it cannot, the node is
// at its end, and the state is never let go: whoever still waits for it gives
// up, and sees neither what was not accepted nor a state without its entries.
func (n *Node) takeBack(ctx context.Context, because error) error {
	n.reign.end()
	if ctx.Err() != nil {
		return because // there is no time to fold
	}
	if err := n.refold(ctx); err != nil {
		return err
	}
	n.letGo()
	return because
}
