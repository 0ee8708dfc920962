package gateway

import (
	"bytes"
	"errors"
	"io"
)

// lineReader takes NDJSON apart without copying: a line is valid until the next
// call. A line that is too long is passed over to its end in bounded memory and
// reported as such; the lines after it are not lost.
type lineReader struct {
	r          io.Reader
	buf        []byte
	start, end int // unread bytes of buf
	max        int // length of a line without its line feed
	err        error
}

// maxEmptyReads is how often a reader may return nothing, and no error, in a
// row.
const maxEmptyReads = 100

func newLineReader(r io.Reader, max int) *lineReader {
	return &lineReader{r: r, buf: make([]byte, 256<<10), max: max}
}

// next returns the next line. It returns io.EOF after the last line, and any
// other error of the reader once the whole lines before it have been returned:
// the beginning of a line that broke off is no line.
func (l *lineReader) next() (line []byte, tooLong bool, err error) {
	for searched := 0; ; {
		if i := bytes.IndexByte(l.buf[l.start+searched:l.end], '\n'); i >= 0 {
			line = l.buf[l.start : l.start+searched+i]
			l.start += searched + i + 1
			return line, tooLong || len(line) > l.max, nil
		}
		searched = l.end - l.start
		if l.err != nil {
			return l.last(tooLong)
		}
		if searched > l.max {
			tooLong = true
			l.start, searched = l.end, 0 // forget what is there of it
		}
		l.fill()
	}
}

// last returns what stands after the last line feed.
func (l *lineReader) last(tooLong bool) ([]byte, bool, error) {
	line := l.buf[l.start:l.end]
	if !errors.Is(l.err, io.EOF) || len(line) == 0 && !tooLong {
		return nil, false, l.err
	}
	l.start = l.end
	return line, tooLong || len(line) > l.max, nil
}

// ready says that a whole line is there: next will not wait for the sender.
func (l *lineReader) ready() bool {
	return bytes.IndexByte(l.buf[l.start:l.end], '\n') >= 0
}

// buffered is how many bytes are there unread.
func (l *lineReader) buffered() int { return l.end - l.start }

func (l *lineReader) fill() {
	if l.start > 0 {
		l.end = copy(l.buf, l.buf[l.start:l.end])
		l.start = 0
	}
	for range maxEmptyReads {
		n, err := l.r.Read(l.buf[l.end:])
		l.end += n
		if n > 0 || err != nil {
			l.err = err
			return
		}
	}
	l.err = io.ErrNoProgress
}
