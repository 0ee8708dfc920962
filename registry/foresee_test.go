package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/registry"
)

func TestForeseeChangesNothing(t *testing.T) {
	s := registry.New()
	s.Foresee(registry.Foreseen([]*registry.Input{{Src: "NCB-FJ", Prepared: &registry.Prepared{Marks: []registry.PreparedMark{{}, {Key: 1 << 63}}}}}))
	require.Equal(t, registry.New().Hash(), s.Hash())
}
