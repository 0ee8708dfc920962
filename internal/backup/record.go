package backup

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/armslog/armslog/events"
)

// A record in a file: the number of its headers, each with key and value, and
// its value. Lengths are varints; -1 is a value that is not there.

func appendRecord(b []byte, m events.Message) []byte {
	b = binary.AppendVarint(b, int64(len(m.Headers)))
	for _, h := range m.Headers {
		b = appendBytes(appendBytes(b, []byte(h.Key)), h.Value)
	}
	return appendBytes(b, m.Value)
}

func appendBytes(b, v []byte) []byte {
	if v == nil {
		return binary.AppendVarint(b, -1)
	}
	return append(binary.AppendVarint(b, int64(len(v))), v...)
}

// maxPart bounds what is believed of a length: a damaged file is no reason to
// ask for all memory.
const maxPart = 32 << 20

// readRecord returns io.EOF at the end of a file, between records.
func readRecord(r *bufio.Reader) (m events.Message, err error) {
	n, err := binary.ReadVarint(r)
	if err != nil {
		return m, err // io.EOF where nothing of a record is there
	}
	if n < 0 || n > 1<<16 {
		return m, fmt.Errorf("%w: a record with %d headers", ErrBackupDamaged, n)
	}
	if n > 0 {
		m.Headers = make([]events.Header, n)
	}
	for i := range m.Headers {
		key, err := readBytes(r)
		if err != nil {
			return m, err
		}
		m.Headers[i].Key = string(key)
		if m.Headers[i].Value, err = readBytes(r); err != nil {
			return m, err
		}
	}
	m.Value, err = readBytes(r)
	return m, err
}

func readBytes(r *bufio.Reader) ([]byte, error) {
	n, err := binary.ReadVarint(r)
	if err != nil {
		return nil, cut(err)
	}
	if n == -1 {
		return nil, nil
	}
	if n < 0 || n > maxPart {
		return nil, fmt.Errorf("%w: a part of %d bytes", ErrBackupDamaged, n)
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(r, b); err != nil {
		return nil, cut(err)
	}
	return b, nil
}

// cut is the end of a file in the middle of a record.
func cut(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return fmt.Errorf("%w: a file ends in the middle of a record", ErrBackupDamaged)
	}
	return err
}
