package embeddedtest

import (
	"fmt"
	"net/http"
	"os"
	"time"

	"go.uber.org/goleak"
)

// endsWithin is how long what was closed may take to end, on a machine that
// others use too.
const endsWithin = 20 * time.Second

// NoneLeft is the exit code of a TestMain whose tests ended with code: it fails
// where goroutines were left behind. A connection of net/http is two of them,
// one of the Kafka client at least one.
func NoneLeft(code int) int {
	if code != 0 {
		return code // tests that failed leave much behind
	}
	http.DefaultClient.CloseIdleConnections() // of the tests themselves
	err := goleak.Find()
	for began := time.Now(); err != nil && time.Since(began) < endsWithin; {
		err = goleak.Find() // which itself waits a little
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "goroutines were left behind:", err)
		return 1
	}
	return 0
}
