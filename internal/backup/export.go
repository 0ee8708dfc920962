package backup

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/segmentio/kafka-go"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded/filelock"
	"github.com/armslog/armslog/registry"
)

// ErrOtherHistory is returned when journal and backup are not one history: the
// one is not the beginning of the other.
var ErrOtherHistory = errors.New("the journal and the backup are different histories")

// ErrShorter is returned when the journal ends before the backup does: it has
// lost its end, and the backup is the better copy.
var ErrShorter = errors.New("the journal ends before the backup does")

// ExportConfig is one export.
type ExportConfig struct {
	Client    *kafka.Client
	Dir       string                  // made if it is not there
	FileBytes int                     // after which a file ends; 0 = 256 MiB
	Progress  func(done, total int64) // records; nil = nobody asks
}

// Export brings the backup in a directory up to the journal's end as it is now.
// What is there already is read and held against its digests first. The
// registry may run meanwhile. Broken off, it may be run again.
func Export(ctx context.Context, cfg ExportConfig) (Manifest, error) {
	if cfg.FileBytes == 0 {
		cfg.FileBytes = 256 << 20
	}
	if err := os.MkdirAll(cfg.Dir, 0o700); err != nil {
		return Manifest{}, fmt.Errorf("write backup: %w", err)
	}
	lock, err := filelock.Acquire(ctx, filepath.Join(cfg.Dir, "lock"))
	if err != nil {
		return Manifest{}, err
	}
	defer lock.Close()
	m, f, err := check(cfg.Dir)
	if errors.Is(err, ErrNoBackup) {
		m, f, err = Manifest{}, newFold(), nil
	}
	if err != nil {
		return m, err
	}
	first, end, err := consumers.Bounds(ctx, cfg.Client, events.JournalTopic)
	if err != nil {
		return m, fmt.Errorf("export journal: %w", err)
	}
	if first > 0 {
		return m, fmt.Errorf("export journal: %w: it begins at offset %d", consumers.ErrLost, first)
	}
	if end < f.offset {
		return m, fmt.Errorf("export journal: %w: %d records, not %d", ErrShorter, end, f.offset)
	}
	if err := sameSoFar(ctx, cfg.Client, f); err != nil {
		return m, err
	}
	e := &export{ExportConfig: cfg, manifest: &m, fold: f, end: end}
	for f.offset < end {
		if err := e.file(ctx); err != nil {
			return m, err
		}
	}
	m.JournalID, m.Reader, m.Entries, m.Records = f.state.JournalID(), f.reader.Clone(), f.reader.Next, f.offset
	m.StateHash, m.StateForm = f.hash(), registry.StateForm
	return m, m.write(cfg.Dir)
}

// sameSoFar holds the last record of the backup against the journal's: an entry
// bears its seq and a random salt, a fence a random nonce, so that two histories
// differ there.
func sameSoFar(ctx context.Context, client *kafka.Client, f *fold) error {
	if f.offset == 0 {
		return nil
	}
	return consumers.Messages(ctx, client, events.JournalTopic, f.offset-1, f.offset, func(records []events.Message) error {
		if !bytes.Equal(appendRecord(nil, records[0]), f.last) {
			return fmt.Errorf("%w: they differ at offset %d", ErrOtherHistory, f.offset-1)
		}
		return nil
	})
}

type export struct {
	ExportConfig
	manifest *Manifest
	fold     *fold
	end      int64
}

// errFull ends a file.
var errFull = errors.New("file is full")

// file writes one file and notes it. A crash before the note: the file is
// written again, under the same name.
func (e *export) file(ctx context.Context) error {
	file := File{First: e.fold.offset, Name: fmt.Sprintf("journal-%016d", e.fold.offset)}
	var buf []byte
	digest, err := writeFile(e.Dir, file.Name, func(w io.Writer) error {
		err := consumers.Messages(ctx, e.Client, events.JournalTopic, e.fold.offset, e.end, func(records []events.Message) error {
			if err := e.fold.take(records); err != nil {
				return err
			}
			buf = buf[:0]
			for _, m := range records {
				buf = appendRecord(buf, m)
			}
			file.Records += int64(len(records))
			file.Bytes += int64(len(buf))
			if _, err := w.Write(buf); err != nil {
				return err
			}
			if e.Progress != nil {
				e.Progress(e.fold.offset, e.end)
			}
			if file.Bytes >= int64(e.FileBytes) {
				return errFull
			}
			return nil
		})
		if errors.Is(err, errFull) {
			return nil
		}
		return err
	})
	if err != nil {
		return err
	}
	file.SHA256 = digest
	e.manifest.Files = append(e.manifest.Files, file)
	e.manifest.StateHash = "" // until the end
	return e.manifest.write(e.Dir)
}
