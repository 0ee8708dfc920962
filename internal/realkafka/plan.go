package realkafka

import (
	"bytes"
	"crypto/rand"
	_ "embed"
	"encoding/base64"
	"fmt"
	"maps"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"text/template"

	"github.com/armslog/armslog/internal/testca"
)

//go:embed server.properties.tmpl
var propertiesText string

var propertiesTemplate = template.Must(template.New("server.properties").Parse(propertiesText))

type properties struct {
	Place
	Protocol       string
	Login          string // JAAS line of PLAIN; "" without SASL
	Admin          string
	Factor, InSync int
	More           map[string]string
}

// plan gives every broker its ports, directory and settings.
func (c *Cluster) plan(java, libs string) error {
	n := max(c.cfg.Brokers, 1)
	if n != 1 && n != 3 {
		return fmt.Errorf("plan kafka cluster: %d brokers, want 1 or 3", n)
	}
	addrs, err := freeAddrs(2 * n)
	if err != nil {
		return err
	}
	if c.cfg.TLS {
		if c.CA, err = testca.New(); err != nil {
			return err
		}
	}
	var id [16]byte
	_, _ = rand.Read(id[:]) // never fails
	var voters []string
	for i, addr := range addrs[n:] {
		voters = append(voters, fmt.Sprintf("%d@%s", i+1, addr))
	}
	for i := range n {
		b := &broker{
			java: java, libs: libs, cluster: base64.RawURLEncoding.EncodeToString(id[:]), scram: c.scram(),
			client: addrs[i], dir: filepath.Join(c.dir, fmt.Sprint(i+1)),
		}
		c.brokers = append(c.brokers, b)
		at := Place{ID: i + 1, Voters: strings.Join(voters, ","), Client: b.client, Controller: addrs[n+i], LogDir: filepath.Join(b.dir, "log")}
		if err := c.write(b, at, n); err != nil {
			return fmt.Errorf("plan kafka broker %d: %w", i, err)
		}
	}
	return nil
}

// write makes a broker's directory with its settings and its certificate.
func (c *Cluster) write(b *broker, at Place, n int) (err error) {
	if err := os.MkdirAll(b.dir, 0o700); err != nil {
		return err
	}
	if c.CA != nil {
		at.KeyFile, at.TrustFile = filepath.Join(b.dir, "key.pem"), filepath.Join(b.dir, "trust.pem")
		cert, key, err := c.CA.Issue(fmt.Sprint("broker ", at.ID))
		if err != nil {
			return err
		}
		if err := os.WriteFile(at.KeyFile, slices.Concat(key, cert), 0o600); err != nil {
			return err
		}
		if err := os.WriteFile(at.TrustFile, c.CA.PEM, 0o600); err != nil {
			return err
		}
	}
	var text bytes.Buffer
	if c.cfg.Settings != nil {
		writeLines(&text, c.cfg.Settings(at))
	} else if err := propertiesTemplate.Execute(&text, properties{
		Place: at, Protocol: c.protocol(), Login: c.login(), Admin: Admin, Factor: n, InSync: (n + 1) / 2, More: c.cfg.Properties,
	}); err != nil {
		return fmt.Errorf("render settings: %w", err)
	}
	return os.WriteFile(b.settings(), text.Bytes(), 0o600)
}

func writeLines(text *bytes.Buffer, settings map[string]string) {
	for _, name := range slices.Sorted(maps.Keys(settings)) {
		fmt.Fprintf(text, "%s=%s\n", name, settings[name])
	}
}

func (c *Cluster) protocol() string {
	switch {
	case c.cfg.SASL && c.cfg.TLS:
		return "SASL_SSL"
	case c.cfg.SASL:
		return "SASL_PLAINTEXT"
	case c.cfg.TLS:
		return "SSL"
	default:
		return "PLAINTEXT"
	}
}

// password of a user, "" of one whom the cluster does not know.
func (c *Cluster) password(user string) string {
	if user == Admin {
		return AdminPassword
	}
	return c.cfg.Users[user]
}

// users are all who may sign in.
func (c *Cluster) users() []string {
	return append([]string{Admin}, slices.Sorted(maps.Keys(c.cfg.Users))...)
}

// login is how brokers sign in to one another, and whom they know by PLAIN.
func (c *Cluster) login() string {
	if !c.cfg.SASL {
		return ""
	}
	line := fmt.Sprintf("org.apache.kafka.common.security.plain.PlainLoginModule required username=%q password=%q", Admin, AdminPassword)
	for _, user := range c.users() {
		line += fmt.Sprintf(" user_%s=%q", user, c.password(user))
	}
	return line + ";"
}

// scram are the users as the format tool wants them, for each mechanism.
func (c *Cluster) scram() (users []string) {
	if !c.cfg.SASL {
		return nil
	}
	for _, user := range c.users() {
		for _, mechanism := range []string{"SCRAM-SHA-256", "SCRAM-SHA-512"} {
			users = append(users, fmt.Sprintf("%s=[name=%s,password=%s]", mechanism, user, c.password(user)))
		}
	}
	return users
}

// freeAddrs picks n different loopback addresses that nobody listens on.
func freeAddrs(n int) ([]string, error) {
	addrs := make([]string, n)
	for i := range addrs {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			return nil, fmt.Errorf("pick port: %w", err)
		}
		defer l.Close() // held until all are picked
		addrs[i] = l.Addr().String()
	}
	return addrs, nil
}
