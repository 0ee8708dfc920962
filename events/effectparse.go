package events

import (
	"bytes"
	"fmt"
	"strconv"
	"unicode/utf8"
)

// ParseEffects reads the effects header. It returns ErrNotJournal (wrapped)
// where the bytes are none, and also for a kind or a field that this version
// does not know: an effect that is not understood must not be skipped.
func ParseEffects(b []byte) ([]Effect, error) { return parseEffects(b, nil) }

func parseEffects(b []byte, texts *texts) ([]Effect, error) {
	if e, ok := soleRecord(b); ok {
		return []Effect{e}, nil
	}
	r := effectReader{scanner: scanner{s: texts.of(b)}}
	if !utf8.ValidString(r.s) {
		r.fail()
	}
	var effects []Effect
	r.take('[')
	for n := 0; r.item(n, ']'); n++ {
		effects = append(effects, r.effect())
	}
	if !r.end() || r.unknown != "" {
		return nil, fmt.Errorf("%w: effects: %s", ErrNotJournal, r.problem())
	}
	return effects, nil
}

// soleRecord reads what most entries hold, the effect on one record, as
// AppendEffects writes it; ok is false for anything else.
func soleRecord(b []byte) (e RecordEffect, ok bool) {
	if b, ok = bytes.CutPrefix(b, []byte(`[{"record":{"id":"`)); !ok || len(b) < 36 {
		return e, false
	}
	if e.ID, ok = ParseUUID(b[:36]); !ok {
		return e, false
	}
	if b, ok = bytes.CutPrefix(b[36:], []byte(`","revision":`)); !ok {
		return e, false
	}
	digits := 0
	for digits < len(b) && digits < 9 && b[digits]-'0' <= 9 {
		e.Revision = 10*e.Revision + uint32(b[digits]-'0')
		digits++
	}
	if digits == 0 || b[0] == '0' {
		return e, false
	}
	if b, ok = bytes.CutPrefix(b[digits:], []byte(`,"outcome":"`)); !ok {
		return e, false
	}
	for _, outcome := range [...]string{"registered", "amended", "withdrawn", "expired"} {
		if rest, is := bytes.CutPrefix(b, []byte(outcome)); is && string(rest) == `"}}]` {
			e.Outcome = outcome
			return e, true
		}
	}
	return e, false
}

// effectReader reads effects; a kind or field it does not know makes it fail.
type effectReader struct {
	scanner
	unknown string
}

func (r *effectReader) problem() string {
	if r.unknown == "" {
		return "no valid JSON list"
	}
	return strconv.Quote(shorten(r.unknown, 64)) + " is unknown to this version"
}

func (r *effectReader) refuse(name string) {
	if r.unknown == "" && !r.bad {
		r.unknown = name
	}
	r.fail()
}

func (r *effectReader) effect() (e Effect) {
	r.take('{')
	switch kind := r.key(); kind {
	case "record":
		e = r.record()
	case "question":
		e = r.question()
	case "question_ended":
		e = r.questionEnded()
	case "match":
		m := &MatchEffect{}
		r.meeting(&m.Meeting, &m.Tell, nil)
		e = m
	case "candidate":
		m := &CandidateEffect{}
		r.meeting(&m.Meeting, nil, &m.Seen)
		e = m
	case "match_renewed":
		m := &MatchRenewedEffect{}
		r.meeting(&m.Meeting, &m.Tell, nil)
		e = m
	case "match_ended":
		e = r.matchEnded()
	case "match_told":
		e = r.matchTold()
	case "confirmation":
		e = r.confirmation()
	case "notify":
		e = r.notify()
	case "directory":
		e = r.directory()
	case "acknowledged":
		e = r.acknowledged()
	case "more":
		e = r.more()
	case "reexamined":
		e = r.reexamined()
	case "trace":
		e = r.trace()
	case "trace_addressee":
		e = r.traceAddressee()
	case "trace_note":
		e = r.traceNote()
	case "access":
		e = r.access()
	case "mailbox_skipped":
		e = r.mailboxSkipped()
	default:
		r.refuse(kind)
	}
	r.take('}')
	return e
}

// object reads an object: field reads the member of a name, and says whether
// it knows it.
func (r *effectReader) object(field func(name string) (known bool)) {
	r.take('{')
	for n := 0; r.item(n, '}'); n++ {
		if name := r.key(); !field(name) {
			r.refuse(name)
		}
	}
}

func (r *effectReader) record() (e RecordEffect) {
	r.object(func(name string) bool {
		switch name {
		case "id":
			e.ID = r.id()
		case "revision":
			e.Revision = uint32(r.uint(32))
		case "outcome":
			e.Outcome = r.str()
		default:
			return false
		}
		return true
	})
	return e
}

func (r *effectReader) question() (e QuestionEffect) {
	r.object(func(name string) bool {
		switch name {
		case "id":
			e.ID = r.id()
		case "stands_until":
			e.StandsUntil = r.day()
		case "truncated":
			e.Truncated = r.flag()
		default:
			return false
		}
		return true
	})
	return e
}

func (r *effectReader) questionEnded() (e QuestionEndedEffect) {
	r.object(func(name string) bool {
		switch name {
		case "id":
			e.ID = r.id()
		case "because":
			e.Because = r.str()
		default:
			return false
		}
		return true
	})
	return e
}

func (r *effectReader) matchEnded() (e MatchEndedEffect) {
	r.object(func(name string) bool {
		switch name {
		case "id":
			e.ID = r.id()
		case "because":
			e.Because = r.str()
		case "tell":
			e.Tell = r.tell()
		default:
			return false
		}
		return true
	})
	return e
}

func (r *effectReader) notify() (e NotifyEffect) {
	r.object(func(name string) bool {
		switch name {
		case "org":
			e.Org = r.str()
		case "n":
			e.N = r.uint(64)
		case "reason":
			e.Reason = r.str()
		case "about":
			e.About = r.about()
		default:
			return false
		}
		return true
	})
	return e
}

func (r *effectReader) about() (a About) {
	r.object(func(name string) bool {
		switch name {
		case "kind":
			a.Kind = r.str()
		case "id":
			a.ID = r.str()
		case "count":
			a.Count = uint32(r.uint(32))
		default:
			return false
		}
		return true
	})
	return a
}

func (r *effectReader) directory() (e DirectoryEffect) {
	r.object(func(name string) bool {
		switch name {
		case "kind":
			e.Kind = r.str()
		case "id":
			e.ID = r.str()
		case "outcome":
			e.Outcome = r.str()
		default:
			return false
		}
		return true
	})
	return e
}

func (r *effectReader) acknowledged() (e AcknowledgedEffect) {
	r.object(func(name string) bool {
		switch name {
		case "org":
			e.Org = r.str()
		case "n":
			e.N = r.uint(64)
		default:
			return false
		}
		return true
	})
	return e
}

func (r *effectReader) more() (e MoreEffect) {
	r.object(func(name string) bool {
		switch name {
		case "cursor":
			e.Cursor = r.uint(64)
		default:
			return false
		}
		return true
	})
	return e
}

func (r *effectReader) reexamined() (e ReexaminedEffect) {
	r.object(func(name string) bool {
		switch name {
		case "questions":
			e.Questions = uint32(r.uint(32))
		case "next":
			e.Next = uint32(r.uint(32))
		case "left":
			e.Left = uint32(r.uint(32))
		default:
			return false
		}
		return true
	})
	return e
}
