package main

import (
	"context"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/internal/process"
)

// TestComposeFileKnowsTheFlags holds the nodes' commands in docker-compose.yml
// against the program: no container runs in tests.
func TestComposeFileKnowsTheFlags(t *testing.T) {
	text, err := os.ReadFile("../../docker-compose.yml")
	require.NoError(t, err)
	commands := composeCommands(string(text))
	require.Len(t, commands, 2)
	running := map[string]int{}
	for _, args := range commands {
		a := &app{in: strings.NewReader(""), out: io.Discard, err: io.Discard, settings: newSettings(os.LookupEnv)}
		c, rest, err := a.root().Find(args)
		require.NoError(t, err)
		require.Equal(t, "serve", c.Name())
		c.SetContext(context.Background())
		require.NoError(t, c.ParseFlags(rest))
		require.Empty(t, c.Flags().Args())
		roles, err := c.Flags().GetStringSlice("roles")
		require.NoError(t, err)
		require.Subset(t, process.Roles(), roles)
		for _, r := range roles {
			running[r]++
		}
	}
	require.Equal(t, 2, running[process.Registry], "one leads, one takes over")
	require.Equal(t, 1, running[process.Courier], "two couriers would tell everything twice")
}

// composeCommands are the items of each list under "command:".
func composeCommands(text string) (all [][]string) {
	inside := false
	for line := range strings.Lines(text) {
		item, ok := strings.CutPrefix(strings.TrimSpace(line), "- ")
		switch {
		case strings.TrimSpace(line) == "command:":
			inside = true
			all = append(all, nil)
		case inside && ok:
			all[len(all)-1] = append(all[len(all)-1], item)
		default:
			inside = false
		}
	}
	return all
}
