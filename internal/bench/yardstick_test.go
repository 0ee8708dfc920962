package bench

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestYardstick(t *testing.T) {
	var out strings.Builder
	y, err := Measure(&out)
	require.NoError(t, err)
	require.Positive(t, y.Memory)
	require.Positive(t, y.SHA256)
	require.Positive(t, y.Fsync)
	require.Contains(t, out.String(), "for a memory access")
}
