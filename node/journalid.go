package node

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// ErrOtherJournal is returned when the journal is not the one that this node
// followed before: the brokers are others, or the topic was made anew.
var ErrOtherJournal = errors.New("this is another journal than the one this node knows")

// rememberJournal writes the journal's id down, the first time, and holds every
// later start to it.
func (n *Node) rememberJournal() error {
	if n.cfg.Dir == "" {
		return nil
	}
	id, path := n.state.JournalID().String(), filepath.Join(n.cfg.Dir, "journal.id")
	known, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return writeID(path, id)
	}
	if err != nil {
		return fmt.Errorf("read journal id: %w", err)
	}
	if strings.TrimSpace(string(known)) != id {
		return fmt.Errorf("%w: %s instead of %s", ErrOtherJournal, id, strings.TrimSpace(string(known)))
	}
	return nil
}

// writeID leaves either the whole file or none.
func writeID(path, id string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("create node directory: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "journal.id.*")
	if err != nil {
		return fmt.Errorf("write journal id: %w", err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(id + "\n")
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write journal id: %w", err)
	}
	return nil
}
