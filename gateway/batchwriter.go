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
	failed error  // of the connection, or of the system: no verdict follows
	from   uint64 // number of the line that the next verdict is about

	answers []told          // of the chunk at hand
	entries []*events.Entry // of those, what is to be rendered
}

func (b *batch) newWriter() *batchWriter {
	b.w.Header().Set("Content-Type", mediaNDJSON)
	b.w.Header().Set("Cache-Control", "no-store")
	b.w.Header().Set("X-Accel-Buffering", "no") // proxies: pass verdicts on as they come
	return &batchWriter{batch: b, rc: http.NewResponseController(b.w), only: b.text("only") == "errors", from: b.line}
}

// told is the answer to one row.
type told struct {
	reply    events.Reply
	replayed bool
	entry    *events.Entry // to be rendered; nil = reply is it
}

// renderAbove is how many rows are rendered together, where more are coming.
const renderAbove = 4 * chunkLines

// chunk writes the verdicts of one chunk, or leaves that to the next one: to
// render some may take a wait for the leader's next acknowledgement, which
// many chunks share.
func (w *batchWriter) chunk(ch *chunk) {
	err := w.decided(ch)
	if err == nil && len(w.chunks) > 0 && len(w.answers) < renderAbove {
		return
	}
	if failed := w.render(); failed != nil {
		err = failed // of an earlier row
	}
	for i := range w.answers {
		w.verdict(&w.answers[i].reply, w.answers[i].replayed)
		w.from++
		if w.counts.Lines++; w.only && w.counts.Lines%progressEvery == 0 {
			w.member("progress", w.counts)
		}
		if len(w.out) > writeAbove {
			w.write()
		}
	}
	w.answers = w.answers[:0]
	if err != nil {
		w.failed = err
		return
	}
	if len(w.chunks) == 0 {
		w.flush()
	}
}

// decided waits for the decisions of a chunk's rows; after an error it has the
// answers to those before.
func (w *batchWriter) decided(ch *chunk) error {
	ctx, cancel := w.patient()
	defer cancel()
	for i := range ch.rows {
		a, err := w.row(ctx, ch, &ch.rows[i])
		if err != nil {
			return err
		}
		w.answers = append(w.answers, a)
	}
	return nil
}

// row is the answer to one row, once it is decided.
func (w *batchWriter) row(ctx context.Context, ch *chunk, r *row) (told, error) {
	switch r.fate {
	case unchangedAtEdge:
		ch.answered++
		return told{reply: events.Reply{Seq: r.seq, Status: string(events.Unchanged), ID: r.record.String()}}, nil
	case refusedAtEdge:
		ch.answered++
		errs := events.Explain(w.kind, nil, []events.FieldError{{Code: r.code}})
		return told{reply: events.Reply{Status: string(events.Rejected), Errors: errs}}, nil
	}
	e, err := ch.pending.Next(ctx)
	if err != nil {
		if ctx.Err() == context.DeadlineExceeded {
			err = ErrOutcomeUnknown
		}
		return told{}, err
	}
	ch.answered++
	w.flight.end(r.record)
	a := told{replayed: e.Verdict == events.Duplicate}
	if a.replayed { // what was told of it then
		if e, err = w.cfg.View.Entry(ctx, e.Of); err != nil {
			return told{}, err
		}
	}
	ok := false
	if a.reply, ok = short(e, r); !ok {
		a.entry = e
	}
	return a, nil
}

// patient bounds a wait for the decisions of one chunk, and for their rendering.
func (w *batchWriter) patient() (context.Context, context.CancelFunc) {
	return context.WithTimeout(w.ctx, w.cfg.Bounds.BatchWait)
}

// render renders all answers that need it at once: each look at the state may
// have to wait for the leader's next acknowledgement. After an error those are
// left that are whole, up to the first that is not.
func (w *batchWriter) render() error {
	w.entries = w.entries[:0]
	for i := range w.answers {
		if e := w.answers[i].entry; e != nil {
			w.entries = append(w.entries, e)
		}
	}
	if len(w.entries) == 0 {
		return nil
	}
	ctx, cancel := w.patient()
	defer cancel()
	replies, err := w.cfg.View.Replies(ctx, w.entries)
	for i := range w.answers {
		a := &w.answers[i]
		if a.entry == nil {
			continue
		}
		if len(replies) == 0 {
			w.answers = w.answers[:i]
			return err
		}
		a.reply, replies = replies[0], replies[1:]
	}
	return nil
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
	if e.Verdict != events.Accepted || len(e.Effects) != 1 {
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
	reply.Warnings = events.Explain(e.Envelope.Type, e.Value, e.Warnings)
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
