package events

import (
	"errors"
	"strconv"
)

// Verdict is what was decided of a request.
type Verdict string

// The verdicts of a journal entry.
const (
	Accepted    Verdict = "accepted"
	Rejected    Verdict = "rejected"    // Errors say why
	Unchanged   Verdict = "unchanged"   // a record as it stands; a run of them is one entry with Span > 1 and no value
	Duplicate   Verdict = "duplicate"   // the same request as entry Of
	Undecodable Verdict = "undecodable" // envelope or body could not be read: this entry is the dead letter
	Failed      Verdict = "failed"      // Decide itself failed; the input is kept
)

// Entry is one accepted or competing entry of the journal: the request, where
// it came from and what was decided.
type Entry struct {
	Seq      uint64
	Owner    string // nonce of the leader that wrote it
	Src      string // organisation of the mailbox, or SourceRegistry
	Off      int64  // first offset in the mailbox that this entry covers
	Span     int64  // how many offsets it covers, >= 1
	At       int64  // log time, Unix milliseconds UTC, never falling
	Engine   uint32 // version of the deciding code
	Policy   string // name of the matching policy in force
	Salt     [16]byte
	Verdict  Verdict
	Of       uint64 // seq of the first entry, for Duplicate
	Errors   []FieldError
	Warnings []FieldError
	Effects  []Effect
	Envelope Envelope
	Value    []byte    // the request's data, byte for byte
	Commit   *[32]byte // set when value and salt have been erased: SHA-256(salt | value)

	// Body is what Value says, where somebody has read it already: it is not
	// stored, and nobody writes to it. nil = read it.
	Body Body
}

// isRun says that an entry stands for a run of requests that changed nothing,
// one at each offset that it covers.
func (e *Entry) isRun() bool { return e.Verdict == Unchanged && e.Envelope.ID.IsZero() }

// Requests is how many requests an entry decides.
func (e *Entry) Requests() int64 {
	if e.isRun() {
		return e.Span
	}
	return 1
}

// Decides says whether an entry decides the request at an offset of its mailbox
// that it covers. One that is no run decides the last of them; those before held
// no request (transaction markers), or one that was lost and has been passed
// over (MailboxSkipped).
func (e *Entry) Decides(off int64) bool { return e.isRun() || off == e.Off+e.Span-1 }

// Fence is a leader's claim of the journal: it replaces Prev, or, if Prev owns
// the journal no longer, nothing.
type Fence struct {
	Nonce  string
	Prev   string // "" = the first owner
	Engine uint32
}

// Item is what one Kafka record of the journal holds: an entry or a fence.
type Item struct {
	Entry  *Entry
	Fence  *Fence
	Offset int64 // in the journal topic; differs from Seq
}

// Header keys of the journal.
const (
	headerSeq      = "seq"
	headerOwner    = "owner"
	headerSrc      = "src"
	headerOff      = "off"
	headerSpan     = "span"
	headerAt       = "at"
	headerEngine   = "engine"
	headerPolicy   = "policy"
	headerSalt     = "salt"
	headerVerdict  = "verdict"
	headerOf       = "of"
	headerErrors   = "errors"
	headerWarnings = "warnings"
	headerEffects  = "effects"
	headerCommit   = "commit"
	headerFence    = "fence"
	headerPrev     = "prev"
)

// MaxEffects bounds the effects header of one entry, in bytes.
const MaxEffects = 64 << 10

// ErrNotJournal is returned when a record is neither entry nor fence: the topic
// was written by something else, or by a version that this code cannot read.
var ErrNotJournal = errors.New("record is no journal entry")

// Headers is the wire form of a fence.
func (f Fence) Headers() []Header {
	return []Header{
		{headerFence, []byte(f.Nonce)},
		{headerPrev, []byte(f.Prev)},
		{headerEngine, strconv.AppendUint(nil, uint64(f.Engine), 10)},
	}
}

// Headers is the wire form of an entry; the value travels beside it.
func (e *Entry) Headers() []Header {
	h := make([]Header, 0, 16+len(e.Envelope.Headers))
	h = append(h, Header{headerOwner, []byte(e.Owner)})
	if e.Commit != nil {
		h = append(h, Header{headerCommit, e.Commit[:]})
	} else {
		h = append(h, Header{headerSalt, e.Salt[:]})
	}
	return e.appendCanonical(h)
}

// appendCanonical appends the headers that the leaf hash covers, in their one
// canonical order: the registry's own, then the request's, sorted by key.
func (e *Entry) appendCanonical(h []Header) []Header {
	w := headerWriter{h, make([]byte, 0, 192)}
	w.number(headerSeq, e.Seq)
	w.text(headerSrc, e.Src)
	w.number(headerOff, uint64(e.Off))
	w.number(headerSpan, uint64(e.Span))
	w.number(headerAt, uint64(e.At))
	w.number(headerEngine, uint64(e.Engine))
	w.text(headerPolicy, e.Policy)
	w.text(headerVerdict, string(e.Verdict))
	if e.Verdict == Duplicate {
		w.number(headerOf, e.Of)
	}
	if len(e.Errors) > 0 {
		w.add(headerErrors, appendFieldErrors(nil, e.Errors))
	}
	if len(e.Warnings) > 0 {
		w.add(headerWarnings, appendFieldErrors(nil, e.Warnings))
	}
	if len(e.Effects) > 0 {
		w.add(headerEffects, AppendEffects(make([]byte, 0, usualEffect*len(e.Effects)), e.Effects))
	}
	return append(w.headers, e.Envelope.Headers...)
}

// usualEffect is the size of the commonest effect, a record's.
const usualEffect = 96

// headerWriter keeps the short values of one entry in one buffer: a leader
// writes hundreds of thousands of entries a second.
type headerWriter struct {
	headers []Header
	values  []byte
}

func (w *headerWriter) add(key string, value []byte) {
	w.headers = append(w.headers, Header{key, value})
}

func (w *headerWriter) text(key, value string) {
	at := len(w.values)
	w.values = append(w.values, value...)
	w.add(key, w.values[at:len(w.values):len(w.values)])
}

func (w *headerWriter) number(key string, n uint64) {
	at := len(w.values)
	w.values = strconv.AppendUint(w.values, n, 10)
	w.add(key, w.values[at:len(w.values):len(w.values)])
}
