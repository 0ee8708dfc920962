package events

import "strconv"

// meeting reads a Meeting and what stands beside it: who is told, or who has
// seen it. The one that an effect has not is nil.
func (r *effectReader) meeting(m *Meeting, tell *[]Tell, seen *OrgID) {
	r.object(func(name string) bool {
		switch {
		case name == "tell" && tell != nil:
			*tell = r.tell()
		case name == "seen" && seen != nil:
			*seen = r.str()
		default:
			return r.meetingField(m, name)
		}
		return true
	})
}

func (r *effectReader) meetingField(m *Meeting, name string) (known bool) {
	switch name {
	case "id":
		m.ID = r.id()
	case "class":
		m.Class = r.str()
	case "question":
		m.Question = r.id()
	case "question_seq":
		m.QuestionSeq = r.uint(64)
	case "asker":
		m.Asker = r.str()
	case "acting_for":
		m.ActingFor = r.str()
	case "record":
		m.Record = r.id()
	case "record_seq":
		m.RecordSeq = r.uint(64)
	case "owner":
		m.Owner = r.str()
	case "marks":
		m.Marks = r.pair()
	case "grade":
		m.Grade = r.str()
	case "bits":
		m.Bits = uint32(r.uint(32))
	case "strength":
		m.Strength = r.str()
	case "shared":
		m.Shared = r.flag()
	case "results":
		m.Results = r.results()
	case "policy":
		m.Policy = r.str()
	case "rule":
		m.Rule = r.int()
	default:
		return false
	}
	return true
}

func (r *effectReader) results() (v Results) {
	r.object(func(name string) bool {
		switch name {
		case "make":
			v.Make = r.str()
		case "model":
			v.Model = r.str()
		case "calibre":
			v.Calibre = r.str()
		case "type":
			v.Type = r.str()
		default:
			return false
		}
		return true
	})
	return v
}

func (r *effectReader) tell() (tell []Tell) {
	r.take('[')
	for n := 0; r.item(n, ']'); n++ {
		tell = append(tell, r.tellOne())
	}
	return tell
}

func (r *effectReader) tellOne() (t Tell) {
	r.object(func(name string) bool {
		switch name {
		case "org":
			t.Org = r.str()
		case "role":
			t.Role = r.str()
		case "n":
			t.N = r.uint(64)
		default:
			return false
		}
		return true
	})
	return t
}

func (r *effectReader) pair() (p [2]int) {
	r.take('[')
	for n := 0; r.item(n, ']'); n++ {
		if n == len(p) {
			r.fail()
			break
		}
		p[n] = r.int()
	}
	return p
}

func (r *effectReader) id() UUID {
	u, ok := ParseUUID(r.str())
	if !ok {
		r.fail()
	}
	return u
}

func (r *effectReader) day() Day {
	d, ok := ParseDay(r.str())
	if !ok {
		r.fail()
	}
	return d
}

func (r *effectReader) flag() bool {
	if r.next() == 't' {
		r.word("true")
		return !r.bad
	}
	r.word("false")
	return false
}

func (r *effectReader) uint(bits int) uint64 {
	r.next()
	n, err := strconv.ParseUint(r.number(), 10, bits)
	if err != nil {
		r.fail()
	}
	return n
}

func (r *effectReader) int() int {
	r.next()
	n, err := strconv.ParseInt(r.number(), 10, 32)
	if err != nil {
		r.fail()
	}
	return int(n)
}
