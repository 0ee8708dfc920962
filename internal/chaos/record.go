package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// record is a run: what was asked, broken and seen.
type record struct {
	Requests []*request `json:"requests"`
	Faults   []*fault   `json:"faults"`
	Died     []string   `json:"died"` // ended by themselves
	Seen     *observed  `json:"seen"`
}

// keep writes a run where it can be looked at, and checked again.
func keep(dir string, r *record) error {
	text, err := json.Marshal(r)
	if err != nil {
		return fmt.Errorf("write what was seen: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, "seen.json"), text, 0o600); err != nil {
		return fmt.Errorf("write what was seen: %w", err)
	}
	return nil
}

// checkAgain checks a run that was kept, all but its tables.
func checkAgain(out io.Writer, path string) error {
	text, err := os.ReadFile(path)
	if err != nil {
		return fmt.Errorf("read what was seen: %w", err)
	}
	var r record
	if err := json.Unmarshal(text, &r); err != nil {
		return fmt.Errorf("read what was seen: %w", err)
	}
	return verdict(out, &r, nil)
}
