package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/armslog/armslog/events"
)

// answer is what became of one request over HTTP: a decision, a refusal that
// says when to come back, or err.
type answer struct {
	took   time.Duration
	seq    uint64 // of the decision
	status int    // 0 = it was not sent, or there was no answer
	err    error  // there was none, or it was neither a decision nor a refusal
}

func (a answer) decided() bool { return a.err == nil && a.status >= 200 && a.status < 300 }

// offer registers record i under a key of its own.
func (s *System) offer(ctx context.Context, i int) answer {
	return s.send(ctx, "/v1/records", recordKey(i), s.load.AppendRecord(nil, i))
}

// recordKey is the Idempotency-Key of record i, from which its ce_id follows.
func recordKey(i int) string { return "record-" + strconv.Itoa(i) }

// send sends one request of the bureau's.
func (s *System) send(ctx context.Context, path, key string, body []byte) (a answer) {
	began := time.Now()
	defer func() { a.took = time.Since(began) }()
	res, err := s.request(ctx, s.bureau, http.MethodPost, path, bytes.NewReader(body), "Idempotency-Key", key)
	if err != nil {
		return answer{err: err}
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		return answer{err: err}
	}
	a.status = res.StatusCode
	switch {
	case a.decided():
		var reply events.Reply
		a.err = json.Unmarshal(text, &reply)
		a.seq = reply.Seq
	case !saysWhen(res):
		a.err = fmt.Errorf("%s: %s", res.Status, bytes.TrimSpace(text))
	}
	return a
}

// saysWhen says whether an answer is one of those that tell when to come back,
// and does.
func saysWhen(res *http.Response) bool {
	seconds, err := strconv.Atoi(res.Header.Get("Retry-After"))
	switch res.StatusCode {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return err == nil && seconds > 0
	}
	return false
}

// flood lets so many clients send at a steady rate until ctx ends, each its next
// request only when the one before was answered, and returns all answers by the
// number of their request.
func flood(ctx context.Context, clients, rate int, send func(i int) answer) (answers []answer) {
	var mu sync.Mutex
	var running sync.WaitGroup
	began := time.Now()
	number := func() int {
		mu.Lock()
		defer mu.Unlock()
		answers = append(answers, answer{})
		return len(answers) - 1
	}
	for range clients {
		running.Go(func() {
			for {
				i := number()
				due := began.Add(time.Duration(i) * time.Second / time.Duration(rate))
				if rest(ctx, time.Until(due)) != nil || ctx.Err() != nil {
					return
				}
				a := send(i)
				mu.Lock()
				answers[i] = a
				mu.Unlock()
			}
		})
	}
	running.Wait()
	return answers
}
