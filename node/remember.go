package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

// ErrOtherJournal is returned when the journal is not the one that this node
// followed before: the brokers are others, or the topic was made anew.
var ErrOtherJournal = errors.New("this is another journal than the one this node knows")

// ErrHistoryWentBack is returned when the journal ends before what this node has
// seen of it: it was restored from an older copy, or has lost its end. What was
// told in between would be contradicted.
var ErrHistoryWentBack = errors.New("the journal ends before what this node has seen of it")

// rememberJournal writes the journal's id down, the first time, and holds every
// later start to it.
func (n *Node) rememberJournal() error {
	if n.cfg.Dir == "" {
		return nil
	}
	id, path := n.state.JournalID().String(), filepath.Join(n.cfg.Dir, "journal.id")
	known, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return writeWhole(path, id+"\n")
	}
	if err != nil {
		return fmt.Errorf("read journal id: %w", err)
	}
	if strings.TrimSpace(string(known)) != id {
		return fmt.Errorf("%w: %s instead of %s", ErrOtherJournal, id, strings.TrimSpace(string(known)))
	}
	return nil
}

// The file beside it says how far the journal has been seen.
const seenName = "journal.seen"

// seen is how many entries this node has known; 0 = it does not remember.
func (n *Node) seen() (next uint64, err error) {
	if n.cfg.Dir == "" {
		return 0, nil
	}
	text, err := os.ReadFile(filepath.Join(n.cfg.Dir, seenName))
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read how far the journal was seen: %w", err)
	}
	next, err = strconv.ParseUint(strings.TrimSpace(string(text)), 10, 64)
	if err != nil {
		return 0, fmt.Errorf("read how far the journal was seen: %w", err)
	}
	return next, nil
}

// shortFor is how long a journal may seem shorter than it was: a broker that
// has just taken over shows the end of its log with a delay.
const shortFor = 3 * time.Second

// wentBack says whether the journal is shorter than it was. Within shortFor that
// is no error yet: the node goes on following, and is not ready.
func (n *Node) wentBack() (short bool, err error) {
	seen, err := n.seen()
	if err != nil || n.state.Next() >= seen || n.cfg.AcceptOlderJournal {
		return false, err
	}
	n.short.Store(true)
	if n.shortSince.IsZero() {
		n.shortSince = time.Now()
	}
	if time.Since(n.shortSince) < shortFor {
		return true, nil
	}
	return true, fmt.Errorf("%w: %d entries instead of at least %d", ErrHistoryWentBack, n.state.Next(), seen)
}

// seenEvery is how often a node notes how far it has seen the journal.
const seenEvery = 5 * time.Second

// remember notes how far the journal was seen, from time to time and at the end.
func (n *Node) remember(ctx context.Context) error {
	if n.cfg.Dir == "" {
		return nil
	}
	select {
	case <-n.ready:
	case <-ctx.Done():
		return nil
	}
	tick := time.NewTicker(seenEvery)
	defer tick.Stop()
	noted, path := uint64(0), filepath.Join(n.cfg.Dir, seenName)
	for {
		if next := n.figures.Load().next; next != noted {
			if err := writeWhole(path, strconv.FormatUint(next, 10)+"\n"); err != nil {
				n.log.Warn("how far the journal was seen is not noted", slog.Any("error", err))
			}
			noted = next
		}
		if ctx.Err() != nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
		}
	}
}

// writeWhole leaves either the whole file or none.
func writeWhole(path, text string) error {
	name := filepath.Base(path)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("create node directory: %w", err)
	}
	f, err := os.CreateTemp(filepath.Dir(path), name+".*")
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.WriteString(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	return nil
}
