package failover

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
)

// patience is how long a caller waits for one decision.
const patience = 30 * time.Second

func newClient(url, token string) (*client.Client, error) {
	return client.New(client.Config{URL: url, Key: token, Wait: patience})
}

// load is callers that register records one after another, each its own, and
// remember what they were told.
type load struct {
	stop    context.CancelFunc
	callers sync.WaitGroup

	mu      sync.Mutex
	told    map[string]uint64 // seq, by source id
	tried   int
	failed  []error
	unknown []string // ids of those that failed and may be asked again
	slowest time.Duration
}

func recordBody(id string) json.RawMessage {
	return json.RawMessage(fmt.Sprintf(`{"source":{"system":"failover","id":%q},"category":"seized","firearm":{"type":"revolver",`+
		`"marks":[{"kind":"serial","status":"readable","text":%q}]},"incident":{"country":"FJ"},"retain_until":"2035-01-01"}`, id, "FO"+id))
}

// callers of one load.
const callers = 8

// startLoad begins to register records. With once every request is sent a single
// time, and what is refused has failed; otherwise the client tries again, as
// armslog's does.
func (c *Cluster) startLoad(ctx context.Context, name, url string, once bool) (*load, error) {
	ctx, stop := context.WithCancel(ctx)
	l := &load{stop: stop, told: map[string]uint64{}}
	ask, err := newClient(url, c.token)
	if err != nil {
		stop()
		return nil, err
	}
	for k := range callers {
		l.callers.Go(func() {
			for i := 0; ctx.Err() == nil; i++ {
				id := fmt.Sprintf("%s%d%06d", name, k, i)
				if once {
					l.ask(id, func() (uint64, error) { return c.askOnce(url, id) })
				} else {
					l.ask(id, func() (uint64, error) { return register(ask, id) })
				}
			}
		})
	}
	return l, nil
}

func register(ask *client.Client, id string) (uint64, error) {
	var reply events.Reply
	_, err := ask.Under(id).Post(context.Background(), "/v1/records", recordBody(id), &reply)
	return reply.Seq, err
}

var single = &http.Client{Timeout: patience, Transport: &http.Transport{MaxIdleConnsPerHost: callers}}

// askOnce is a caller that tries nothing again, not even on a connection that
// turns out to be closed.
func (c *Cluster) askOnce(url, id string) (uint64, error) {
	r, err := http.NewRequest(http.MethodPost, url+"/v1/records", io.NopCloser(bytes.NewReader(recordBody(id)))) // of which no copy can be made
	if err != nil {
		return 0, err
	}
	r.Header.Set("Authorization", "Bearer "+c.token)
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Prefer", fmt.Sprintf("wait=%d", int(patience.Seconds())))
	r.ContentLength = int64(len(recordBody(id)))
	resp, err := single.Do(r)
	if err != nil {
		return 0, err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return 0, fmt.Errorf("answered %s", resp.Status)
	}
	var reply events.Reply
	err = json.NewDecoder(resp.Body).Decode(&reply)
	return reply.Seq, err
}

func (l *load) ask(id string, do func() (uint64, error)) {
	began := time.Now()
	seq, err := do()
	took := time.Since(began)
	l.mu.Lock()
	defer l.mu.Unlock()
	l.tried++
	l.slowest = max(l.slowest, took)
	if err != nil {
		l.failed = append(l.failed, fmt.Errorf("%s: %w", id, err))
		l.unknown = append(l.unknown, id)
		return
	}
	l.told[id] = seq
}

// answered is how many have been.
func (l *load) answered() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return len(l.told)
}

// until waits for so many more answers.
func (l *load) until(ctx context.Context, more int) error {
	for want := l.answered() + more; l.answered() < want; {
		if err := pause(ctx); err != nil {
			return fmt.Errorf("wait for %d answers: %w", more, err)
		}
	}
	return nil
}

// end lets the callers end with the answer they wait for.
func (l *load) end() {
	l.stop()
	l.callers.Wait()
}
