package node

import (
	"log/slog"
	"sync"
	"time"

	"github.com/armslog/armslog/producers"
)

// trouble is why this node cannot use its brokers, for whoever looks at it.
type trouble struct {
	mu   sync.Mutex
	is   producers.Trouble
	said time.Time
}

// sayAgain is how often a trouble that lasts is logged.
const sayAgain = time.Minute

// meet remembers what is wrong and says it: at once when it is new, and again
// as long as it lasts. nil ends it.
func (t *trouble) meet(log *slog.Logger, err error) {
	is := producers.TroubleOf(err)
	t.mu.Lock()
	defer t.mu.Unlock()
	if is.Code != "" && (is != t.is || time.Since(t.said) > sayAgain) {
		log.Error("brokers cannot be used: " + is.String())
		t.said = time.Now()
	}
	if is.Code != "" || err == nil {
		t.is = is
	}
}

func (t *trouble) now() producers.Trouble {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.is
}
