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
		profiles, err := readProfiles(path)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		return profiles, path, err
	}
	return nil, paths[0], nil
}

func readProfiles(path string) (map[string]map[string]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read profiles: %w", err)
	}
	var file profilesFile
	if err := json.Unmarshal(text, &file); err != nil {
		return nil, fmt.Errorf("read profiles %s: %w", path, err)
	}
	return file.Profiles, nil
}

// findTables takes the address of the tables from the data directory where
// nothing else says it: that of `up` is the same in all profiles, as the tables
// do not ask who of the registry somebody is. A file that cannot be read
// changes nothing here; doctor says what is wrong with it.
func (s *settings) findTables() {
	if s.values["sql"].from != fromDefault {
		return
	}
	path := filepath.Join(s.get("data"), "profiles.json")
	profiles, err := readProfiles(path)
	if err != nil {
		return
	}
	for _, name := range sortedKeys(profiles) {
		if address := profiles[name]["sql"]; address != "" {
			s.values["sql"] = value{address, "profile " + name + " in " + path}
			return
		}
	}
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
