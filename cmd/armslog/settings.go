package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// setting is one value that can be given in several ways: by flag, by
// environment, in a profile, in the configuration file, by default; the first
// of these that has it wins.
type setting struct {
	name     string // as in files: on_behalf_of
	flag     string // "" = no flag of every command
	short    string
	fallback string
	secret   bool
	doc      string
}

// knownSettings are all settings, in the order in which they are shown.
func knownSettings() []setting {
	return []setting{
		{name: "profile", flag: "profile", short: "p", doc: "whose url, key, purpose and context to use"},
		{name: "url", flag: "url", fallback: "http://127.0.0.1:8080", doc: "where the registry's API is; several nodes with commas between"},
		{name: "ca_file", doc: "authorities of the certificates at url and sql, PEM (none: the system's)"},
		{name: "key", secret: true, doc: "API key"},
		{name: "purpose", doc: "default purpose of a search, and of a look at something in full"},
		{name: "context", doc: "default context of a search"},
		{name: "on_behalf_of", flag: "on-behalf-of", doc: "the organisation that is acted for"},
		{name: "output", flag: "output", short: "o", doc: "table, json, ndjson or csv (table on a terminal, ndjson in a pipe)"},
		{name: "wait", flag: "wait", fallback: "10s", doc: "how long to wait for a decision"},
		{name: "sql", fallback: "http://analyst@127.0.0.1:8123", doc: "where the analysts' tables are (ClickHouse, HTTP)"},
		{name: "data", fallback: "armslog-data", doc: "data directory of armslog up"},
	}
}

// settings are the values of one run, each with where it came from.
type settings struct {
	known  []setting
	env    func(string) (string, bool)
	values map[string]value
}

type value struct{ text, from string }

// fromDefault is where a value comes from that nobody gave.
const fromDefault = "default"

func newSettings(env func(string) (string, bool)) *settings {
	return &settings{known: knownSettings(), env: env, values: map[string]value{}}
}

func (s *settings) addFlags(f *pflag.FlagSet) {
	for _, k := range s.known {
		if k.flag != "" {
			f.StringP(k.flag, k.short, "", k.doc)
		}
	}
}

// load finds every value. The profile's name is found first, since the others
// may stand in the profile.
func (s *settings) load(flags *pflag.FlagSet) error {
	file, path, err := s.readFile()
	if err != nil {
		return err
	}
	for _, k := range s.known {
		s.values[k.name] = s.find(k, flags, nil, value{}, file, path)
	}
	name := s.get("profile")
	if name == "" {
		s.findTables()
		return nil
	}
	profiles, profilesPath, err := s.profiles()
	if err != nil {
		return err
	}
	profile, ok := profiles[name]
	if !ok {
		return &usageError{fmt.Sprintf("there is no profile %q in %s", name, profilesPath), "there are: " + strings.Join(sortedKeys(profiles), ", ")}
	}
	for _, k := range s.known[1:] {
		s.values[k.name] = s.find(k, flags, profile, value{name, "profile " + name + " in " + profilesPath}, file, path)
	}
	return nil
}

func (s *settings) find(k setting, flags *pflag.FlagSet, profile map[string]string, profileFrom value, file map[string]string, path string) value {
	name := strings.ReplaceAll(k.name, "_", "-")
	if f := flags.Lookup(name); f != nil && f.Changed {
		return value{f.Value.String(), "flag --" + name}
	}
	env := "ARMSLOG_" + strings.ToUpper(k.name)
	if v, ok := s.env(env); ok && v != "" {
		return value{v, env}
	}
	if v := profile[k.name]; v != "" {
		return value{v, profileFrom.from}
	}
	if v := file[k.name]; v != "" {
		return value{v, path}
	}
	return value{k.fallback, fromDefault}
}

func (s *settings) get(name string) string { return s.values[name].text }

func (s *settings) duration(name string) (time.Duration, error) {
	d, err := time.ParseDuration(s.get(name))
	if err != nil {
		return 0, &usageError{fmt.Sprintf("%s %q is no duration", name, s.get(name)), "such as 5s or 2m"}
	}
	return d, nil
}

// readFile reads the configuration file: one JSON object of settings.
func (s *settings) readFile() (values map[string]string, path string, err error) {
	path, err = s.configPath("config.json")
	if err != nil {
		return nil, "", nil // no home: no file
	}
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, path, nil
	}
	if err != nil {
		return nil, path, fmt.Errorf("read configuration: %w", err)
	}
	if err := json.Unmarshal(text, &values); err != nil {
		return nil, path, fmt.Errorf("read configuration %s: %w", path, err)
	}
	for name := range values {
		if !slices.ContainsFunc(s.known, func(k setting) bool { return k.name == name }) {
			return nil, path, fmt.Errorf("read configuration %s: %q is no setting", path, name)
		}
	}
	return values, path, nil
}

// configPath is a file of the user's own.
func (s *settings) configPath(name string) (string, error) {
	if dir, ok := s.env("ARMSLOG_CONFIG_DIR"); ok && dir != "" {
		return filepath.Join(dir, name), nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("find configuration: %w", err)
	}
	return filepath.Join(dir, "armslog", name), nil
}
