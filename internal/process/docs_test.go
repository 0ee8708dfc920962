package process

import (
	"os"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"
)

// Every code that a check may have stands in the operators' page.
func TestCodesOfChecksAreExplained(t *testing.T) {
	page, err := os.ReadFile("../../docs/operations.md")
	require.NoError(t, err)
	codes := map[string]bool{"folding": true, "projector_behind": true, "courier_behind": true}
	for _, file := range []string{"checks.go", "disk.go", "../../node/checks.go", "../../gateway/keys.go", "../../producers/trouble.go"} {
		source, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, m := range regexp.MustCompile(`"([a-z]+(?:_[a-z]+)+)"`).FindAllSubmatch(source, -1) {
			codes[string(m[1])] = true
		}
	}
	require.Greater(t, len(codes), 20)
	for code := range codes {
		require.Contains(t, string(page), "`"+code+"`")
	}
}
