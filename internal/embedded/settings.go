package embedded

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

var (
	//go:embed config.xml.tmpl
	configText string
	//go:embed users.xml.tmpl
	usersText string

	configTemplate = template.Must(template.New("config.xml").Funcs(template.FuncMap{"xml": escape}).Parse(configText))
	usersTemplate  = template.Must(template.New("users.xml").Parse(usersText))
)

// complete fills in what the caller left to us: ports and passwords.
func complete(cfg ClickHouseConfig) (ClickHouseConfig, error) {
	dir, err := filepath.Abs(cfg.Dir)
	if err != nil {
		return cfg, fmt.Errorf("find data directory: %w", err)
	}
	cfg.Dir = dir
	for _, port := range []*int{&cfg.TCPPort, &cfg.HTTPPort} {
		if *port != 0 {
			continue
		}
		if *port, err = freePort(); err != nil {
			return cfg, err
		}
	}
	for _, password := range []*string{&cfg.Password, &cfg.AnalystPassword} {
		if *password == "" {
			*password = rand.Text()
		}
	}
	return cfg, nil
}

func freePort() (int, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return 0, fmt.Errorf("pick port: %w", err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port, nil
}

// writeSettings writes the server's two configuration files anew at every
// start. They hold hashes of the passwords only.
func writeSettings(cfg ClickHouseConfig) error {
	users := filepath.Join(cfg.Dir, "users.xml")
	err := render(configTemplate, filepath.Join(cfg.Dir, "config.xml"), map[string]any{
		"Data": filepath.Join(cfg.Dir, "data"), "Log": filepath.Join(cfg.Dir, "crash.log"), "Users": users,
		"TCPPort": cfg.TCPPort, "HTTPPort": cfg.HTTPPort,
	})
	if err != nil {
		return err
	}
	return render(usersTemplate, users, map[string]any{
		"User": User, "Password": hash(cfg.Password), "Analyst": Analyst, "AnalystPassword": hash(cfg.AnalystPassword),
	})
}

func render(t *template.Template, path string, values map[string]any) error {
	var b bytes.Buffer
	if err := t.Execute(&b, values); err != nil {
		return fmt.Errorf("render %s: %w", t.Name(), err)
	}
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		return fmt.Errorf("write %s: %w", t.Name(), err)
	}
	return nil
}

func hash(password string) string {
	sum := sha256.Sum256([]byte(password))
	return hex.EncodeToString(sum[:])
}

func escape(text string) (string, error) {
	var b strings.Builder
	err := xml.EscapeText(&b, []byte(text))
	return b.String(), err
}

// tail is the end of what a failed server wrote, for the error message.
func tail(f *os.File) string {
	const most = 2000
	info, err := f.Stat()
	if err != nil {
		return ""
	}
	b, err := io.ReadAll(io.NewSectionReader(f, max(0, info.Size()-most), most))
	if text := strings.TrimSpace(string(b)); err == nil && text != "" {
		return ": " + text
	}
	return ""
}
