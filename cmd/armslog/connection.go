package main

import (
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"github.com/armslog/armslog/projections"
)

// connection is where a cluster is. Secrets come from files, never from flags:
// a command line is there for everybody to see.
type connection struct {
	brokers      []string
	native, web  string
	user         string
	passwordFile string
	markKeyFile  string
}

func (c *connection) addFlags(f *pflag.FlagSet) {
	f.StringSliceVar(&c.brokers, "brokers", splitList(os.Getenv("ARMSLOG_BROKERS")), "Kafka brokers, host:port (ARMSLOG_BROKERS)")
	f.StringVar(&c.native, "tables", os.Getenv("ARMSLOG_TABLES"), "ClickHouse, native protocol, host:port (ARMSLOG_TABLES)")
	f.StringVar(&c.web, "tables-http", os.Getenv("ARMSLOG_TABLES_HTTP"), "ClickHouse, HTTP, host:port (ARMSLOG_TABLES_HTTP)")
	f.StringVar(&c.user, "tables-user", "armslog", "user of ClickHouse that writes the tables")
	f.StringVar(&c.passwordFile, "tables-password-file", os.Getenv("ARMSLOG_TABLES_PASSWORD_FILE"), "file that holds its password")
	f.StringVar(&c.markKeyFile, "mark-key-file", os.Getenv("ARMSLOG_MARK_KEY_FILE"), "file that holds the key of mark ids, 32 hexadecimal digits")
}

func splitList(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// tables is the configuration of the tables, nil where no address was given.
func (c *connection) tables() (*projections.Config, error) {
	if c.native == "" && c.web == "" {
		return nil, nil
	}
	if c.native == "" || c.web == "" {
		return nil, &usageError{"ClickHouse is needed at both of its protocols", "give --tables and --tables-http"}
	}
	password, err := secretFile(c.passwordFile)
	if err != nil {
		return nil, err
	}
	keyText, err := secretFile(c.markKeyFile)
	if err != nil {
		return nil, err
	}
	cfg := &projections.Config{Native: c.native, HTTP: c.web, User: c.user, Password: password}
	key, err := hex.DecodeString(keyText)
	if err != nil || len(key) != len(cfg.MarkKey) {
		return nil, &usageError{"the key of mark ids is not 32 hexadecimal digits", "--mark-key-file names a file that holds them and nothing else"}
	}
	copy(cfg.MarkKey[:], key)
	return cfg, nil
}

// secretFile reads a secret; without a file it is empty.
func secretFile(path string) (string, error) {
	if path == "" {
		return "", nil
	}
	text, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	return strings.TrimSpace(string(text)), nil
}
