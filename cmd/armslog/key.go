package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/gateway"
)

func (a *app) keyCommand() *cobra.Command {
	return a.group("key", "API keys of a key file: new, list", a.keyNew(), a.keyList())
}

func (a *app) keyNew() *cobra.Command {
	var at keyPlace
	c := &cobra.Command{
		Use:   "new ORGANISATION ROLE…",
		Short: "Make an API key: its hash goes to the key file, its token to standard output",
		Long: "Make an API key. The bearer token is printed once and stored nowhere; the key file of up or\n" +
			"serve takes its hash, and a running process reads the file again by itself. To revoke a key,\n" +
			"take its entry out of the file. Roles: " + strings.Join(roleNames(), ", ") + ".",
		Example: "  armslog key new NCB-BR registrar searcher desk\n  armslog key new WCO searcher --keys-file keys.json",
		Args: func(c *cobra.Command, args []string) error {
			if len(args) < 2 {
				return exactArgs("ORGANISATION", "ROLE…")(c, args)
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			roles, err := rolesOf(args[1:])
			if err != nil {
				return err
			}
			org := strings.ToUpper(args[0])
			if !events.ValidOrg(org) {
				return &usageError{fmt.Sprintf("%q cannot be an organisation's id", args[0]), "two to 32 of A-Z, 0-9 and -, such as NCB-BR"}
			}
			return a.newKey(cmd.Context(), at, org, roles)
		},
	}
	at.addFlags(c)
	return c
}

func (a *app) newKey(ctx context.Context, at keyPlace, org events.OrgID, roles []gateway.Role) error {
	path, err := at.path(a.settings)
	if err != nil {
		return err
	}
	if a.global.dryRun {
		a.note("valid; no key was made (--dry-run)")
		return nil
	}
	key, token, err := addKey(ctx, path, org, roles)
	if err != nil {
		return err
	}
	a.note("key %s of %s (%s) is in %s; the token is stored nowhere: keep it now", key.ID, org, joinRoles(roles, ", "), path)
	switch a.settings.get("output") {
	case "json", "ndjson":
		made, err := marshal(madeKey{keyInfoOf(key), token})
		if err != nil {
			return err
		}
		return a.object(made, nil)
	}
	_, err = fmt.Fprintln(a.out, token)
	return err
}

// keyInfo is what may be shown of a key: not its hash, which is of use only to
// whoever guesses.
type keyInfo struct {
	ID           string         `json:"id"`
	Organisation events.OrgID   `json:"organisation"`
	Roles        []gateway.Role `json:"roles"`
}

func keyInfoOf(k gateway.Key) keyInfo { return keyInfo{k.ID, k.Organisation, k.Roles} }

type madeKey struct {
	keyInfo
	Token string `json:"token"`
}

func (a *app) keyList() *cobra.Command {
	var at keyPlace
	c := &cobra.Command{
		Use:   "list",
		Short: "List the keys of a key file: ids, organisations, roles",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			path, err := at.path(a.settings)
			if err != nil {
				return err
			}
			file, err := readKeys(path)
			if err != nil {
				return err
			}
			return a.listKeys(file.Keys)
		},
	}
	at.addFlags(c)
	return c
}

func (a *app) listKeys(keys []gateway.Key) error {
	l, err := a.newList([]column{{"ID", "id", false}, {"ORGANISATION", "organisation", false}, {"ROLES", "roles", false}})
	if err != nil {
		return err
	}
	for _, k := range keys {
		var item json.RawMessage
		if item, err = marshal(keyInfoOf(k)); err != nil {
			return err
		}
		if err := l.add(item); err != nil {
			return err
		}
	}
	return l.close()
}

// rolesOf are the roles of these names, each once.
func rolesOf(names []string) (roles []gateway.Role, err error) {
	for _, n := range names {
		r := gateway.Role(n)
		if !slices.Contains(gateway.Roles(), r) {
			return nil, &usageError{fmt.Sprintf("there is no role %q", n), "one of " + strings.Join(roleNames(), ", ")}
		}
		if !slices.Contains(roles, r) {
			roles = append(roles, r)
		}
	}
	return roles, nil
}

func roleNames() []string { return strings.Split(joinRoles(gateway.Roles(), " "), " ") }

func joinRoles(roles []gateway.Role, with string) string {
	names := make([]string, len(roles))
	for i, r := range roles {
		names[i] = string(r)
	}
	return strings.Join(names, with)
}
