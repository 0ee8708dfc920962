package clickhouse

import (
	"flag"
	"fmt"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the list of views in docs/analytics.md")

// In a rendered statement: a column with its comment, and the view's own.
var (
	columnLine  = regexp.MustCompile(`(?m)^\s+(\w+)\s+(\S.*?) COMMENT '(.*?)',?$`)
	viewComment = regexp.MustCompile(`(?m)^COMMENT '(.*)'$`)
)

const listBegins = "## Every view and column\n"

// TestAnalyticsPage holds the list of docs/analytics.md to the views: run it
// with -update when a view has changed.
func TestAnalyticsPage(t *testing.T) {
	const path = "../../docs/analytics.md"
	page, err := os.ReadFile(path)
	require.NoError(t, err)
	head, _, found := strings.Cut(string(page), listBegins)
	require.True(t, found)
	want := head + listBegins + viewList(t)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(want), 0o644))
		return
	}
	require.Equal(t, want, string(page), "go test ./schemas/clickhouse -update writes it")
}

func viewList(t *testing.T) string {
	views, err := Views("analytics", "armslog")
	require.NoError(t, err)
	var b strings.Builder
	for _, v := range views {
		says := viewComment.FindStringSubmatch(v.Statement)
		require.NotNil(t, says, v.Name)
		head, _, _ := strings.Cut(v.Statement, "DEFINER")
		columns := columnLine.FindAllStringSubmatch(head, -1)
		require.Len(t, columns, strings.Count(head, " COMMENT '"), v.Name)
		fmt.Fprintf(&b, "\n### %s\n\n%s.\n\n| column | type | is |\n|---|---|---|\n", v.Name, says[1])
		for _, c := range columns {
			fmt.Fprintf(&b, "| `%s` | `%s` | %s |\n", c[1], c[2], c[3])
		}
	}
	return b.String()
}
