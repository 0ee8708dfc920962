package gateway

import (
	"context"
	"encoding/json"
	"net/http"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// progressEvery is how many lines pass between two progress lines of a batch
// that is told its errors alone.
const progressEvery = 1000

// writeAbove is how many bytes of verdicts gather before they are written.
const writeAbove = 32 << 10

// batchWriter writes the verdicts of a batch, one a line, in the order of the
// rows.
type batchWriter struct {
	*batch
	rc     *http.ResponseController
	out    []byte
	only   bool // errors, warnings and matches alone
	counts Counts
	failed error // of the connection, or of the system: no verdict follows
	from   uint64
}

func (b *batch) newWriter() *batchWriter {
	b.w.Header().Set("Content-Type", mediaNDJSON)
	b.w.Header().Set("Cache-Control", "no-store")
	b.w.Header().Set("X-Accel-Buffering", "no") // proxies: pass verdicts on as they come
	return &batchWriter{batch: b, rc: http.NewResponseController(b.w), only: b.text("only") == "errors"}
}

// chunk writes the verdicts of one chunk and sends them off unless more are
// coming.
func (w *batchWriter) chunk(ch *chunk) {
	ctx, cancel := context.WithTimeout(w.ctx, w.cfg.Bounds.BatchWait)
	defer cancel()
	for i := range ch.rows {
		w.from = ch.first + uint64(i)
		if err := w.row(ctx, ch, &ch.rows[i]); err != nil {
			w.failed = err
			return
		}
		if w.counts.Lines++; w.only && w.counts.Lines%progressEvery == 0 {
			w.member("progress", w.counts)
		}
		if len(w.out) > writeAbove {
			w.write()
		}
	}
	if len(w.chunks) == 0 {
		w.flush()
	}
}

func (w *batchWriter) row(ctx context.Context, ch *chunk, r *row) error {
	switch r.fate {
	case unchangedAtEdge:
		ch.answered++
		w.verdict(&events.Reply{Seq: r.seq, Status: string(events.Unchanged), ID: r.record.String()}, false)
		return nil
	case refusedAtEdge:
		ch.answered++
		errs := events.Explain(w.kind, nil, []events.FieldError{{Code: r.code}})
		w.verdict(&events.Reply{Status: string(events.Rejected), Errors: errs}, false)
		return nil
	}
	e, err := ch.pending.Next(ctx)
	if err != nil {
		if ctx.Err() == context.DeadlineExceeded {
			err = ErrOutcomeUnknown
		}
		return err
	}
	ch.answered++
	w.flight.end(r.record)
	reply, replayed, err := w.decided(ctx, e, r)
	if err != nil {
		return err
	}
	w.verdict(&reply, replayed)
	return nil
}

// decided is what is told of an entry; for a request that was decided before,
// what was told then.
func (w *batchWriter) decided(ctx context.Context, e *events.Entry, r *row) (_ events.Reply, replayed bool, err error) {
	if e.Verdict == events.Duplicate {
		replayed = true
		if e, err = w.cfg.View.Entry(ctx, e.Of); err != nil {
			return events.Reply{}, false, err
		}
	}
	if reply, ok := short(e, r); ok {
		return reply, replayed, nil
	}
	reply, err := w.cfg.View.Reply(ctx, e)
	return reply, replayed, err
}

// short is the reply to the ordinary row, which met nothing, without a look at
// state or journal. It equals what View.Reply says; a test holds them together.
func short(e *events.Entry, r *row) (events.Reply, bool) {
	reply := events.Reply{Seq: e.Seq}
	if refused(e.Verdict) {
		reply.Status, reply.Errors = string(events.Rejected), registry.Explain(e)
		return reply, true
	}
	if e.Verdict == events.Unchanged {
		reply.Status, reply.ID = string(events.Unchanged), r.record.String()
		return reply, true
	}
	if e.Verdict != events.Accepted || len(e.Effects) != 1 || len(e.Warnings) > 0 {
		return reply, false
	}
	reply.OnBehalfOf = e.Envelope.OnBehalfOf
	switch x := e.Effects[0].(type) {
	case events.RecordEffect:
		reply.Status, reply.ID, reply.Revision = x.Outcome, x.ID.String(), x.Revision
	case events.QuestionEffect:
		reply.Status, reply.ID, reply.Policy, reply.Truncated = "answered", x.ID.String(), e.Policy, &x.Truncated
		reply.Matches, reply.Candidates = []events.MatchView{}, []events.MatchView{}
		if x.StandsUntil != 0 {
			reply.StandsUntil = x.StandsUntil.String()
		}
	default:
		return reply, false
	}
	return reply, true
}

// verdict writes one line and counts it.
func (w *batchWriter) verdict(reply *events.Reply, replayed bool) {
	w.counts.add(reply)
	if n, ok := w.metrics.rows[reply.Status]; ok {
		n.Inc()
	}
	if w.only && reply.Status != string(events.Rejected) && len(reply.Warnings) == 0 && len(reply.Matches) == 0 {
		return
	}
	w.out = appendNumber(append(w.out, '{'), "line", w.from)
	if reply.Seq > 0 {
		w.out = appendNumber(w.out, "seq", reply.Seq)
	}
	w.out = appendText(w.out, "status", reply.Status)
	if replayed {
		w.out = append(w.out, `,"replayed":true`...)
	}
	w.out = append(appendReply(w.out, reply), "}\n"...)
}

func (w *batchWriter) write() {
	if len(w.out) == 0 || w.failed != nil {
		return
	}
	w.w.extend()
	_, w.failed = w.w.Write(w.out)
	w.out = w.out[:0]
}

func (w *batchWriter) flush() {
	w.write()
	if w.failed == nil {
		w.failed = w.rc.Flush()
	}
}

// finish writes the last line: what it came to, or where to go on. A batch of
// which nothing was answered ends like any other request.
func (w *batchWriter) finish(ended *breakOff) error {
	if w.failed != nil {
		ended = &breakOff{problemOf(w.failed), w.from}
		w.failed = nil
	}
	if ended == nil {
		w.member("done", w.counts)
		w.flush()
		return nil
	}
	if w.w.status == 0 && w.counts.Lines == 0 {
		return ended.Problem
	}
	w.member("error", ended.Problem)
	w.out = append(appendNumber(w.out[:len(w.out)-2], "from", ended.From), "}\n"...)
	w.flush()
	return nil
}

// member writes a line of one member: one of the few that are no verdict.
func (w *batchWriter) member(name string, v any) {
	b, err := json.Marshal(v)
	if err != nil {
		b = []byte("null")
	}
	w.out = append(append(appendName(append(w.out, '{'), name), b...), "}\n"...)
}

func (c *Counts) add(r *events.Reply) {
	switch r.Status {
	case "registered":
		c.Registered++
	case "amended":
		c.Amended++
	case string(events.Unchanged):
		c.Unchanged++
	case "withdrawn":
		c.Withdrawn++
	case "answered":
		c.Answered++
	case string(events.Rejected):
		c.Rejected++
	}
	c.Matches += uint64(len(r.Matches))
	c.LastSeq = max(c.LastSeq, r.Seq)
}
