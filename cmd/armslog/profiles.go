package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
)

// profilesFile is what `up --demo` writes and -p reads: settings by profile.
type profilesFile struct {
	Profiles map[string]map[string]string `json:"profiles"`
}

// profiles reads the profiles of the data directory, if it has any, else the
// user's own.
func (s *settings) profiles() (map[string]map[string]string, string, error) {
	paths := []string{filepath.Join(s.get("data"), "profiles.json")}
	if path, err := s.configPath("profiles.json"); err == nil {
		paths = append(paths, path)
	}
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, path, fmt.Errorf("read profiles: %w", err)
		}
		var file profilesFile
		if err := json.Unmarshal(text, &file); err != nil {
			return nil, path, fmt.Errorf("read profiles %s: %w", path, err)
		}
		return file.Profiles, path, nil
	}
	return nil, paths[0], nil
}

// writeProfiles writes the profiles of a data directory. They hold keys: the
// file is its owner's alone.
func writeProfiles(dataDir string, profiles map[string]map[string]string) error {
	text, err := json.MarshalIndent(profilesFile{profiles}, "", "  ")
	if err != nil {
		return fmt.Errorf("write profiles: %w", err)
	}
	return replaceFile(filepath.Join(dataDir, "profiles.json"), append(text, '\n'))
}

// replaceFile writes a file that only its owner reads, whole or not at all.
func replaceFile(path string, text []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	if err := os.Rename(f.Name(), path); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
