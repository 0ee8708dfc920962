package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
	"strconv"
	"syscall"
	"time"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/projections"
	"github.com/armslog/armslog/registry"
)

// decision is an accepted entry of the journal, as somebody reads it who was
// not there.
type decision struct {
	Seq     uint64
	Src     string
	Off     int64
	Span    int64
	At      time.Time
	ID      events.UUID
	Verdict events.Verdict
	Of      uint64 // of a duplicate
	Told    told   // what its sender is to be told
}

// note is a notification, as far as it never changes.
type note struct {
	N      uint64
	Seq    uint64
	Reason string
	About  string // kind and id
	Role   string
}

func noteOf(n *events.Notification) note {
	return note{n.N, n.Seq, n.Reason, n.About.Kind + " " + n.About.ID, n.Role}
}

// message is one of an outbox.
type message struct {
	Seq   uint64
	Reply *told       // of a reply
	ID    events.UUID // of a reply's request
	Note  *note       // of a notification
}

// position is how far a node has folded the journal, and to what.
type position struct {
	Name string
	Seq  uint64
	Hash string
}

// observed is all that can be seen of the registry in the end.
type observed struct {
	Decisions []decision
	Fences    int // that replaced an owner
	Stale     int // records of the journal that do not count
	Fold      position
	Nodes     []position
	Expected  map[events.OrgID][]note // by the fold
	Inboxes   map[string][]note       // node and organisation
	Outboxes  map[events.OrgID][]message
	Mailed    map[events.UUID]bool // requests whose reply comes on the outbox
}

// observe waits until all nodes and the courier have come to the journal's end,
// and reads everything.
func (w *world) observe(ctx context.Context, requests []*request) (*observed, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	o := &observed{
		Expected: map[events.OrgID][]note{}, Inboxes: map[string][]note{}, Outboxes: map[events.OrgID][]message{}, Mailed: map[events.UUID]bool{},
	}
	for _, r := range requests {
		if r.Mail {
			o.Mailed[r.ID] = true
		}
	}
	j, err := w.readJournal(ctx, o)
	if err != nil {
		return nil, err
	}
	if err := w.awaitNodes(ctx, o); err != nil {
		return nil, err
	}
	for _, org := range parties {
		if o.Expected[org], err = j.inbox(ctx, org); err != nil {
			return nil, err
		}
		for i, n := range w.fleet.Nodes {
			if o.Inboxes[n.Name()+" "+string(org)], err = w.inbox(ctx, i, org); err != nil {
				return nil, err
			}
		}
		if o.Outboxes[org], err = w.awaitOutbox(ctx, org, len(o.Expected[org]), o); err != nil {
			return nil, err
		}
	}
	return o, nil
}

// journal is all of it, folded.
type journal struct {
	state   *registry.State
	entries map[uint64]*events.Entry
}

// Entry is what registry.View asks for.
func (j *journal) Entry(_ context.Context, seq uint64) (*events.Entry, error) {
	e := j.entries[seq]
	if e == nil {
		return nil, fmt.Errorf("find entry %d: the journal does not hold it", seq)
	}
	return e, nil
}

func (j *journal) view() registry.View {
	return registry.View{Entries: j, Read: func(_ context.Context, f func(*registry.State)) error {
		f(j.state)
		return nil
	}}
}

