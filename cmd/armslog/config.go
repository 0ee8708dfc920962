package main

import (
	"fmt"
	"net/url"
	"strings"

	"github.com/spf13/cobra"
)

func (a *app) configCommand() *cobra.Command {
	var verbose bool
	show := &cobra.Command{
		Use:   "show",
		Short: "Show what is used; with -v, where each value comes from",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			head := []string{"SETTING", "VALUE"}
			if verbose {
				head = append(head, "FROM")
			}
			var rows [][]string
			for _, k := range a.settings.known {
				v := a.settings.values[k.name]
				if k.secret {
					v.text = masked(v.text)
				}
				v.text = withoutPassword(v.text)
				if v.text == "" {
					v.text = "-"
				}
				rows = append(rows, []string{k.name, v.text, v.from}[:len(head)])
			}
			return a.writeRows(head, rows)
		},
	}
	show.Flags().BoolVarP(&verbose, "verbose", "v", false, "say where each value comes from")
	profile := &cobra.Command{
		Use:   "profile",
		Short: "List the profiles that -p takes",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			profiles, path, err := a.settings.profiles()
			if err != nil {
				return err
			}
			var rows [][]string
			for _, name := range sortedKeys(profiles) {
				p := profiles[name]
				rows = append(rows, []string{name, p["url"], masked(p["key"]), p["purpose"], p["context"], p["on_behalf_of"]})
			}
			a.note("%s", path)
			return a.writeRows([]string{"PROFILE", "URL", "KEY", "PURPOSE", "CONTEXT", "FOR"}, rows)
		},
	}
	return a.group("config", "What is used, and where it comes from: show, profile", show, profile)
}

// withoutPassword is an address as it may be shown. One that cannot be read is
// cut before its @, since what stands there may be a password.
func withoutPassword(address string) string {
	u, err := url.Parse(address)
	switch {
	case err == nil && u.User != nil:
		return u.Redacted()
	case err != nil || u.Host == "":
		if i := strings.LastIndexByte(address, '@'); i >= 0 {
			return "…" + address[i:]
		}
	}
	return address
}

// masked shows which key it is, and not the key.
func masked(key string) string {
	if key == "" {
		return ""
	}
	if i := strings.LastIndexByte(key, '_'); i > 0 {
		return key[:i] + "_…"
	}
	return "…"
}

// writeRows writes a table of texts in the format that is asked for.
func (a *app) writeRows(head []string, rows [][]string) error {
	columns := make([]column, len(head))
	for i, h := range head {
		columns[i] = column{h, strings.ToLower(strings.ReplaceAll(h, " ", "_")), false}
	}
	l, err := a.newList(columns)
	if err != nil {
		return err
	}
	for _, row := range rows {
		object := make(map[string]string, len(row))
		for i, c := range columns {
			object[c.path] = row[i]
		}
		raw, err := marshal(object)
		if err != nil {
			return err
		}
		if err := l.add(raw); err != nil {
			return err
		}
	}
	return l.close()
}

func (a *app) versionCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			fmt.Fprintf(a.out, "armslog %s (%s)\n", version, built())
			return nil
		},
	}
}
