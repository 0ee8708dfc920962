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
	MaxBody        = 16 << 10
	MaxMessage     = 32 << 10
)

// ParseEnvelope reads the headers of a mailbox message. The envelope is usable
// as far as it could be read even when errors are returned: an entry keeps it.
func ParseEnvelope(headers []Header) (Envelope, []FieldError) {
	var e Envelope
	var errs []FieldError
	fail := func(code, key string) {
		errs = append(errs, FieldError{Pointer: "/headers/" + key, Code: code})
	}
	for _, h := range headers {
		if !strings.HasPrefix(h.Key, "ce_") && h.Key != HeaderContentType {
			continue
		}
		if len(h.Value) > MaxHeaderBytes || len(h.Key) > 64 || len(e.Headers) == MaxHeaders {
			fail("header_too_long", "ce")
			continue
		}
		e.Headers = append(e.Headers, h)
	}
	slices.SortStableFunc(e.Headers, func(a, b Header) int { return strings.Compare(a.Key, b.Key) })
	for i, h := range e.Headers {
		if i > 0 && e.Headers[i-1].Key == h.Key {
			fail("header_twice", h.Key)
			continue
		}
		if !e.set(h.Key, string(h.Value)) {
			fail("header_invalid", h.Key)
		}
	}
	if e.ID.IsZero() {
		fail("required", HeaderID)
	}
	if e.Type == "" {
		fail("required", HeaderType)
	}
	return e, errs
}

func (e *Envelope) set(key, v string) (ok bool) {
	ok = true
	switch key {
	case HeaderSpecVersion:
		ok = v == "1.0"
	case HeaderID:
		e.ID, ok = ParseUUID(v)
	case HeaderType:
		e.Type = Type(v)
	case HeaderSource:
		e.Source, ok = v, ValidOrg(v)
	case HeaderTime:
		e.Time = v
	case HeaderActor:
		e.Actor = v
	case HeaderOnBehalfOf:
		e.OnBehalfOf, ok = v, ValidOrg(v)
	case HeaderNoReply:
		e.NoReply = v == "1"
	case HeaderContentType:
		ok = v == "application/json"
	}
	return ok
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
