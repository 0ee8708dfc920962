package gateway

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// Inbox is one page of notifications.
type Inbox struct {
	Items        []events.Notification `json:"items"`
	Acknowledged uint64                `json:"acknowledged" doc:"Read up to here, by notification.acknowledged."`
	Last         uint64                `json:"last" doc:"n of the newest entry; n is dense, so that a gap is a loss."`
}

// inboxPage is how many entries a stream renders at a time.
const inboxPage = 100

// listInbox answers from the state and the journal; ClickHouse has no part in
// it. wait is a long poll.
func (c *call) listInbox() error {
	if err := c.waitSeq(); err != nil {
		return err
	}
	after, wait := c.number("after"), time.Duration(c.number("wait"))*time.Second
	if wait > 0 {
		ctx, cancel := context.WithTimeout(c.r.Context(), wait)
		stop := context.AfterFunc(c.life, cancel)
		err := c.watch.wait(ctx, c.org(), after)
		waited := ctx.Err() != nil
		stop()
		cancel()
		if err != nil && (!waited || c.r.Context().Err() != nil) {
			return err
		}
	}
	page, err := c.inbox(c.r.Context(), after, int(c.number("limit")))
	if err != nil {
		return err
	}
	return c.json(http.StatusOK, 0, page)
}

// inbox renders the entries after n.
func (c *call) inbox(ctx context.Context, after uint64, limit int) (Inbox, error) {
	page := Inbox{Items: []events.Notification{}}
	var seqs []uint64
	err := c.cfg.Registry.Read(ctx, func(s *registry.State) {
		page.Last, page.Acknowledged = s.InboxLen(c.org()), s.InboxAcked(c.org())
		for n := after + 1; n <= page.Last && len(seqs) < limit; n++ {
			seq, _ := s.InboxSeq(c.org(), n)
			seqs = append(seqs, seq)
		}
	})
	if err != nil {
		return Inbox{}, err
	}
	for i, seq := range seqs {
		e, err := c.cfg.View.Entry(ctx, seq)
		if err != nil {
			return Inbox{}, err
		}
		n, err := c.cfg.View.Notification(ctx, e, c.org(), after+1+uint64(i))
		if err != nil {
			return Inbox{}, err
		}
		page.Items = append(page.Items, n)
	}
	return page, nil
}

// acknowledge says that the inbox has been read up to n.
func (c *call) acknowledge() error {
	body, err := json.Marshal(events.NotificationAcknowledged{N: c.number("n")})
	if err != nil {
		return err
	}
	return c.submit(events.TypeNotificationAck, body)
}

// streamInbox is the live inbox: server-sent events, whose id is n. A reader
// that comes back with the last id it saw misses nothing and gets nothing
// twice: the inbox itself is the buffer, so that a slow reader costs no memory.
func (c *call) streamInbox() error {
	ctx, cancel := context.WithCancel(c.r.Context())
	defer cancel()
	defer context.AfterFunc(c.life, cancel)()
	after := max(c.number("after"), c.number("Last-Event-ID"))
	h := c.w.Header()
	h.Set("Content-Type", mediaEvents)
	h.Set("Cache-Control", "no-store")
	h.Set("X-Accel-Buffering", "no")
	c.metrics.streams.Inc()
	defer c.metrics.streams.Dec()
	out := []byte("retry: 2000\n\n")
	for {
		if err := c.push(out); err != nil || ctx.Err() != nil {
			return nil // the reader went away, or the gateway stops
		}
		page, err := c.inbox(ctx, after, inboxPage)
		if err != nil {
			return nil // it comes back to where it was
		}
		if out, err = appendEvents(out[:0], page.Items); err != nil {
			return err
		}
		after += uint64(len(page.Items))
		if len(out) == 0 {
			out = c.nextOrHeartbeat(ctx, after, out)
		}
	}
}

// nextOrHeartbeat waits for the inbox to grow; where it stays as it is, there
// is a comment to send, so that both sides and the proxies between them know
// that the other lives.
func (c *call) nextOrHeartbeat(ctx context.Context, after uint64, out []byte) []byte {
	wait, cancel := context.WithTimeout(ctx, c.cfg.Bounds.Heartbeat)
	defer cancel()
	if c.watch.wait(wait, c.org(), after) == nil {
		return out
	}
	return append(out, ": still here\n\n"...)
}

func (c *call) push(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	c.w.extend()
	if _, err := c.w.Write(b); err != nil {
		return err
	}
	return http.NewResponseController(c.w).Flush()
}

func appendEvents(dst []byte, items []events.Notification) ([]byte, error) {
	for i := range items {
		data, err := json.Marshal(&items[i])
		if err != nil {
			return nil, err
		}
		dst = strconv.AppendUint(append(dst, "id: "...), items[i].N, 10)
		dst = append(append(dst, "\nevent: "...), items[i].Reason...)
		dst = append(append(append(dst, "\ndata: "...), data...), "\n\n"...)
	}
	return dst, nil
}
