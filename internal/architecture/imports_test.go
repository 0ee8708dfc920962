// Package architecture holds the shape of the code: who may import whom.
package architecture

import (
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "github.com/armslog/armslog/"

// mayImport says which of our packages each may import. A package that is not
// named here may import nothing of ours.
var mayImport = map[string]struct {
	ours []string
	why  string
}{
	"events":   {nil, "the language knows no state, no broker and no database"},
	"schemas":  {nil, "contracts are data"},
	"registry": {[]string{"events", "schemas", "registry"}, "the state machine is pure: what it needs comes in with the request"},
	// Both dial brokers themselves, over TLS and signed in: how that is done must
	// not stand twice, and they may not know each other.
	"producers":   {[]string{"events", "schemas", "registry", "producers", "internal/brokerconn"}, "appending, following and projecting are independent of one another"},
	"consumers":   {[]string{"events", "schemas", "registry", "consumers", "internal/brokerconn"}, "appending, following and projecting are independent of one another"},
	"projections": {[]string{"events", "schemas", "registry", "projections"}, "appending, following and projecting are independent of one another"},
	"gateway":     {[]string{"events", "schemas", "registry", "gateway"}, "the edge gets what it needs through the interfaces it declares"},
	"node": {[]string{"events", "schemas", "registry", "producers", "consumers", "projections", "gateway", "node", "internal/failpoint"},
		"the node wires the roles; it knows no command line and no embedded engine"},
	"internal": {[]string{"events", "schemas", "registry", "producers", "consumers", "projections", "gateway", "node", "internal"}, "tools and harnesses"},
	"cmd": {[]string{"events", "schemas", "registry", "producers", "consumers", "projections", "gateway", "node", "internal", "cmd"},
		"the binary knows them all"},
	"docs": {nil, "a sample is a bureau's own program: it knows topics and headers, and nothing of ours"},
}

// onlyIn says where a library may be imported.
var onlyIn = map[string]struct {
	rooms []string
	why   string
}{
	"github.com/segmentio/kafka-go":       {[]string{"producers", "consumers", "internal"}, "Kafka stays behind producers and consumers"},
	"github.com/ClickHouse/clickhouse-go": {[]string{"projections", "internal"}, "ClickHouse stays behind projections"},
	"github.com/danielgtaylor/huma":       {[]string{"gateway"}, "HTTP stays at the edge"},
	"github.com/spf13/cobra":              {[]string{"cmd"}, "flags stay in the command"},
	"github.com/twmb/franz-go":            {[]string{"internal", "docs/samples"}, "the embedded broker is a harness, not a client library; bureaus' programs may use it as one"},
	"github.com/xuri/excelize":            {[]string{"cmd"}, "sheets are written by the command; they are read as streams, by producers/imports"},
	"github.com/ebitengine/purego":        {[]string{"internal"}, "only the embedded engine calls into a library"},
}

func TestImports(t *testing.T) {
	root := filepath.Join("..", "..")
	files := 0
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (strings.HasPrefix(d.Name(), ".") && path != root || d.Name() == "testdata" || d.Name() == "armslog-data") {
			return filepath.SkipDir
		}
		if d.IsDir() && path != root && nestedModule(path) {
			return filepath.SkipDir
		}
		if d.IsDir() || !strings.HasSuffix(path, ".go") || strings.HasSuffix(path, "_test.go") {
			return nil
		}
		files++
		rel, err := filepath.Rel(root, path)
		require.NoError(t, err)
		checkFile(t, path, filepath.ToSlash(filepath.Dir(rel)))
		return nil
	})
	require.NoError(t, err)
	require.Greater(t, files, 50, "the walk must see the code")
}

func nestedModule(dir string) bool {
	found, _ := filepath.Glob(filepath.Join(dir, "go.mod"))
	return len(found) > 0
}

func checkFile(t *testing.T, path, pkg string) {
	f, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ImportsOnly)
	require.NoError(t, err)
	room, _, _ := strings.Cut(pkg, "/")
	rule, known := mayImport[room]
	require.True(t, known, "%s: a new room needs a line in mayImport that says what it may know", pkg)
	for _, spec := range f.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		require.NoError(t, err)
		if ours, ok := strings.CutPrefix(imported, module); ok {
			if !within(rule.ours, ours) && !within([]string{pkg}, ours) {
				t.Errorf("%s imports %s: %s", path, ours, rule.why)
			}
			continue
		}
		for library, only := range onlyIn {
			if within([]string{library}, imported) && !within(only.rooms, pkg) {
				t.Errorf("%s imports %s: %s", path, imported, only.why)
			}
		}
	}
}

// within says whether path is one of the roots or below one.
func within(roots []string, path string) bool {
	for _, root := range roots {
		if path == root || strings.HasPrefix(path, root+"/") {
			return true
		}
	}
	return false
}
