package main

import (
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"
	"github.com/stretchr/testify/require"
)

var secretly = regexp.MustCompile(`password|secret|token|(^|-)key`)

// A command line is there for every user of a machine to see: what names a
// secret in it names the file that holds it.
func TestNoSecretIsAFlag(t *testing.T) {
	a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, settings: newSettings(os.LookupEnv)}
	harmless := []string{"idempotency-key", "kafka-password-in-clear"}
	seen := 0
	var walk func(c *cobra.Command)
	walk = func(c *cobra.Command) {
		c.Flags().VisitAll(func(f *pflag.Flag) {
			if !secretly.MatchString(f.Name) {
				return
			}
			for _, name := range harmless {
				if f.Name == name {
					return
				}
			}
			seen++
			require.Regexp(t, `-(file|dir)$`, f.Name, "%s --%s", c.CommandPath(), f.Name)
		})
		for _, sub := range c.Commands() {
			walk(sub)
		}
	}
	walk(a.root())
	require.Greater(t, seen, 10)
}

// Known secrets are given in every way there is; nothing that is printed holds
// one, also where everything fails. What a cluster prints: TestCluster.
func TestNoSecretIsPrinted(t *testing.T) {
	w := newWorld(t)
	w.write("password", "file-password-7c1\n")
	w.write("actor", strings.Repeat("actor-secret-7c1-", 3))
	w.write("mark", "0123456789abcdef0123456789abcd7c1") // one digit too many
	w.write("short", "0123456789abcdef0123456789abc7c1")
	key := strings.TrimSpace(w.ok("key new WCO searcher --keys-file of-node.json"))
	closed := closedAddress(t)
	t.Setenv("ARMSLOG_KEY", key)
	t.Setenv("ARMSLOG_WAIT", "100ms")
	t.Setenv(passwordVariable, "env-password-7c1")
	t.Setenv("ARMSLOG_SQL", "http://analyst:sql-password-7c1@"+closed)
	var said strings.Builder
	for _, line := range []string{
		"config show -v", "config show -o json", "config profile", "doctor", "sql SELECT", "match list", "-o json match list", "org show",
		"--url http://" + closed + " match list", "--url http://user:url-password-7c1@" + closed + " match list", "key list --keys-file of-node.json",
		"--url http://user:url-password-7c1@" + closed + " doctor", "--url http://user:url-password-7c1@" + closed + " config show -v",
		"cluster plan --brokers " + closed + " --kafka-user admin",
		"cluster plan --brokers " + closed + " --kafka-user admin --kafka-password-file password --kafka-mechanism plain",
		"cluster plan --brokers " + closed + " --kafka-user admin --kafka-password-file password --kafka-mechanism md5",
		"cluster plan --brokers kafka.example:9092 --kafka-user admin --kafka-mechanism plain",
		"cluster apply --yes --brokers " + closed + " --kafka-user admin --secrets-dir .",
		"fsck --brokers " + closed + " --tables " + closed + " --tables-http " + closed + " --tables-password-file password --mark-key-file mark",
		"serve --brokers " + closed + " --kafka-user admin --kafka-password-file nowhere",
		"serve --listen nowhere --brokers " + closed + " --tables " + closed + " --tables-http " + closed +
			" --tables-password-file password --mark-key-file short --actor-secret-file actor --keys-file of-node.json",
		"serve --listen 127.0.0.1:0 --brokers " + closed + " --actor-secret-file actor --keys-file password",
	} {
		r := w.run(line)
		said.WriteString(line + "\n" + r.out + r.err + "\n")
	}
	printed := said.String()
	require.Contains(t, printed, "xxxxx@", "the address was shown, without its password")
	for _, line := range strings.Split(printed, "\n") {
		typed := strings.Contains(line, "--url http://user:url-password-7c1@") // by this test, which copies it here
		for _, secret := range []string{"password-7c1", "actor-secret-7c1", "abcd7c1", "abc7c1", secretOf(key)} {
			require.False(t, strings.Contains(line, secret) && !typed, line)
		}
	}
	text, err := os.ReadFile(filepath.Join(w.home, "of-node.json"))
	require.NoError(t, err)
	require.NotContains(t, string(text), secretOf(key))
}
