package events

import (
	"fmt"
	"strconv"
)

// ParseItem reads one record of the journal topic. It returns ErrNotJournal
// (wrapped, with the field that could not be read) where it is none.
func ParseItem(headers []Header, value []byte, offset int64) (Item, error) {
	return new(ItemParser).Parse(headers, value, offset)
}

// ItemParser reads the records of a stretch of the journal, one after the
// other: a restart reads millions, so what they need in memory is taken for
// many at once. The zero value is ready; it is not safe for concurrent use.
type ItemParser struct {
	texts              texts
	owner, src, policy string // of the last entry: the next one's are mostly the same
	entries            block[Entry]
	headers            block[Header]
}

// Parse is ParseItem. It keeps value, and of headers what they point to.
func (p *ItemParser) Parse(headers []Header, value []byte, offset int64) (Item, error) {
	it := Item{Offset: offset}
	if len(headers) > 0 && headers[0].Key == headerFence {
		f, err := parseFence(headers)
		it.Fence = f
		return it, err
	}
	e, err := p.entry(headers, value)
	it.Entry = e
	return it, err
}

func parseFence(headers []Header) (*Fence, error) {
	f := &Fence{}
	for _, h := range headers {
		switch h.Key {
		case headerFence:
			f.Nonce = string(h.Value)
		case headerPrev:
			f.Prev = string(h.Value)
		case headerEngine:
			n, err := number(h, 32)
			if err != nil {
				return nil, err
			}
			f.Engine = uint32(n)
		}
	}
	if f.Nonce == "" {
		return nil, fmt.Errorf("%w: fence without a nonce", ErrNotJournal)
	}
	return f, nil
}

func (p *ItemParser) entry(headers []Header, value []byte) (*Entry, error) {
	e := &p.entries.take(1)[0]
	e.Value = value
	var request []Header
	for i, h := range headers {
		if inEnvelope(h.Key) {
			// The request's headers stand last and together.
			request = headers[i:]
			break
		}
		if err := p.set(e, h); err != nil {
			return nil, err
		}
	}
	if e.Verdict == "" || e.Src == "" || e.Span < 1 {
		return nil, fmt.Errorf("%w: verdict, src or span is missing", ErrNotJournal)
	}
	// What was wrong with the envelope is in the verdict already.
	e.Envelope, _ = parseEnvelope(request, p.headers.take(min(len(request), MaxHeaders))[:0], &p.texts)
	return e, nil
}

// same is the text of b, in the memory of last where it is that.
func (p *ItemParser) same(last *string, b []byte) string {
	if *last != string(b) {
		*last = string(b)
	}
	return *last
}

func (p *ItemParser) set(e *Entry, h Header) (err error) {
	var n uint64
	switch h.Key {
	case headerSeq:
		e.Seq, err = number(h, 64)
	case headerOwner:
		e.Owner = p.same(&p.owner, h.Value)
	case headerSrc:
		e.Src = p.same(&p.src, h.Value)
	case headerOff:
		n, err = number(h, 63)
		e.Off = int64(n)
	case headerSpan:
		n, err = number(h, 63)
		e.Span = int64(n)
	case headerAt:
		n, err = number(h, 63)
		e.At = int64(n)
	case headerEngine:
		n, err = number(h, 32)
		e.Engine = uint32(n)
	case headerPolicy:
		e.Policy = p.same(&p.policy, h.Value)
	case headerVerdict:
		e.Verdict, err = parseVerdict(h.Value)
	case headerOf:
		e.Of, err = number(h, 64)
	case headerSalt:
		err = exactly(h, e.Salt[:])
	case headerCommit:
		e.Commit = new([32]byte)
		err = exactly(h, e.Commit[:])
	case headerErrors:
		e.Errors, err = parseFieldErrors(h.Value)
	case headerWarnings:
		e.Warnings, err = parseFieldErrors(h.Value)
	case headerEffects:
		e.Effects, err = parseEffects(h.Value, &p.texts)
	default:
		err = fmt.Errorf("%w: header %q is unknown to this version", ErrNotJournal, h.Key)
	}
	return err
}

// parseVerdict refuses a verdict of a later version: what it means to the state
// is not known here.
func parseVerdict(b []byte) (Verdict, error) {
	for _, v := range [...]Verdict{Accepted, Rejected, Unchanged, Duplicate, Undecodable, Failed} {
		if string(b) == string(v) {
			return v, nil
		}
	}
	return "", fmt.Errorf("%w: verdict %q is unknown to this version", ErrNotJournal, shorten(string(b), 32))
}

func exactly(h Header, dst []byte) error {
	if len(h.Value) != len(dst) {
		return fmt.Errorf("%w: %s is %d bytes, not %d", ErrNotJournal, h.Key, len(h.Value), len(dst))
	}
	copy(dst, h.Value)
	return nil
}

func number(h Header, bits int) (uint64, error) {
	const surely = 18 // digits that fit
	v := h.Value
	n, ok := uint64(0), 0 < len(v) && len(v) <= surely
	for i := 0; ok && i < len(v); i++ {
		n, ok = 10*n+uint64(v[i]-'0'), v[i]-'0' <= 9
	}
	if ok && n>>bits == 0 {
		return n, nil
	}
	n, err := strconv.ParseUint(string(v), 10, bits)
	if err != nil {
		return 0, fmt.Errorf("%w: %s is no number", ErrNotJournal, h.Key)
	}
	return n, nil
}

// block hands out values, many from one allocation, each to one owner. It begins
// with one at a time, so that who reads one entry does not pay for many.
type block[T any] struct {
	free []T
	size int
}

const maxBlock = 64

// take returns n zero values, with no room behind them.
func (b *block[T]) take(n int) []T {
	if n > len(b.free) {
		b.size = min(2*b.size+n, maxBlock*n)
		b.free = make([]T, b.size)
	}
	taken := b.free[:n:n]
	b.free = b.free[n:]
	return taken
}
