package backup

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/armslog/armslog/events"
)

var (
	// ErrBackupDamaged is returned when a backup is not what was written.
	ErrBackupDamaged = errors.New("the backup is damaged")
	// ErrNoBackup is returned where a directory holds no backup.
	ErrNoBackup = errors.New("there is no backup here")
	// ErrUnfinished is returned when an export was broken off; run it again.
	ErrUnfinished = errors.New("the backup was not finished")
)

// Manifest says what a backup holds, and what follows from it.
type Manifest struct {
	Format    int           `json:"format"`
	Made      time.Time     `json:"made"`
	JournalID events.UUID   `json:"journal_id"`
	Records   int64         `json:"records"`    // of the topic: entries, fences, and what the reader rule ignores
	Entries   uint64        `json:"entries"`    // that count
	StateHash string        `json:"state_hash"` // of what follows from all of them; "" = not finished
	StateForm int           `json:"state_form"` // registry.StateForm of the version that made it; another version's hash is not comparable
	Reader    events.Reader `json:"reader"`     // after them: owner, engine, how far each mailbox is decided
	Files     []File        `json:"files"`
}

// File is a run of records, in order.
type File struct {
	Name    string `json:"name"`
	First   int64  `json:"first"` // offset of its first record
	Records int64  `json:"records"`
	Bytes   int64  `json:"bytes"`
	SHA256  string `json:"sha256"`
}

const (
	format       = 1
	manifestName = "manifest.json"
)

func readManifest(dir string) (m Manifest, err error) {
	text, err := os.ReadFile(filepath.Join(dir, manifestName))
	if errors.Is(err, fs.ErrNotExist) {
		return m, fmt.Errorf("%w: %s", ErrNoBackup, dir)
	}
	if err != nil {
		return m, fmt.Errorf("read backup: %w", err)
	}
	if err := json.Unmarshal(text, &m); err != nil {
		return m, fmt.Errorf("%w: %s: %w", ErrBackupDamaged, manifestName, err)
	}
	if m.Format != format {
		return m, fmt.Errorf("read backup: format %d is not known to this version", m.Format)
	}
	return m, nil
}

func (m *Manifest) write(dir string) error {
	m.Format, m.Made = format, time.Now().UTC().Truncate(time.Second)
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("write backup: %w", err)
	}
	_, err = writeFile(dir, manifestName, func(w io.Writer) error {
		_, err := w.Write(append(text, '\n'))
		return err
	})
	return err
}

// writeFile leaves the whole file, on the disk, or none; it returns its digest.
func writeFile(dir, name string, write func(io.Writer) error) (digest string, err error) {
	f, err := os.CreateTemp(dir, name+".*.part")
	if err != nil {
		return "", fmt.Errorf("write backup: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	sum := sha256.New()
	w := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<20)
	err = write(w)
	if err := errors.Join(err, w.Flush(), f.Sync(), f.Close()); err != nil {
		return "", fmt.Errorf("write backup: %w", err)
	}
	if err := os.Rename(f.Name(), filepath.Join(dir, name)); err != nil {
		return "", fmt.Errorf("write backup: %w", err)
	}
	d, err := os.Open(dir)
	if err != nil {
		return "", fmt.Errorf("write backup: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), errors.Join(d.Sync(), d.Close())
}

// each hands the records of a file to handle, some at a time, and holds that
// they are those that were written.
func (f File) each(dir string, handle func([]events.Message) error) error {
	src, err := os.Open(filepath.Join(dir, filepath.Base(f.Name)))
	if err != nil {
		return fmt.Errorf("%w: %w", ErrBackupDamaged, err)
	}
	defer src.Close()
	sum := sha256.New()
	r := bufio.NewReaderSize(io.TeeReader(src, sum), 1<<20)
	var some []events.Message
	records, size := int64(0), 0
	for {
		m, err := readRecord(r)
		if err != nil && !errors.Is(err, io.EOF) {
			return fmt.Errorf("%s: %w", f.Name, err)
		}
		if err == nil {
			some, records, size = append(some, m), records+1, size+sizeOf(m)
		}
		if len(some) == someRecords || size >= someBytes || err != nil {
			if err := handle(some); err != nil {
				return err
			}
			some, size = some[:0:0], 0
		}
		if err != nil {
			break
		}
	}
	if got := hex.EncodeToString(sum.Sum(nil)); got != f.SHA256 || records != f.Records {
		return fmt.Errorf("%w: %s holds %d records with digest %s, not %d with %s", ErrBackupDamaged, f.Name, records, got, f.Records, f.SHA256)
	}
	return nil
}

// What is handled at once: one append, well below what the journal takes.
const (
	someRecords = 1000
	someBytes   = 4 << 20
)

func sizeOf(m events.Message) int {
	n := len(m.Value)
	for _, h := range m.Headers {
		n += len(h.Key) + len(h.Value)
	}
	return n
}
