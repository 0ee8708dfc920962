package main

import (
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/armslog/armslog/producers/imports"
)

// importInput is a file of rows and how they become requests.
type importInput struct {
	settings *settings
	name     string // as given
	path     string // absolute, "-" for standard input
	size     int64  // 0 = not known
	rows     int64  // as lines tell, 0 = not known
	whole    bool   // the file is complete: it is not followed, and no pipe
	mapping  *imports.Mapping
	mapper   *imports.Mapper // nil: rows are requests as they stand, or as they were exported
	toBody   func(imports.Row) imports.Mapped
	reader   *imports.Reader
	counter  *counter
	file     *os.File
	index    int64 // of the row read last, among those not left out
	number   int64 // of the request made last
	ended    bool
}

// openImport looks at the beginning of a file and makes its mapping ready.
func (a *app) openImport(ctx context.Context, name string, f importFlags) (*importInput, error) {
	in := &importInput{settings: a.settings, name: name, path: "-"}
	var from io.Reader = a.in
	if name != "-" {
		file, info, err := openFile(name)
		if err != nil {
			return nil, err
		}
		in.file, from = file, file
		in.size, in.whole = info.Size(), info.Mode().IsRegular() && !f.follow
		if in.path, err = filepath.Abs(name); err != nil {
			return nil, errors.Join(err, file.Close())
		}
	}
	if err := in.open(ctx, from, f); err != nil {
		in.close()
		return nil, err
	}
	return in, nil
}

func (in *importInput) open(ctx context.Context, from io.Reader, f importFlags) (err error) {
	options := imports.Options{Sheet: f.sheet, Grows: f.follow}
	if f.mapping != "" {
		if in.mapping, err = in.settings.loadMapping(f.mapping); err != nil {
			return &usageError{err.Error(), "--map sp-ssp, --map ua-weapons, or --map FILE.json"}
		}
		options.Legacy, options.File = in.mapping.Legacy, in.mapping.File
	}
	in.counter = &counter{}
	if in.whole {
		options.At, options.Size = countedAt{in.file, in.counter}, in.size
	}
	if f.follow {
		from = &growing{from, ctx}
	}
	if in.reader, err = imports.NewReader(counted{from, in.counter}, options); err != nil {
		return err
	}
	if err := in.countRows(); err != nil {
		return err
	}
	in.toBody = imports.AsIs
	if in.mapping != nil {
		if in.mapper, err = imports.NewMapper(in.mapping, in.reader.Header(), time.Now()); err == nil {
			in.toBody = in.mapper.Map
		}
		return err
	}
	if in.reader.Header() == nil {
		return nil
	}
	table, ok := imports.NewRecordTable().Bind(in.reader.Header())
	if ok {
		in.toBody = table.Map
	} else {
		kind := map[imports.Format]string{imports.XLSX: "workbook"}[in.reader.Format()]
		if kind == "" {
			kind = "CSV file"
		}
		err = &usageError{"a " + kind + " needs a mapping", "--map sp-ssp, --map ua-weapons, --map FILE.json; armslog import infer FILE proposes one"}
	}
	return err
}

// countRows tells how many rows a file may have, where its lines tell.
func (in *importInput) countRows() (err error) {
	format := in.reader.Format()
	switch {
	case !in.whole || format == imports.JSON || format == imports.XLSX || format == imports.XML:
		return nil
	}
	if in.rows, err = countLines(in.path); err != nil {
		return err
	}
	if format == imports.CSV {
		in.rows = max(in.rows-1, 0) // the header
	}
	return nil
}

func (in *importInput) close() {
	if in.file != nil {
		in.file.Close()
	}
}

func (in *importInput) read() int64 { return in.counter.n.Load() }

// next is the next row that is not left out. Behind the last one comes, once,
// an item of no row that says how many were left out before the end.
func (in *importInput) next() (item, error) {
	var filtered int64
	for {
		row, err := in.reader.Next()
		if errors.Is(err, io.EOF) && !in.ended {
			in.ended = true
			return item{filtered: filtered}, nil
		}
		if err != nil {
			return item{}, err
		}
		it := in.item(row)
		if it.body == nil && it.errors == nil {
			filtered++
			continue
		}
		it.filtered = filtered
		in.index++
		it.index = in.index
		if it.body != nil {
			in.number++
			it.number = in.number
		}
		return it, nil
	}
}

// item makes a request of a row.
func (in *importInput) item(row imports.Row) item {
	row = imports.Unwrap(row)
	m := in.toBody(row)
	return item{row: row, body: m.Body, errors: m.Errors, warnings: m.Warnings}
}

// counter knows how much of the file was read.
type counter struct{ n atomic.Int64 }

type counted struct {
	io.Reader
	counter *counter
}

func (c counted) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.counter.n.Add(int64(n))
	return n, err
}

type countedAt struct {
	io.ReaderAt
	counter *counter
}

func (c countedAt) ReadAt(p []byte, off int64) (int, error) {
	n, err := c.ReaderAt.ReadAt(p, off)
	c.counter.n.Add(int64(n))
	return n, err
}

// growing waits for more at the end of a file that is being written.
type growing struct {
	r   io.Reader
	ctx context.Context
}

// lookEvery is how often a file is looked at again.
const lookEvery = 250 * time.Millisecond

func (g *growing) Read(p []byte) (int, error) {
	for {
		n, err := g.r.Read(p)
		if n > 0 || !errors.Is(err, io.EOF) {
			return n, err
		}
		select {
		case <-g.ctx.Done():
			return 0, g.ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// countLines tells how many rows a file may have.
func countLines(path string) (n int64, err error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	last := byte('\n')
	for {
		k, err := f.Read(buf)
		if k > 0 {
			n += int64(bytes.Count(buf[:k], []byte{'\n'}))
			last = buf[k-1]
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return 0, err
		}
	}
	if last != '\n' {
		n++
	}
	return n, nil
}
