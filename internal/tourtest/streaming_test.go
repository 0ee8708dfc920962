package tourtest

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStreamingPageShowsTheSamples: what the page shows is what internal/e2e
// runs (TestRealKafka), to the byte.
func TestStreamingPageShowsTheSamples(t *testing.T) {
	text := page(t, "../../docs/streaming.md")
	for file, language := range map[string]string{"record.json": "json", "register.go": "go", "Register.java": "java", "register.py": "python"} {
		code, err := os.ReadFile(filepath.Join("../../docs/samples/streaming", file))
		require.NoError(t, err)
		require.Contains(t, text, "\n```"+language+"\n"+string(code)+"```\n", "docs/streaming.md shows another %s", file)
	}
}
