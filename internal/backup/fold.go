package backup

import (
	"encoding/hex"
	"fmt"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// fold is what follows from the records so far, by the code that every node
// runs: the reader rule and Evolve.
type fold struct {
	offset int64
	reader events.Reader
	state  *registry.State
	last   []byte // the last record, encoded: two journals differ in it
}

func newFold() *fold { return &fold{state: registry.New()} }

// take folds records. It returns events.ErrDamaged and events.ErrNotJournal.
func (f *fold) take(records []events.Message) error {
	for _, m := range records {
		it, err := events.ParseItem(m.Headers, m.Value, f.offset)
		if err != nil {
			return fmt.Errorf("offset %d: %w", f.offset, err)
		}
		accepted, err := f.reader.Read(it)
		if err != nil {
			return err
		}
		if accepted {
			var prepared *registry.Prepared
			if it.Entry.Value != nil {
				prepared = registry.PrepareEntry(it.Entry)
			}
			f.state.Evolve(it.Entry, prepared)
		}
		f.offset++
	}
	if n := len(records); n > 0 {
		f.last = appendRecord(f.last[:0], records[n-1])
	}
	return nil
}

func (f *fold) hash() string {
	h := f.state.Hash()
	return hex.EncodeToString(h[:])
}

// Check reads a whole backup and holds that it is what was written, and that
// what it says of it follows. It returns ErrBackupDamaged, ErrUnfinished and
// ErrNoBackup.
func Check(dir string) (Manifest, error) {
	m, _, err := check(dir)
	if err == nil && m.StateHash == "" {
		err = fmt.Errorf("%w: %s", ErrUnfinished, dir)
	}
	return m, err
}

func check(dir string) (Manifest, *fold, error) {
	m, err := readManifest(dir)
	if err != nil {
		return m, nil, err
	}
	f := newFold()
	for _, file := range m.Files {
		if file.First != f.offset {
			return m, nil, fmt.Errorf("%w: %s begins at %d, not at %d", ErrBackupDamaged, file.Name, file.First, f.offset)
		}
		if err := file.each(dir, f.take); err != nil {
			return m, nil, err
		}
	}
	another := m.StateForm == registry.StateForm && m.StateHash != f.hash()
	if m.StateHash != "" && (another || m.Records != f.offset || m.Entries != f.reader.Next) {
		return m, nil, fmt.Errorf("%w: what it holds is not what %s says", ErrBackupDamaged, manifestName)
	}
	return m, f, nil
}
