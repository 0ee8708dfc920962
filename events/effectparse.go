package events

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// ParseEffects reads the effects header. It returns ErrNotJournal (wrapped)
// where the bytes are none, and also for a kind or a field that this version
// does not know: an effect that is not understood must not be skipped.
func ParseEffects(b []byte) ([]Effect, error) {
	r := effectReader{scanner: scanner{s: string(b)}}
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
	case "notify":
		e = r.notify()
	case "directory":
		e = r.directory()
	case "acknowledged":
		e = r.acknowledged()
	case "more":
		e = r.more()
	default:
		r.refuse(kind)
	}
	r.take('}')
	return e
}

// member steps to member n of the object that was opened before n was 0.
func (r *effectReader) member(n int) (key string, ok bool) {
	if n == 0 {
		r.take('{')
	}
	if !r.item(n, '}') {
		return "", false
	}
	return r.key(), true
}

func (r *effectReader) record() (e RecordEffect) {
	for n := 0; ; n++ {
		key, ok := r.member(n)
		if !ok {
			return e
		}
		switch key {
		case "id":
			e.ID = r.id()
		case "revision":
			e.Revision = uint32(r.uint(32))
		case "outcome":
			e.Outcome = r.str()
		default:
			r.refuse(key)
		}
	}
}

func (r *effectReader) question() (e QuestionEffect) {
	for n := 0; ; n++ {
		key, ok := r.member(n)
		if !ok {
			return e
		}
		switch key {
		case "id":
			e.ID = r.id()
		case "stands_until":
			e.StandsUntil = r.day()
		case "truncated":
			e.Truncated = r.flag()
		default:
			r.refuse(key)
		}
	}
}

func (r *effectReader) questionEnded() (e QuestionEndedEffect) {
	for n := 0; ; n++ {
		key, ok := r.member(n)
		if !ok {
			return e
		}
		switch key {
		case "id":
			e.ID = r.id()
		case "because":
			e.Because = r.str()
		default:
			r.refuse(key)
		}
	}
}

func (r *effectReader) matchEnded() (e MatchEndedEffect) {
	for n := 0; ; n++ {
		key, ok := r.member(n)
		if !ok {
			return e
		}
		switch key {
		case "id":
			e.ID = r.id()
		case "because":
			e.Because = r.str()
		case "tell":
			e.Tell = r.tell()
		default:
			r.refuse(key)
		}
	}
}

func (r *effectReader) notify() (e NotifyEffect) {
	for n := 0; ; n++ {
		key, ok := r.member(n)
		if !ok {
			return e
		}
		switch key {
		case "org":
			e.Org = r.str()
		case "n":
			e.N = r.uint(64)
		case "reason":
			e.Reason = r.str()
		case "about":
			e.About = r.about()
		default:
			r.refuse(key)
		}
	}
}

func (r *effectReader) about() (a About) {
	for n := 0; ; n++ {
		key, ok := r.member(n)
		if !ok {
			return a
		}
		switch key {
		case "kind":
			a.Kind = r.str()
		case "id":
			a.ID = r.str()
		case "count":
			a.Count = uint32(r.uint(32))
		default:
			r.refuse(key)
		}
	}
}

func (r *effectReader) directory() (e DirectoryEffect) {
	for n := 0; ; n++ {
		key, ok := r.member(n)
		if !ok {
			return e
		}
		switch key {
		case "kind":
			e.Kind = r.str()
		case "id":
			e.ID = r.str()
		case "outcome":
			e.Outcome = r.str()
		default:
			r.refuse(key)
		}
	}
}

func (r *effectReader) acknowledged() (e AcknowledgedEffect) {
	for n := 0; ; n++ {
		key, ok := r.member(n)
		if !ok {
			return e
		}
		switch key {
		case "org":
			e.Org = r.str()
		case "n":
			e.N = r.uint(64)
		default:
			r.refuse(key)
		}
	}
}

func (r *effectReader) more() (e MoreEffect) {
	for n := 0; ; n++ {
		key, ok := r.member(n)
		if !ok {
			return e
		}
		switch key {
		case "cursor":
			e.Cursor = r.uint(64)
		default:
			r.refuse(key)
		}
	}
}
