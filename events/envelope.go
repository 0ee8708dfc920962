package events

import (
	"slices"
	"strings"
)

// Header is one Kafka record header.
type Header struct {
	Key   string
	Value []byte
}

// Header keys of the envelope: CloudEvents 1.0, Kafka binary mode.
const (
	HeaderSpecVersion = "ce_specversion"
	HeaderID          = "ce_id"
	HeaderType        = "ce_type"
	HeaderSource      = "ce_source"
	HeaderTime        = "ce_time"
	HeaderActor       = "ce_actor"
	HeaderOnBehalfOf  = "ce_onbehalfof"
	HeaderTraceParent = "ce_traceparent"
	HeaderContentType = "content-type"
	// HeaderNoReply asks the courier for no reply on armslog.out: the gateway
	// answers its caller itself.
	HeaderNoReply = "ce_noreply"
)

// Envelope is what the headers of a request say. It is not trusted with
// identity: who sent a request is the mailbox it came from.
type Envelope struct {
	ID         UUID
	Type       Type
	Source     OrgID // "" or the mailbox's organisation
	Time       string
	Actor      string
	OnBehalfOf OrgID
	NoReply    bool
	Headers    []Header // every ce_* header and content-type, as received, sorted by key
}

// Limits of an envelope: what is longer cannot be stored in an entry of
// bounded size.
const (
	MaxHeaders     = 32
	MaxHeaderBytes = 512
	maxHeaderKey   = 64
	maxActor       = 64
	MaxBody        = 16 << 10
	MaxMessage     = 32 << 10
)

// ParseEnvelope reads the headers of a mailbox message. The envelope is usable
// as far as it could be read even when errors are returned: an entry keeps it,
// and with it headers.
func ParseEnvelope(headers []Header) (Envelope, []FieldError) {
	return parseEnvelope(headers, nil, nil)
}

// parseEnvelope appends the headers that it keeps to into, where that is not
// nil, and makes texts of their values.
func parseEnvelope(headers, into []Header, texts *texts) (Envelope, []FieldError) {
	e := Envelope{Headers: into}
	var errs []FieldError
	fail := func(code, key string) {
		if len(errs) < maxErrors {
			errs = append(errs, FieldError{Pointer: pointerTo([]step{{"headers", -1}, {key, -1}}), Code: code})
		}
	}
	if !e.keep(headers) {
		fail(codeHeaderTooLong, "ce")
	}
	for i, h := range e.Headers {
		switch {
		case i > 0 && e.Headers[i-1].Key == h.Key:
			fail(codeHeaderTwice, h.Key)
		case !e.set(h.Key, h.Value, texts):
			fail(codeHeaderInvalid, h.Key)
		}
	}
	if e.ID.IsZero() && e.find(HeaderID) < 0 {
		fail(codeRequired, HeaderID)
	}
	if e.Type == "" && e.find(HeaderType) < 0 {
		fail(codeRequired, HeaderType)
	}
	return e, errs
}

// keep keeps the headers that make the envelope, sorted by key; ok is false
// where one was left out because it is too long or one too many.
func (e *Envelope) keep(headers []Header) (ok bool) {
	if e.Headers == nil {
		if areEnvelope(headers) {
			e.Headers = slices.Clip(headers)
			return true
		}
		e.Headers = make([]Header, 0, min(len(headers), MaxHeaders))
	}
	ok = true
	for _, h := range headers {
		if !inEnvelope(h.Key) {
			continue
		}
		if !fits(h) || len(e.Headers) == MaxHeaders {
			ok = false
			continue
		}
		e.Headers = append(e.Headers, h)
	}
	if len(e.Headers) == 0 {
		e.Headers = nil
	}
	byKey := func(a, b Header) int { return strings.Compare(a.Key, b.Key) }
	if !slices.IsSortedFunc(e.Headers, byKey) {
		slices.SortStableFunc(e.Headers, byKey)
	}
	return ok
}

// areEnvelope says whether headers are as an envelope keeps them.
func areEnvelope(headers []Header) bool {
	for i, h := range headers {
		if !inEnvelope(h.Key) || !fits(h) || i > 0 && headers[i-1].Key > h.Key {
			return false
		}
	}
	return 0 < len(headers) && len(headers) <= MaxHeaders
}

func inEnvelope(key string) bool { return strings.HasPrefix(key, "ce_") || key == HeaderContentType }

func fits(h Header) bool { return len(h.Value) <= MaxHeaderBytes && len(h.Key) <= maxHeaderKey }

func (e *Envelope) find(key string) int {
	return slices.IndexFunc(e.Headers, func(h Header) bool { return h.Key == key })
}

func (e *Envelope) set(key string, v []byte, texts *texts) (ok bool) {
	ok = true
	switch key {
	case HeaderSpecVersion:
		ok = string(v) == "1.0"
	case HeaderID:
		e.ID, ok = ParseUUID(v)
		ok = ok && !e.ID.IsZero()
	case HeaderType:
		ok = printableASCII(string(v))
		if ok {
			e.Type = typeOf(v)
		}
	case HeaderSource:
		ok = ValidOrg(string(v))
		e.Source = keepIf(ok, v, texts)
	case HeaderTime:
		ok = printableASCII(string(v))
		e.Time = keepIf(ok, v, texts)
	case HeaderActor:
		ok = isActor(string(v))
		e.Actor = keepIf(ok, v, texts)
	case HeaderOnBehalfOf:
		ok = ValidOrg(string(v))
		e.OnBehalfOf = keepIf(ok, v, texts)
	case HeaderNoReply:
		e.NoReply = string(v) == "1"
	case HeaderContentType:
		ok = string(v) == "application/json"
	}
	return ok
}

// keepIf is the text of a header that is valid.
func keepIf(ok bool, v []byte, texts *texts) string {
	if !ok {
		return ""
	}
	return texts.of(v)
}

// typeOf is the type that v names: one constant for each, so that a fold keeps
// no copies.
func typeOf(v []byte) Type {
	for _, t := range allTypes {
		if string(t) == string(v) {
			return t
		}
	}
	return Type(v)
}

var allTypes = func() []Type {
	sent, own := Types()
	return append(sent, own...)
}()

// isActor: an opaque id, so no space and no @ can be in it.
func isActor(s string) bool {
	if s == "" || len(s) > maxActor {
		return false
	}
	for i := range len(s) {
		if signs[s[i]] == 0 && s[i] != ':' {
			return false
		}
	}
	return true
}

// NewEnvelope is the envelope of a request that armslog itself writes. Due
// work has no id: its place in the order is its identity.
func NewEnvelope(id UUID, t Type, extra ...Header) Envelope {
	headers := append([]Header{
		{HeaderSpecVersion, []byte("1.0")},
		{HeaderType, []byte(t)},
		{HeaderContentType, []byte("application/json")},
	}, extra...)
	if !id.IsZero() {
		headers = append(headers, Header{HeaderID, []byte(id.String())})
	}
	e, _ := ParseEnvelope(headers)
	return e
}

// ValidOrg says whether s can be an organisation's id.
func ValidOrg(s string) bool {
	if len(s) < 2 || len(s) > 32 || s[0] == '-' {
		return false
	}
	for i := range len(s) {
		c := s[i]
		if (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' {
			return false
		}
	}
	return true
}
