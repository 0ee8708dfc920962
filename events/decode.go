package events

import (
	"sync"
	"unicode/utf8"
	"unsafe"
)

// Decode reads the data of a request strictly, as it must be when it is
// written. All that is wrong is told, in the order of the document and at most
// 32 times, each with a JSON pointer and a code; Explain adds the words. With
// errors there is no body. A value that is no JSON at all has the one error
// not_json.
//
// What hangs on time or on other requests is not looked at here. A body's texts
// may lie in value: nobody may change it afterwards.
func Decode(t Type, value []byte) (Body, []FieldError) {
	if len(value) > MaxBody {
		return nil, []FieldError{{Code: codeTooLarge}}
	}
	return decode(t, value, false)
}

// Read reads the data of a request that has been accepted once, perhaps under
// other rules than today's: unknown fields are ignored, and what breaks a rule
// of Decode is taken as it stands. It fails only where Decode says not_json,
// too_deep or unknown_type.
func Read(t Type, value []byte) (Body, []FieldError) {
	return decode(t, value, true)
}

// decoders spare each body a decoder, and a record its own piece of memory.
var decoders = sync.Pool{New: func() any { return new(decoder) }}

func decode(t Type, value []byte, lenient bool) (Body, []FieldError) {
	d := decoders.Get().(*decoder)
	d.scanner, d.lenient, d.depth = scanner{s: textOf(t, value)}, lenient, 0
	body, errs := d.decode(t)
	d.errs, d.details = nil, nil // the caller's now
	decoders.Put(d)
	return body, errs
}

// textOf is the text of a body. Of those of which there are millions the registry
// keeps copies alone, so it is the value where that lies, which an entry holds
// anyway; the others are kept for long, and must not hold what was received with
// them.
func textOf(t Type, value []byte) string {
	switch t {
	case TypeRecordSubmitted, TypeRecordWithdrawn, TypeSearchMade:
		return unsafe.String(unsafe.SliceData(value), len(value))
	}
	return string(value)
}

func (d *decoder) decode(t Type) (Body, []FieldError) {
	if !utf8.ValidString(d.s) {
		return nil, []FieldError{{Code: codeNotJSON}}
	}
	body := d.body(t)
	switch {
	case body == nil:
		return nil, []FieldError{{Pointer: "/headers/" + HeaderType, Code: codeUnknownType}}
	case d.deep:
		return nil, []FieldError{{Code: codeTooDeep}}
	case !d.end():
		return nil, []FieldError{{Code: codeNotJSON}}
	case len(d.errs) > 0:
		return nil, d.errs
	}
	return body, nil
}

// body reads the data of a request of the type; nil for an unknown type.
func (d *decoder) body(t Type) Body {
	switch t {
	case TypeRecordSubmitted:
		r := &d.records.take(1)[0]
		object(d, recordSubmitted, r)
		return r
	case TypeRecordWithdrawn:
		return read(d, recordWithdrawn)
	case TypeSearchMade:
		return read(d, searchMade)
	case TypeSearchWithdrawn:
		return read(d, searchWithdrawn)
	case TypeNotificationAck:
		return read(d, notificationAcknowledged)
	case TypeConfirmationRequested:
		return read(d, confirmationRequested)
	case TypeConfirmationAnswered:
		return read(d, confirmationAnswered)
	case TypeOrganisationSubmitted:
		return read(d, organisationSubmitted)
	case TypeAgreementGranted:
		return read(d, agreementGranted)
	case TypeAgreementRevoked:
		return read(d, agreementRevoked)
	case TypeReferenceSubmitted:
		return read(d, referenceSubmitted)
	case TypeOperationSubmitted:
		return read(d, operationSubmitted)
	case TypeOperationClosed:
		return read(d, operationClosed)
	case TypeMailboxSkipped:
		return read(d, mailboxSkipped)
	case TypePolicySet:
		return &PolicySet{Raw: d.raw()}
	case TypeTraceRequested:
		return read(d, traceRequested)
	case TypeTraceResponded:
		return checked(d, traceResponded, checkResponse)
	case TypeTraceForwarded:
		return read(d, traceForwarded)
	case TypeTraceCommented:
		return checked(d, traceCommented, checkComment)
	case TypeTraceClosed:
		return checked(d, traceClosed, checkClosing)
	}
	return d.registryBody(t)
}

// registryBody reads what the leader and the gateway write themselves.
func (d *decoder) registryBody(t Type) Body {
	switch t {
	case TypeGenesis:
		return read(d, genesis)
	case TypeRecordReviewDue:
		return read(d, recordReviewDue)
	case TypeRecordExpired:
		return read(d, recordExpired)
	case TypeSearchLapsed:
		return read(d, searchLapsed)
	case TypeAgreementEnded:
		return read(d, agreementEnded)
	case TypeDigestDue:
		return read(d, digestDue)
	case TypeEffectsContinued:
		return read(d, effectsContinued)
	case TypeQuestionsReexamined:
		return read(d, questionsReexamined)
	case TypeTraceOverdue:
		return read(d, traceOverdue)
	case TypeAccessMade:
		return read(d, accessMade)
	case TypeConfirmationOverdue:
		return read(d, confirmationOverdue)
	}
	return nil
}

// checked is read for a body whose fields go together only in some ways. They
// are looked at where each of them is right by itself.
func checked[T any, B interface {
	*T
	Body
}](d *decoder, fields []field[T], check func(*decoder, *T)) Body {
	b := read[T, B](d, fields)
	if v, ok := b.(B); ok && len(d.errs) == 0 && !d.lenient && !d.bad {
		check(d, v)
	}
	return b
}

// read reads one object as a body.
func read[T any, B interface {
	*T
	Body
}](d *decoder, fields []field[T]) Body {
	v := new(T)
	object(d, fields, v)
	return B(v)
}
