package main

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/armslog/armslog/internal/tlsfiles"
	"github.com/armslog/armslog/projections"
)

// connection is where a cluster is. Secrets come from files or the environment,
// never from flags: a command line is there for everybody to see.
type connection struct {
	kafka kafkaFlags

	native, web  string
	user         string
	passwordFile string
	markKeyFile  string
	tls          bool
	caFile       string
}

func (c *connection) addFlags(f *pflag.FlagSet) {
	c.kafka.addFlags(f)
	f.StringVar(&c.native, "tables", os.Getenv("ARMSLOG_TABLES"), "ClickHouse, native protocol, host:port (ARMSLOG_TABLES)")
	f.StringVar(&c.web, "tables-http", os.Getenv("ARMSLOG_TABLES_HTTP"), "ClickHouse, HTTP, host:port (ARMSLOG_TABLES_HTTP)")
	f.StringVar(&c.user, "tables-user", "armslog", "user of ClickHouse that writes the tables")
	f.StringVar(&c.passwordFile, "tables-password-file", os.Getenv("ARMSLOG_TABLES_PASSWORD_FILE"), "file that holds its password")
	f.BoolVar(&c.tls, "tables-tls", false, "TLS to ClickHouse, at both of its protocols")
	f.StringVar(&c.caFile, "tables-ca-file", os.Getenv("ARMSLOG_TABLES_CA_FILE"), "authorities of ClickHouse's certificate, PEM (default the system's); means TLS")
	f.StringVar(&c.markKeyFile, "mark-key-file", os.Getenv("ARMSLOG_MARK_KEY_FILE"), "file that holds the key of mark ids, 32 hexadecimal digits")
}

func splitList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// tables is the configuration of the tables, nil where no address was given.
func (a *app) tables(c *connection) (*projections.Config, error) {
	if c.native == "" && c.web == "" {
		return nil, nil
	}
	if c.native == "" || c.web == "" {
		return nil, &usageError{"ClickHouse is needed at both of its protocols", "give --tables and --tables-http"}
	}
	password, err := a.secretFile(c.passwordFile)
	if err != nil {
		return nil, err
	}
	keyText, err := a.secretFile(c.markKeyFile)
	if err != nil {
		return nil, err
	}
	cfg := &projections.Config{Native: c.native, HTTP: c.web, User: c.user, Password: password}
	key, err := hex.DecodeString(keyText)
	if err != nil || len(key) != len(cfg.MarkKey) {
		return nil, &usageError{"the key of mark ids is not 32 hexadecimal digits", "--mark-key-file names a file that holds them and nothing else"}
	}
	copy(cfg.MarkKey[:], key)
	if c.tls || c.caFile != "" {
		if cfg.TLS, err = tlsfiles.Client(c.caFile, "", ""); err != nil {
			return nil, fmt.Errorf("prepare TLS to ClickHouse: %w", err)
		}
	}
	return cfg, nil
}

// secretFile reads a secret; without a file it is empty.
func (a *app) secretFile(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	a.warnOfReaders(path)
	return strings.TrimSpace(string(text)), nil
}

// warnOfReaders says that a secret can be read by every user of the machine.
// It is no error: secrets that a container is given are often so, and guarded
// by who is in the container.
func (a *app) warnOfReaders(path string) {
	const others = 0o004
	if info, err := os.Stat(path); err == nil && info.Mode().Perm()&others != 0 {
		const says = "every user of this machine can read the secret in %s: chmod o-r, unless it is a container's own"
		if a.lines != nil {
			a.logLine(slog.LevelWarn, fmt.Sprintf(says, path))
			return
		}
		a.note("warning: "+says, path)
	}
}
