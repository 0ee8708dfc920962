package matching

import (
	"bytes"
	"iter"
)

// Mark is one reading of a mark that can be compared: the text, the series
// where the source keeps it apart from the number, and whether signs of it are
// unknown. A mark with neither letter nor digit meets nothing.
type Mark struct {
	Text    string
	Series  string
	Partial bool
}

// KeyKind says which part of a mark a key was made of.
type KeyKind uint8

const (
	WholeKey  KeyKind = iota // series and number, or all there is
	NumberKey                // the number alone: what it finds lacks the series
)

// Keys gives the index keys of a full mark with their kinds: the whole, and the
// number alone where there is a series and it makes a difference (a series of
// zeros does not). A partial mark has no key.
func Keys(m Mark) iter.Seq2[KeyKind, []byte] {
	return func(yield func(KeyKind, []byte) bool) {
		var r reading
		r.set(m)
		if len(r.key) > 0 && yield(WholeKey, r.key) && len(r.numberKey) > 0 {
			yield(NumberKey, r.numberKey)
		}
	}
}

// reading is a mark made ready to compare. It keeps its buffers: set may be
// called again and again, and does nothing for the mark it was called for last.
type reading struct {
	mark      Mark
	form      []byte // of series and number, one after the other
	number    int    // where the number begins in form; 0 = not split
	key       []byte // empty for a partial mark
	numberKey []byte
	whole     pattern // of a partial mark
	part      pattern // its number alone, if that can be searched
}

func (r *reading) set(m Mark) {
	if r.mark == m {
		return
	}
	r.mark = m
	r.form = r.form[:0]
	r.number = 0
	r.key, r.numberKey = r.key[:0], r.numberKey[:0]
	if m.Series != "" {
		r.form = AppendForm(r.form, m.Series, m.Partial)
		r.number = len(r.form)
	}
	r.form = AppendForm(r.form, m.Text, m.Partial)
	if r.number == len(r.form) || leadingZeros(r.form) >= r.number {
		r.number = 0
	}
	if m.Partial {
		r.setPatterns()
		return
	}
	r.key = AppendKey(r.key, r.form)
	if r.number > 0 {
		r.numberKey = AppendKey(r.numberKey, r.form[r.number:])
	}
}

func (r *reading) setPatterns() {
	r.whole.set(r.form)
	r.part.clear()
	if r.number > 0 {
		r.part.set(r.form[r.number:])
	}
}

// sameRaw reports whether two marks read the same before normalising, however
// they are split.
func sameRaw(a, b Mark) bool {
	if a.Series == "" && b.Series == "" {
		return a.Text == b.Text
	}
	n := len(a.Series) + len(a.Text)
	if n != len(b.Series)+len(b.Text) {
		return false
	}
	var x, y [64]byte
	return bytes.Equal(append(append(x[:0], a.Series...), a.Text...), append(append(y[:0], b.Series...), b.Text...))
}
