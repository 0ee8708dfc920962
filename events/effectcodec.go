package events

import (
	"fmt"
	"strconv"
	"unicode/utf8"
)

// AppendEffects appends the effects header: a JSON list of objects with one
// key each, the effect's kind. The same effects give the same bytes, because
// the leaf hash covers them: fields stand in the order of their structs, and
// what is omitted when empty there is omitted here.
func AppendEffects(dst []byte, effects []Effect) []byte {
	dst = append(dst, '[')
	for i, e := range effects {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendEffect(dst, e)
	}
	return append(dst, ']')
}

// FitEffects is how many of the leading effects one entry can hold: their
// header stays within MaxEffects bytes.
func FitEffects(effects []Effect) int {
	var buf []byte
	size := len("[]")
	for i, e := range effects {
		buf = appendEffect(buf[:0], e)
		size += len(buf) + len(",")
		if size > MaxEffects {
			return i
		}
	}
	return len(effects)
}

func appendEffect(dst []byte, e Effect) []byte {
	w := effectWriter{b: dst}
	w.open(e.effectKind())
	switch e := e.(type) {
	case RecordEffect:
		w.id("id", e.ID)
		w.num("revision", uint64(e.Revision))
		w.str("outcome", e.Outcome)
	case QuestionEffect:
		w.question(e)
	case QuestionEndedEffect:
		w.id("id", e.ID)
		w.str("because", e.Because)
	case *MatchEffect:
		w.meeting(&e.Meeting)
		w.tell(e.Tell)
	case *CandidateEffect:
		w.meeting(&e.Meeting)
		w.str("seen", e.Seen)
	case MatchEndedEffect:
		w.id("id", e.ID)
		w.str("because", e.Because)
		if len(e.Tell) > 0 {
			w.tell(e.Tell)
		}
	case *MatchRenewedEffect:
		w.meeting(&e.Meeting)
		w.tell(e.Tell)
	case NotifyEffect:
		w.str("org", e.Org)
		w.num("n", e.N)
		w.str("reason", e.Reason)
		w.about(e.About)
	case DirectoryEffect:
		w.str("kind", e.Kind)
		w.str("id", e.ID)
		w.str("outcome", e.Outcome)
	case MatchToldEffect:
		w.id("id", e.ID)
		w.num("met", e.Met)
		w.tell(e.Tell)
	case *ConfirmationEffect:
		w.confirmation(e)
	case AcknowledgedEffect:
		w.str("org", e.Org)
		w.num("n", e.N)
	case MoreEffect:
		w.num("cursor", e.Cursor)
	case ReexaminedEffect:
		w.num("questions", uint64(e.Questions))
		w.num("next", uint64(e.Next))
		w.num("left", uint64(e.Left))
	case TraceEffect:
		w.trace(e)
	case TraceAddresseeEffect:
		w.traceAddressee(e)
	case TraceNoteEffect:
		w.traceNote(e)
	case AccessEffect:
		w.access(e)
	case MailboxSkippedEffect:
		w.mailboxSkipped(e)
	}
	return append(w.b, '}', '}')
}

// effectWriter appends the members of one object after the other.
type effectWriter struct{ b []byte }

func (w *effectWriter) open(kind string) {
	w.b = append(append(append(w.b, `{"`...), kind...), `":{`...)
}

func (w *effectWriter) key(k string) {
	if c := w.b[len(w.b)-1]; c != '{' {
		w.b = append(w.b, ',')
	}
	w.b = append(append(append(w.b, '"'), k...), `":`...)
}

func (w *effectWriter) id(k string, u UUID) {
	w.key(k)
	w.b = append(u.Append(append(w.b, '"')), '"')
}

func (w *effectWriter) num(k string, n uint64) {
	w.key(k)
	w.b = strconv.AppendUint(w.b, n, 10)
}

func (w *effectWriter) str(k, v string) {
	w.key(k)
	w.b = appendString(w.b, v)
}

// optional is str for a field that is left out when empty.
func (w *effectWriter) optional(k, v string) {
	if v != "" {
		w.str(k, v)
	}
}

func (w *effectWriter) flag(k string, v bool) {
	if v {
		w.key(k)
		w.b = append(w.b, "true"...)
	}
}

func (w *effectWriter) question(e QuestionEffect) {
	w.id("id", e.ID)
	if e.StandsUntil != 0 {
		w.key("stands_until")
		w.b = append(e.StandsUntil.Append(append(w.b, '"')), '"')
	}
	w.flag("truncated", e.Truncated)
}

func (w *effectWriter) about(a About) {
	w.key("about")
	w.b = append(w.b, '{')
	w.str("kind", a.Kind)
	w.str("id", a.ID)
	if a.Count > 0 {
		w.num("count", uint64(a.Count))
	}
	w.b = append(w.b, '}')
}

func (w *effectWriter) tell(tell []Tell) {
	w.key("tell")
	w.b = append(w.b, '[')
	for i, t := range tell {
		if i > 0 {
			w.b = append(w.b, ',')
		}
		w.b = append(w.b, '{')
		w.str("org", t.Org)
		w.str("role", t.Role)
		w.num("n", t.N)
		w.b = append(w.b, '}')
	}
	w.b = append(w.b, ']')
}

func (w *effectWriter) meeting(m *Meeting) {
	w.id("id", m.ID)
	w.str("class", m.Class)
	w.id("question", m.Question)
	w.num("question_seq", m.QuestionSeq)
	w.str("asker", m.Asker)
	w.optional("acting_for", m.ActingFor)
	w.id("record", m.Record)
	w.num("record_seq", m.RecordSeq)
	w.str("owner", m.Owner)
	w.key("marks")
	w.b = fmt.Appendf(w.b, "[%d,%d]", m.Marks[0], m.Marks[1])
	w.str("grade", m.Grade)
	w.num("bits", uint64(m.Bits))
	w.str("strength", m.Strength)
	w.flag("shared", m.Shared)
	w.key("results")
	w.b = append(w.b, '{')
	w.str("make", m.Results.Make)
	w.str("model", m.Results.Model)
	w.str("calibre", m.Results.Calibre)
	w.str("type", m.Results.Type)
	w.b = append(w.b, '}')
	w.str("policy", m.Policy)
	w.key("rule")
	w.b = strconv.AppendInt(w.b, int64(m.Rule), 10)
}

const hexDigits = "0123456789abcdef"

// appendString appends v as a JSON string. Bytes that are no UTF-8 become
// U+FFFD.
func appendString(dst []byte, v string) []byte {
	dst = append(dst, '"')
	if firstSpecial(v, 0) == len(v) {
		return append(append(dst, v...), '"')
	}
	for i, r := range v {
		switch {
		case r == '"' || r == '\\':
			dst = append(dst, '\\', byte(r))
		case r < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[r>>4], hexDigits[r&15])
		case r < utf8.RuneSelf:
			dst = append(dst, v[i])
		default:
			dst = utf8.AppendRune(dst, r)
		}
	}
	return append(dst, '"')
}
