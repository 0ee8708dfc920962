package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
	"github.com/armslog/armslog/internal/embedded/filelock"
)

// keyPlace is where a key file is: named, or in a data directory of up.
type keyPlace struct{ file, data string }

func (p *keyPlace) addFlags(c *cobra.Command) {
	c.Flags().StringVar(&p.file, "keys-file", "", "key file of armslog serve")
	c.Flags().StringVar(&p.data, "data", "", "data directory of armslog up (default armslog-data)")
}

// path is the file. A data directory must be there: one that is not is a slip,
// and no key in it would ever be read.
func (p *keyPlace) path(s *settings) (string, error) {
	if p.file != "" && p.data != "" {
		return "", &usageError{"both --keys-file and --data were given", "one names the file itself, the other the directory that holds it"}
	}
	if p.file != "" {
		return p.file, nil
	}
	dir := s.get("data") // the flag, if it was given
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return "", &usageError{fmt.Sprintf("there is no data directory %s", dir), "start armslog up once, or name it with --data, or the file with --keys-file"}
	}
	return filepath.Join(dir, "keys.json"), nil
}

// readKeys reads a key file as a gateway does: one that a gateway would refuse
// is refused here, too.
func readKeys(path string) (file gateway.Keys, err error) {
	if _, err := gateway.OpenKeyFile(path, nil, slog.New(slog.DiscardHandler)); err != nil {
		return file, err
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return file, fmt.Errorf("read keys: %w", err)
	}
	if err := json.Unmarshal(text, &file); err != nil {
		return file, fmt.Errorf("read keys: %w", err)
	}
	return file, nil
}

// addKey makes a key and adds it to a file, which is replaced whole or not at
// all. Several that do so at once wait for one another.
func addKey(ctx context.Context, path string, org events.OrgID, roles []gateway.Role) (key gateway.Key, token string, err error) {
	if target, err := filepath.EvalSymlinks(path); err == nil {
		path = target // the file is replaced, not what points to it
	}
	lock, err := filelock.Acquire(ctx, path+".lock")
	if err != nil {
		return key, "", err
	}
	defer lock.Close()
	file, err := readKeys(path)
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		return key, "", err
	}
	key, token = gateway.NewKey(newKeyID(file.Keys), org, roles...)
	file.Keys = append(file.Keys, key)
	text, err := json.MarshalIndent(file, "", "  ")
	if err != nil {
		return key, "", fmt.Errorf("write keys: %w", err)
	}
	return key, token, replaceFile(path, append(text, '\n'))
}

// newKeyID is an id that no key has. It is random: an id that was used before
// would make another of whoever held that key.
func newKeyID(keys []gateway.Key) string {
	for {
		id := "k" + strings.ToLower(rand.Text()[:8])
		if !slices.ContainsFunc(keys, func(k gateway.Key) bool { return k.ID == id }) {
			return id
		}
	}
}
