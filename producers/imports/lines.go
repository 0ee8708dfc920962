package imports

import (
	"bufio"
	"bytes"
	"errors"
	"io"
)

// MaxRow is the longest row in bytes that is read; a longer one gets the
// verdict too_long. It is four times what a request may hold.
const MaxRow = 64 << 10

// lineReader reads physical lines of bounded length and can take lines back,
// which is how a quote that never closes costs one row and not the file.
type lineReader struct {
	r    *bufio.Reader
	no   int64  // number of the last line read from r
	back []line // lines taken back, the next one first
}

// line is one physical line without its end. Its text is valid until the next
// call of next, unless it was cloned.
type line struct {
	no   int64
	text []byte
	long bool // longer than MaxRow; text holds its beginning
}

func newLineReader(r io.Reader) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, MaxRow)}
}

// next returns io.EOF behind the last line, and any other error of the reader
// beneath without the unfinished line before it.
func (l *lineReader) next() (line, error) {
	if len(l.back) > 0 {
		got := l.back[0]
		l.back = l.back[1:]
		return got, nil
	}
	text, err := l.r.ReadSlice('\n')
	got := line{no: l.no + 1, text: text}
	if errors.Is(err, bufio.ErrBufferFull) {
		got.text, got.long = bytes.Clone(text[:1024]), true
		err = l.skipLine()
	}
	if err != nil && (!errors.Is(err, io.EOF) || len(got.text) == 0) {
		return line{}, err
	}
	l.no++
	got.text = bytes.TrimSuffix(bytes.TrimSuffix(got.text, []byte("\n")), []byte("\r"))
	return got, nil
}

// takeBack makes lines the next ones to be read.
func (l *lineReader) takeBack(lines []line) {
	l.back = append(lines, l.back...)
}

func (l *lineReader) skipLine() error {
	for {
		_, err := l.r.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}
