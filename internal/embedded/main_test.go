package embedded_test

import (
	"fmt"
	"os"
	"testing"

	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
)

func TestMain(m *testing.M) {
	if dir := os.Getenv(ownerDir); dir != "" {
		embedded.MaybeRunChild()
		fmt.Fprintln(os.Stderr, own(dir))
		os.Exit(1)
	}
	embeddedtest.Main(m)
}
