package main

import (
	"bufio"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/producers/imports"
)

// rejects is the file of refused rows: as they stood, and why. It is made with
// the first of them. Rows of a sheet, of XML and of fixed width are written as
// CSV under the names of their columns: their mapping reads it.
type rejects struct {
	name   string
	header []string // of all but JSON
	comma  rune
	file   *os.File
	buf    *bufio.Writer
	csv    *csv.Writer
	rows   int64
}

// rejectsName never is the name of the file that is read.
func rejectsName(in *importInput) string {
	ending := ".rejects.csv"
	if in.reader.Header() == nil {
		ending = ".rejects.ndjson"
	}
	base := baseName(in.name)
	if stem, of, again := strings.Cut(base, ".rejects"); again {
		n, _ := strconv.Atoi(strings.TrimPrefix(of, "-"))
		return stem + ".rejects-" + strconv.Itoa(max(n, 1)+1) + ending[len(".rejects"):]
	}
	return base + ending
}

// openRejects goes on with the file of a job that is resumed: what was written
// behind its last save is written again.
func openRejects(j *job, in *importInput) (*rejects, error) {
	r := &rejects{name: j.RejectsFile, header: in.reader.Header(), comma: in.reader.Comma(), rows: j.rejected()}
	if j.RejectsSize == 0 {
		if err := os.Remove(r.name); err != nil && !errors.Is(err, os.ErrNotExist) {
			return nil, fmt.Errorf("remove old rejects: %w", err)
		}
		return r, nil
	}
	f, err := os.OpenFile(r.name, os.O_RDWR, 0)
	if err != nil {
		return nil, fmt.Errorf("open rejects: %w", err)
	}
	if err := f.Truncate(j.RejectsSize); err != nil {
		return nil, errors.Join(fmt.Errorf("open rejects: %w", err), f.Close())
	}
	if _, err := f.Seek(0, io.SeekEnd); err != nil {
		return nil, errors.Join(fmt.Errorf("open rejects: %w", err), f.Close())
	}
	r.use(f)
	return r, nil
}

func (r *rejects) use(f *os.File) {
	r.file, r.buf = f, bufio.NewWriter(f)
	if r.header != nil {
		r.csv = csv.NewWriter(r.buf)
		r.csv.Comma = r.comma
	}
}

func (r *rejects) create() error {
	f, err := os.OpenFile(r.name, os.O_RDWR|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	r.use(f)
	if r.csv == nil {
		return nil
	}
	return r.csv.Write(guarded(r.headerOut()))
}

// headerOut is the file's header and the reasons, which a file of rejects that
// was mended has already.
func (r *rejects) headerOut() []string {
	return append(r.header[:r.own():r.own()], imports.RejectColumns()...)
}

// own is how many columns are the file's own.
func (r *rejects) own() int {
	n := len(r.header) - len(imports.RejectColumns())
	if n > 0 && strings.Join(r.header[n:], ",") == strings.Join(imports.RejectColumns(), ",") {
		return n
	}
	return len(r.header)
}

// add writes a row. Columns beyond the header stand behind the reason.
func (r *rejects) add(row imports.Row, errs []events.FieldError) error {
	if r.file == nil {
		if err := r.create(); err != nil {
			return err
		}
	}
	r.rows++
	first := errs[0]
	if r.csv == nil {
		return r.addJSON(row, first)
	}
	own := r.own()
	out := make([]string, own, own+4)
	copy(out, row.Fields)
	out = append(out, strconv.FormatInt(row.Line, 10), first.Code, reason(errs), first.Hint)
	if len(row.Fields) > len(r.header) {
		out = append(out, row.Fields[len(r.header):]...)
	}
	return r.csv.Write(guarded(out))
}

// reason is what is wrong, all of it.
func reason(errs []events.FieldError) string {
	parts := make([]string, len(errs))
	for i, e := range errs {
		parts[i] = strings.TrimSpace(e.Pointer + " " + e.Message)
	}
	return strings.Join(parts, "; ")
}

func (r *rejects) addJSON(row imports.Row, first events.FieldError) error {
	out := imports.RejectedRow{Line: row.Line, Code: first.Code, Pointer: first.Pointer, Message: first.Message, Hint: first.Hint}
	if json.Valid(row.JSON) {
		out.Row = row.JSON
	} else if utf8.Valid(row.JSON) {
		out.Text = string(row.JSON)
	}
	line, err := json.Marshal(out)
	if err != nil {
		return fmt.Errorf("write rejects: %w", err)
	}
	_, err = r.buf.Write(append(line, '\n'))
	return err
}

// flush brings everything to the file and tells its size.
func (r *rejects) flush() (size int64, err error) {
	if r.file == nil {
		return 0, nil
	}
	if r.csv != nil {
		r.csv.Flush()
		err = r.csv.Error()
	}
	if err = errors.Join(err, r.buf.Flush()); err != nil {
		return 0, fmt.Errorf("write rejects: %w", err)
	}
	info, err := r.file.Stat()
	if err != nil {
		return 0, fmt.Errorf("write rejects: %w", err)
	}
	return info.Size(), nil
}

func (r *rejects) close() error {
	_, err := r.flush()
	if r.file == nil {
		return err
	}
	return errors.Join(err, r.file.Close())
}