// readJournal reads the journal by the reader rule, when all mail is decided.
func (w *world) readJournal(ctx context.Context, o *observed) (*journal, error) {
	source := consumers.NewJournal(w.kafka, consumers.JournalConfig{Prepare: true, Log: sim.Quiet()})
	j := &journal{state: registry.New(), entries: map[uint64]*events.Entry{}}
	b := &consumers.Batch{}
	var order []*events.Entry
	for undecided := true; undecided; {
		end, err := source.End(ctx)
		if ctx.Err() != nil {
			return nil, errors.New("mail is not decided long after all was mended")
		}
		if err != nil {
			continue
		}
		err = source.Read(ctx, b.Position.Offset, end, func(items []consumers.Item) error {
			for i := range items {
				owner := b.Position.Reader.Owner
				if err := b.Take(items[i : i+1]); err != nil {
					return err
				}
				switch {
				case b.Position.Reader.Owner != owner:
					o.Fences++
				case len(b.Entries) == 0:
					o.Stale++
				default:
					e := b.Entries[0]
					j.state.Evolve(e, b.Prepared[0])
					j.entries[e.Seq] = e
					order = append(order, e)
				}
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
		undecided = w.undecided(ctx, b.Position.Reader.Frontier)
	}
	o.Fold = position{"the fold", j.state.Next(), hashOf(j.state)}
	for _, e := range order {
		d := decision{Seq: e.Seq, Src: e.Src, Off: e.Off, Span: e.Span, At: time.UnixMilli(e.At), ID: e.Envelope.ID, Verdict: e.Verdict, Of: e.Of}
		reply, err := j.view().Reply(ctx, e)
		if err != nil {
			return nil, fmt.Errorf("reply to %d: %w", e.Seq, err)
		}
		d.Told = toldOf(&reply)
		if e.Verdict != events.Accepted && e.Verdict != events.Unchanged {
			d.Told = told{Seq: e.Seq, Refused: string(e.Verdict)}
		}
		o.Decisions = append(o.Decisions, d)
	}
	return j, nil
}

// undecided says whether a mailbox holds more than the journal has decided.
func (w *world) undecided(ctx context.Context, frontier map[string]int64) bool {
	for _, org := range parties {
		end, err := w.end(ctx, events.MailboxTopic(org))
		if err != nil || end > frontier[string(org)] {
			return true
		}
	}
	return false
}

func (w *world) end(ctx context.Context, topic string) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	res, err := w.kafka.ListOffsets(ctx, &kafka.ListOffsetsRequest{Topics: map[string][]kafka.OffsetRequest{topic: {kafka.LastOffsetOf(0)}}})
	if err != nil {
		return 0, err
	}
	if err := res.Topics[topic][0].Error; err != nil {
		return 0, err
	}
	return res.Topics[topic][0].LastOffset, nil
}

func hashOf(s *registry.State) string {
	h := s.Hash()
	return hex.EncodeToString(h[:])
}

// inbox is what the fold says that an organisation was told.
func (j *journal) inbox(ctx context.Context, org events.OrgID) ([]note, error) {
	var notes []note
	for n := uint64(1); n <= j.state.InboxLen(org); n++ {
		seq, _ := j.state.InboxSeq(org, n)
		told, err := j.view().Notification(ctx, j.entries[seq], org, n)
		if err != nil {
			return nil, err
		}
		notes = append(notes, noteOf(&told))
	}
	return notes, nil
}

// inbox is what a node says that an organisation was told.
func (w *world) inbox(ctx context.Context, node int, org events.OrgID) ([]note, error) {
	var notes []note
	for after := uint64(0); ; {
		var page struct {
			Items []events.Notification `json:"items"`
		}
		err := w.get(ctx, node, org, fmt.Sprintf("/v1/inbox?limit=500&after=%d", after), &page)
		if ctx.Err() != nil {
			return nil, fmt.Errorf("read the inbox of %s: %w", org, err)
		}
		if err != nil {
			continue // busy
		}
		if len(page.Items) == 0 {
			return notes, nil
		}
		for i := range page.Items {
			notes = append(notes, noteOf(&page.Items[i]))
		}
		after = page.Items[len(page.Items)-1].N
	}
}

var stateLine = regexp.MustCompile(`(?m)^state at seq (\d+): ([0-9a-f]{64})$`)

// awaitNodes asks every node for its hash until it has folded what the fold has.
func (w *world) awaitNodes(ctx context.Context, o *observed) error {
	for _, n := range w.fleet.Nodes {
		var at position
		for {
			if err := n.Signal(syscall.SIGUSR1); err != nil {
				return err
			}
			if !pause(ctx, 200*time.Millisecond) {
				return fmt.Errorf("%s is at seq %d long after all was mended, the journal at %d", n.Name(), at.Seq, o.Fold.Seq)
			}
			text, err := os.ReadFile(n.Log)
			if err != nil {
				return err
			}
			said := stateLine.FindAllSubmatch(text, -1)
			if len(said) == 0 {
				continue
			}
			last := said[len(said)-1]
			seq, _ := strconv.ParseUint(string(last[1]), 10, 64)
			at = position{n.Name(), seq, string(last[2])}
			if seq >= o.Fold.Seq {
				break
			}
		}
		o.Nodes = append(o.Nodes, at)
	}
	return nil
}

// awaitOutbox waits until the courier has delivered as many notifications as
// were told, and the reply to the last mail, and reads everything.
func (w *world) awaitOutbox(ctx context.Context, org events.OrgID, notes int, o *observed) ([]message, error) {
	replies := 0
	for _, d := range o.Decisions {
		if d.Src == string(org) && o.Mailed[d.ID] {
			replies++
		}
	}
	var box []message
	for {
		if err := w.readOutbox(ctx, org, &box); err != nil {
			return nil, err
		}
		have := 0
		for _, m := range box {
			if m.Note != nil {
				have++
			}
		}
		if have >= notes && len(box)-have >= replies {
			return box, nil
		}
		if !pause(ctx, 200*time.Millisecond) {
			return box, nil // the checker says what is missing
		}
	}
}

// readOutbox reads on from where box ends.
func (w *world) readOutbox(ctx context.Context, org events.OrgID, box *[]message) error {
	end, err := w.end(ctx, events.OutboxTopic(org))
	if err != nil {
		return fmt.Errorf("read the outbox of %s: %w", org, err)
	}
	for next := int64(len(*box)); next < end; {
		page, err := w.kafka.Fetch(ctx, &kafka.FetchRequest{Topic: events.OutboxTopic(org), Offset: next, MinBytes: 1, MaxBytes: 4 << 20, MaxWait: time.Second})
		if err == nil {
			err = page.Error
		}
		if err != nil {
			return fmt.Errorf("read the outbox of %s: %w", org, err)
		}
		for {
			r, err := page.Records.ReadRecord()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				return fmt.Errorf("read the outbox of %s: %w", org, err)
			}
			if r.Offset < next {
				continue
			}
			m, err := readMessage(r)
			if err != nil {
				return fmt.Errorf("read the outbox of %s: %w", org, err)
			}
			*box = append(*box, m)
			next = r.Offset + 1
		}
	}
	return nil
}

func readMessage(r *kafka.Record) (m message, err error) {
	value, err := kafka.ReadAll(r.Value)
	if err != nil {
		return m, err
	}
	head := map[string]string{}
	for _, h := range r.Headers {
		head[h.Key] = string(h.Value)
	}
	if m.Seq, err = strconv.ParseUint(head[projections.HeaderSeq], 10, 64); err != nil {
		return m, err
	}
	if head[projections.HeaderKind] == "reply" {
		var reply events.Reply
		err = json.Unmarshal(value, &reply)
		t := toldOf(&reply)
		if len(reply.Errors) > 0 {
			t = told{Seq: reply.Seq, Refused: reply.Status}
		}
		m.Reply, m.ID = &t, reply.Request
		return m, err
	}
	var n events.Notification
	err = json.Unmarshal(value, &n)
	told := noteOf(&n)
	m.Note = &told
	return m, err
}
