package registry

import (
	"encoding/binary"
	"slices"

	"github.com/cespare/xxhash/v2"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry/matching"
)

// Prepared is a request as far as it can be understood without the state:
// decoded, identified and fingerprinted. It is made in parallel, ahead of the
// one order, and never changed afterwards.
type Prepared struct {
	Envelope    events.Envelope
	Body        events.Body         // nil if it could not be decoded
	Errors      []events.FieldError // what was wrong with envelope or body
	Undecodable bool                // no request can be made out at all
	Fingerprint [8]byte             // of type and value: the same request or another
	RecordID    events.UUID         // of the record submitted or withdrawn, or of the search or trace
	Marks       []PreparedMark      // of the firearm
	mark        [1]PreparedMark     // what Marks is of a firearm with one mark
	draft       subject             // of the record submitted, the search made or the trace requested
}

// Prepare decodes and identifies one request from the mailbox src. It is pure
// and safe for concurrent use.
func Prepare(src string, headers []events.Header, value []byte) *Prepared {
	p := &Prepared{}
	p.Envelope, p.Errors = events.ParseEnvelope(headers)
	if src == events.SourceRegistry {
		p.Errors = nil // due work has no sender and needs no id
	}
	p.Undecodable = len(p.Errors) > 0
	if p.Undecodable {
		return p
	}
	p.decode(src, value)
	return p
}

// PrepareEntry is Prepare for a request that has been journaled. What was
// accepted once is read as it stands, whatever today's rules would say of it.
func PrepareEntry(e *events.Entry) *Prepared {
	p := &Prepared{Envelope: e.Envelope}
	if e.Verdict == events.Undecodable {
		_, p.Errors = events.ParseEnvelope(e.Envelope.Headers)
		if p.Undecodable = true; len(p.Errors) > 0 {
			return p // not even an envelope: it has no identity to remember
		}
	}
	p.Fingerprint = fingerprint(e.Envelope.Type, e.Value)
	if e.Verdict != events.Accepted {
		return p // nothing follows from it
	}
	if p.Body, p.Errors = events.Read(e.Envelope.Type, e.Value); p.Body != nil {
		p.identify(e.Src, foldedMark)
	}
	return p
}

func (p *Prepared) decode(src string, value []byte) {
	p.Fingerprint = fingerprint(p.Envelope.Type, value)
	p.Body, p.Errors = events.Decode(p.Envelope.Type, value)
	if len(p.Errors) > 0 {
		p.Body = nil
		p.Undecodable = p.Errors[0].Code == "not_json"
		return
	}
	p.identify(src, preparedMark)
}

func (p *Prepared) identify(src string, prepare func(matching.Mark) PreparedMark) {
	switch b := p.Body.(type) {
	case *events.RecordSubmitted:
		p.RecordID = events.RecordID(src, b.Source)
		p.Marks, p.draft = prepareMarks(p.mark[:0], b.Firearm.Marks, prepare), draftRecord(p.RecordID, b)
	case *events.SearchMade:
		p.RecordID = events.SearchID(src, p.Envelope.ID)
		p.Marks, p.draft = prepareMarks(p.mark[:0], b.Firearm.Marks, prepare), draftSearch(p.RecordID, b)
	case *events.TraceRequested:
		p.RecordID = events.TraceID(src, p.Envelope.ID)
		p.Marks, p.draft = prepareMarks(p.mark[:0], b.Firearm.Marks, prepare), draftTrace(p.RecordID, b)
	case *events.RecordWithdrawn:
		p.RecordID = events.RecordID(src, b.Source)
	}
}

// PreparedMark is what a mark comes to in the index; the zero value finds
// nothing.
type PreparedMark struct {
	Key       uint64 // matching.KeyHash
	MilliBits int32  // strength, thousandths of a bit
}

func preparedMark(m matching.Mark) PreparedMark {
	return PreparedMark{Key: matching.KeyHash(m), MilliBits: matching.Measure(m).MilliBits}
}

// foldedMark is what Evolve needs of a mark: strength is for who decides.
func foldedMark(m matching.Mark) PreparedMark { return PreparedMark{Key: matching.KeyHash(m)} }

// prepareMarks appends what each mark comes to.
func prepareMarks(prepared []PreparedMark, marks []events.Mark, prepare func(matching.Mark) PreparedMark) []PreparedMark {
	prepared = slices.Grow(prepared, len(marks))
	for _, m := range marks {
		var p PreparedMark
		if makesKey(m) {
			p = prepare(markOf(m))
		}
		prepared = append(prepared, p)
	}
	return prepared
}

// fingerprint tells a sender's requests under one id apart, and nothing else:
// docs/decisions/digests.md.
func fingerprint(t events.Type, value []byte) (sum [8]byte) {
	var d xxhash.Digest
	d.Reset()
	_, _ = d.WriteString(string(t)) // never fails
	_, _ = d.Write([]byte{0})
	_, _ = d.Write(value)
	binary.BigEndian.PutUint64(sum[:], d.Sum64())
	return sum
}
