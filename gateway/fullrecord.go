package gateway

import (
	"encoding/json"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// fullRecord is a record as its reader may see it: all of its own (or its
// national entity's); of the other side's of a match that it was told of, what
// handling and the owner's deny list leave. Any other is as little there as
// none.
func (c *call) fullRecord(id events.UUID) (r Record, own bool, err error) {
	var info registry.RecordInfo
	var told bool
	err = c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) {
		var found bool
		info, found = s.Record(id)
		own = found && s.Sees(c.org(), info.Owner)
		told = found && !own && s.Told(c.org(), id)
	})
	if err != nil {
		return r, own, err
	}
	if !own && !told {
		return r, own, notFound()
	}
	e, err := c.cfg.View.Entry(c.r.Context(), info.Seq)
	if err != nil {
		return r, own, err
	}
	if e.Commit != nil {
		return r, own, notFound() // erased
	}
	r = Record{ID: id, Revision: info.Revision, Seq: info.Seq, Status: info.Status, ChangedAt: timeText(e.At)}
	switch {
	case own && e.Envelope.Type == events.TypeRecordWithdrawn:
		r.Withdrawal = e.Value
	case own:
		r.Record, r.Located = e.Value, info.Located
	default:
		r.Owner = info.Owner
		if info.Located != nil {
			r.Status = "active" // that another has met it is not the reader's to know
		}
		r.Record, err = c.othersRecord(&info, e)
	}
	return r, own, err
}

// othersRecord is what a record says to the other side of a match: all but from
// whom else it is withheld. Its handling may keep it with its owner, and what is
// over is its owner's alone.
func (c *call) othersRecord(info *registry.RecordInfo, e *events.Entry) (json.RawMessage, error) {
	body, _ := events.Read(e.Envelope.Type, e.Value)
	b, ok := body.(*events.RecordSubmitted)
	if !ok || info.Status == "expired" {
		return nil, notFound()
	}
	may := false
	err := c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) { may = s.MayHandle(c.org(), b.Handling) })
	if err != nil {
		return nil, err
	}
	if !may {
		return nil, notFound()
	}
	b.Deny, b.BaseRevision = nil, 0
	return json.Marshal(b)
}
