package tourtest

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

var (
	link     = regexp.MustCompile(`\]\(([^)#:]+)\)`)
	testName = regexp.MustCompile("`(Test[A-Za-z0-9]+)`")
	method   = regexp.MustCompile("`([a-z]+)\\.\\(\\*(\\w+)\\)\\.(\\w+)`")
	goFile   = regexp.MustCompile("`([a-z]+(?:/[a-z0-9]+)*/[a-z0-9_]+\\.go)`")
)

// TestPagesNameWhatIsThere: every link leads to a file; every test, method and
// source file that a page names exists.
func TestPagesNameWhatIsThere(t *testing.T) {
	tests := textOf(t, "../..", "_test.go")
	seen := 0
	for _, path := range pages(t) {
		text := page(t, path)
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			assert.FileExists(t, existing(filepath.Join(filepath.Dir(path), m[1])), "%s links to %s", path, m[1])
			seen++
		}
		for _, m := range testName.FindAllStringSubmatch(text, -1) {
			assert.True(t, strings.Contains(tests, "func "+m[1]+"("), "%s names %s", path, m[1])
			seen++
		}
		for _, m := range method.FindAllStringSubmatch(text, -1) {
			code := textOf(t, filepath.Join("..", "..", m[1]), ".go")
			assert.True(t, strings.Contains(code, "*"+m[2]+") "+m[3]+"("), "%s names %s", path, m[0])
			seen++
		}
		for _, m := range goFile.FindAllStringSubmatch(text, -1) {
			assert.FileExists(t, filepath.Join("..", "..", m[1]), "%s names %s", path, m[1])
			seen++
		}
	}
	require.Greater(t, seen, 50, "the patterns must see what the pages name")
}

// existing is the file of a path, or any file of it where it is a folder.
func existing(path string) string {
	if all, err := filepath.Glob(filepath.Join(path, "*")); err == nil && len(all) > 0 {
		return all[0]
	}
	return path
}

func pages(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, pattern := range []string{"../../*.md", "../../docs/*.md", "../../docs/decisions/*.md"} {
		found, err := filepath.Glob(pattern)
		require.NoError(t, err)
		all = append(all, found...)
	}
	return all
}

// textOf is the text of all files below a folder that end so.
func textOf(t *testing.T, folder, ending string) string {
	t.Helper()
	var all strings.Builder
	err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(path, ending) {
			return err
		}
		text, err := os.ReadFile(path)
		all.Write(text)
		return err
	})
	require.NoError(t, err)
	return all.String()
}
