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
	text string
	said time.Time
}

// sayAgain is how often a trouble that lasts is logged.
const sayAgain = time.Minute

// meet remembers what is wrong and says it: at once when it is new, and again
// as long as it lasts. nil ends it.
func (t *trouble) meet(log *slog.Logger, err error) {
	text := producers.Trouble(err)
	t.mu.Lock()
	defer t.mu.Unlock()
	if text != "" && (text != t.text || time.Since(t.said) > sayAgain) {
		log.Error("brokers cannot be used: " + text)
		t.said = time.Now()
	}
	if text != "" || err == nil {
		t.text = text
	}
}

func (t *trouble) now() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.text
}
