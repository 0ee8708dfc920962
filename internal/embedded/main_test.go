package embedded_test

import (
	"os"
	"testing"

	"github.com/armslog/armslog/internal/embedded"
)

func TestMain(m *testing.M) {
	embedded.MaybeRunChild()
	os.Exit(m.Run())
}
