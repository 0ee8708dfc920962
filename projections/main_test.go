package projections

import (
	"testing"

	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

func TestMain(m *testing.M) { embeddedtest.Main(m) }
