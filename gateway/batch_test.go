package gateway

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// stream is a batch whose body is written while its verdicts are read.
type stream struct {
	t    testing.TB
	out  *io.PipeWriter
	body io.Closer
	in   *bufio.Reader
	head chan *http.Response
}

// hangs is when a test that waits for a stream has failed.
const hangs = 20 * time.Second

func (w *world) stream(who, path string, extra ...string) *stream {
	r, out := io.Pipe()
	s := &stream{t: w.t, out: out, head: make(chan *http.Response, 1)}
	ctx, cancel := context.WithTimeout(context.Background(), hangs)
	req := w.request(who, http.MethodPost, path, r, append(extra, "Content-Type", mediaNDJSON)...).WithContext(ctx)
	go func() {
		resp, err := w.client.Do(req)
		if err == nil {
			s.head <- resp
		}
		close(s.head)
	}()
	w.t.Cleanup(func() {
		cancel()
		out.CloseWithError(io.ErrClosedPipe)
		for resp := range s.head {
			resp.Body.Close()
		}
		if s.body != nil {
			s.body.Close()
		}
	})
	return s
}

func (s *stream) send(lines ...string) {
	s.t.Helper()
	_, err := io.WriteString(s.out, strings.Join(lines, "\n")+"\n")
	require.NoError(s.t, err)
}

func (s *stream) next() Verdict {
	s.t.Helper()
	if s.in == nil {
		resp := <-s.head
		require.NotNil(s.t, resp)
		s.body, s.in = resp.Body, bufio.NewReader(resp.Body)
		require.Equal(s.t, http.StatusOK, resp.StatusCode)
	}
	line, err := s.in.ReadBytes('\n')
	require.NoError(s.t, err)
	var v Verdict
	require.NoError(s.t, json.Unmarshal(line, &v), "%s", line)
	return v
}

// batch sends a whole body and returns the verdicts.
func (w *world) batch(who, path, body string, extra ...string) []Verdict {
	w.t.Helper()
	a := w.post(who, path, body, append(extra, "Content-Type", mediaNDJSON)...)
	require.Equal(w.t, http.StatusOK, a.status, "%s", a.body)
	var all []Verdict
	for line := range bytes.Lines(a.body) {
		var v Verdict
		require.NoError(w.t, json.Unmarshal(line, &v), "%s", line)
		all = append(all, v)
	}
	return all
}

func TestVerdictsComeWhileRowsAreStillBeingSent(t *testing.T) {
	w := newWorld(t)
	s := w.stream("NCB-BR", "/v1/records:batch")
	for i := range 3 { // each verdict is read before the next row is written
		s.send(recordBody(fmt.Sprint("D-", i), fmt.Sprint("KT04417", i)))
		v := s.next()
		require.Equal(t, uint64(i+1), v.Line)
		require.Equal(t, "registered", v.Status)
		require.NotZero(t, v.Seq)
	}
	require.NoError(t, s.out.Close())
	done := s.next().Done
	require.Equal(t, Counts{Lines: 3, Registered: 3, LastSeq: done.LastSeq}, *done)
}

func TestBatchKeepsOrderAndLosesNothing(t *testing.T) {
	w := newWorld(t)
	const rows = 3000
	var body strings.Builder
	for i := range rows {
		fmt.Fprintln(&body, recordBody(fmt.Sprint("D-", i), fmt.Sprintf("KT%06d", i)))
	}
	verdicts := w.batch("NCB-BR", "/v1/records:batch", body.String())
	require.Equal(t, rows+1, len(verdicts))
	for i, v := range verdicts[:rows] {
		require.Equal(t, uint64(i+1), v.Line)
		require.Equal(t, events.RecordID("NCB-BR", events.Source{System: "desk", ID: fmt.Sprint("D-", i)}).String(), v.ID)
	}
	require.Equal(t, uint64(rows), verdicts[rows].Done.Registered)
	require.Greater(t, w.log.largest, 50, "rows that have arrived go in one append")

	w.log.set(func() { w.log.appends = 0 })
	verdicts = w.batch("NCB-BR", "/v1/records:batch?only=errors", body.String())
	require.Len(t, verdicts, rows/progressEvery+1)
	require.Equal(t, uint64(1000), verdicts[0].Progress.Unchanged)
	require.Equal(t, uint64(rows), verdicts[rows/progressEvery].Done.Unchanged)
	require.Zero(t, w.log.appends, "unchanged rows are answered at the edge")
}

func TestBatchOfBadLines(t *testing.T) {
	w := newWorld(t)
	lines := []string{
		recordBody("D-1", "KT044170"),
		"",
		"not json",
		strings.Repeat("x", 10<<20), // is passed over
		`{"a":"` + strings.Repeat("x", events.MaxBody) + `"}`, // one byte too many, and more
		"{\"a\":\"\x00\"}",
		"{\"a\":\"\xff\xfe\"}",
		strings.Replace(recordBody("D-2", "KT044171"), "KT044171", "KT\x00\xff", 1),
		"[1,2]",
		`1E5`,
		recordBody("D-3", "KT044172") + "\r",
		recordBody("D-4", "KT044173"), // without a line feed
	}
	verdicts := w.batch("NCB-BR", "/v1/records:batch", strings.Join(lines, "\n"))
	require.Len(t, verdicts, len(lines)+1)
	for i, v := range verdicts[:len(lines)] {
		require.Equal(t, uint64(i+1), v.Line)
		switch i {
		case 0, 10, 11:
			require.Equal(t, "registered", v.Status, "line %d", i+1)
			continue
		}
		require.Equal(t, "rejected", v.Status, "line %d", i+1)
		require.NotEmpty(t, v.Errors, "line %d", i+1)
		require.NotEmpty(t, v.Errors[0].Message, "line %d", i+1)
		require.NotEmpty(t, v.Errors[0].Hint, "line %d", i+1)
	}
	require.Equal(t, "too_long", verdicts[3].Errors[0].Code)
	require.Zero(t, verdicts[3].Seq, "it never reached the journal")
	require.Equal(t, "too_long", verdicts[4].Errors[0].Code)
	done := verdicts[len(lines)].Done
	require.Equal(t, Counts{Lines: 12, Registered: 3, Rejected: 9, LastSeq: done.LastSeq}, *done)
}

func TestBatchUnderAKeyAsksNothingTwice(t *testing.T) {
	w := newWorld(t)
	body := recordBody("D-1", "KT044170") + "\n" + recordBody("D-2", "KT044171") + "\n"
	first := w.batch("NCB-BR", "/v1/records:batch", body, headerKey, "imp-1")
	again := w.batch("NCB-BR", "/v1/records:batch", body, headerKey, "imp-1")
	for i := range 2 {
		require.True(t, again[i].Replayed)
		again[i].Replayed = false
		require.Equal(t, first[i], again[i], "what was told then is told again, and not unchanged")
	}
	require.Equal(t, uint64(2), again[2].Done.Registered)
	resumed := w.batch("NCB-BR", "/v1/records:batch?from=2", recordBody("D-2", "KT044171")+"\n"+recordBody("D-3", "KT044172")+"\n", headerKey, "imp-1")
	require.Equal(t, uint64(2), resumed[0].Line)
	require.True(t, resumed[0].Replayed)
	require.Equal(t, uint64(3), resumed[1].Line)
	require.False(t, resumed[1].Replayed)
	other := w.batch("NCB-BR", "/v1/records:batch", recordBody("D-9", "KT044179")+"\n", headerKey, "imp-1")
	require.Equal(t, "id_reused", other[0].Errors[0].Code)
}

// The condition of an answer at the edge: nothing about the record in flight.
func TestARowInFlightIsNotUnchanged(t *testing.T) {
	w := newWorld(t)
	was := recordBody("D-1", "KT044170")
	changed := strings.Replace(was, "glock", "famae", 1)
	w.batch("NCB-BR", "/v1/records:batch", was)

	for _, chunks := range []string{"one append", "two appends"} {
		s := w.stream("NCB-BR", "/v1/records:batch")
		if chunks == "one append" {
			s.send(changed, was)
		} else {
			release := w.log.hold()
			s.send(changed)
			require.Eventually(t, func() bool {
				return w.gw.flight.has(events.RecordID("NCB-BR", events.Source{System: "desk", ID: "D-1"}))
			}, 5*time.Second, time.Millisecond)
			s.send(was) // the state still holds exactly this
			release()
		}
		require.NoError(t, s.out.Close())
		require.Equal(t, "amended", s.next().Status, chunks)
		require.Equal(t, "amended", s.next().Status, chunks)
		require.Equal(t, uint64(2), s.next().Done.Amended, chunks)
	}
	require.Empty(t, w.gw.flight.records(), "a decided row is in flight no more")
}

// The other condition: the state has seen what the journal held as the row came.
func TestARowIsAppendedWhereTheStateIsBehind(t *testing.T) {
	lagging := fmt.Errorf("the end of the journal is not known")
	w := newWorld(t, func(c *Config) { c.Registry = &behind{c.Registry, &lagging} })
	row := recordBody("D-1", "KT044170")
	w.batch("NCB-BR", "/v1/records:batch", row)
	w.log.set(func() { w.log.appends = 0 })
	verdicts := w.batch("NCB-BR", "/v1/records:batch", row)
	require.Equal(t, "unchanged", verdicts[0].Status)
	require.Equal(t, 1, w.log.appends)
	lagging = nil
	verdicts = w.batch("NCB-BR", "/v1/records:batch", row)
	require.Equal(t, "unchanged", verdicts[0].Status)
	require.Equal(t, 1, w.log.appends)
}

type behind struct {
	Registry
	err *error
}

func (b *behind) CatchUp(ctx context.Context) error {
	if *b.err != nil {
		return *b.err
	}
	return b.Registry.CatchUp(ctx)
}

func TestBatchOfWithdrawalsAndSearches(t *testing.T) {
	w := newWorld(t)
	w.batch("NCB-BR", "/v1/records:batch", recordBody("D-1", "KT044170")+"\n"+recordBody("D-2", "AB11223344"))
	found := w.batch("WCO", "/v1/searches:batch", searchBody("KTO44170")+"\n"+searchBody("ZZ99887766")+"\n"+`{"purpose":"border_control"}`)
	require.Equal(t, "answered", found[0].Status)
	require.Len(t, found[0].Matches, 1)
	require.Equal(t, "answered", found[1].Status)
	require.Empty(t, found[1].Matches)
	require.Equal(t, "rejected", found[2].Status)
	require.Equal(t, uint64(1), found[3].Done.Matches)
	gone := w.batch("NCB-BR", "/v1/records:batch?type=record.withdrawn", `{"source":{"system":"desk","id":"D-2"},"reason":"destroyed"}`)
	require.Equal(t, "withdrawn", gone[0].Status)
	require.Equal(t, uint64(1), gone[1].Done.Withdrawn)
}

// A batch takes in no more than its bound while nothing is decided, and takes
// nothing of another organisation's.
func TestBatchPushesBack(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.BatchChunks = 2 })
	release := w.log.hold()
	defer release()
	s := w.stream("NCB-BR", "/v1/records:batch")
	sent := make(chan int)
	go func() {
		n := 0
		for ; n < 200_000; n++ {
			if _, err := fmt.Fprintln(s.out, recordBody(fmt.Sprint("D-", n), "KT044170")); err != nil {
				break
			}
		}
		sent <- n
	}()
	// Two chunks in the queue, one with the writer, one in the reader's hand.
	require.Eventually(t, func() bool {
		w.log.mu.RLock()
		defer w.log.mu.RUnlock()
		return w.log.appends >= 4
	}, 10*time.Second, time.Millisecond)
	w.log.mu.RLock()
	queued := w.log.queued
	w.log.mu.RUnlock()
	require.LessOrEqual(t, queued, 6*chunkLines)
	s.out.CloseWithError(io.ErrClosedPipe)
	require.Less(t, <-sent, 200_000, "the sender was held")
}

func TestClientThatGoesAwayInMidStream(t *testing.T) {
	w := newWorld(t)
	release := w.log.hold()
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	row := recordBody("D-1", "KT044170") + "\n"
	fmt.Fprintf(conn, "POST /v1/records:batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: 1000000\r\n\r\n%s{\"half", w.keys["NCB-BR/admin"], mediaNDJSON, row)
	require.Eventually(t, func() bool { return len(w.gw.flight.records()) == 1 }, 5*time.Second, time.Millisecond)
	require.NoError(t, conn.Close())
	release()
	// The row that was taken is decided, its record is in flight no more, the
	// place is free again, and the half line is no line.
	require.Eventually(t, func() bool {
		w.gw.bounds.mu.Lock()
		defer w.gw.bounds.mu.Unlock()
		return len(w.gw.bounds.orgs) == 0
	}, 5*time.Second, time.Millisecond)
	require.Eventually(t, func() bool { return len(w.gw.flight.records()) == 0 }, 5*time.Second, time.Millisecond)
	_, known := w.record("NCB-BR", "D-1")
	require.True(t, known)
	w.log.mu.RLock()
	defer w.log.mu.RUnlock()
	require.Equal(t, int64(1), w.log.offsets["NCB-BR"])
}

func (w *world) record(org, id string) (info registry.RecordInfo, ok bool) {
	require.NoError(w.t, w.log.Read(context.Background(), func(s *registry.State) {
		info, ok = s.Record(events.RecordID(org, events.Source{System: "desk", ID: id}))
	}))
	return info, ok
}

// records are those in flight.
func (f *flight) records() (ids []events.UUID) {
	for i := range f.shards {
		s := &f.shards[i]
		s.mu.Lock()
		for id := range s.n {
			ids = append(ids, id)
		}
		s.mu.Unlock()
	}
	return ids
}

func TestBatchThatIsRefusedBeforeItBegan(t *testing.T) {
	w := newWorld(t)
	row := recordBody("D-1", "KT044170")
	w.log.set(func() { w.log.fail = &BusyError{RetryAfter: 3 * time.Second} })
	a := w.post("NCB-BR", "/v1/records:batch", row, "Content-Type", mediaNDJSON)
	a.problem(t, http.StatusTooManyRequests, "busy")
	require.Equal(t, "3", a.header.Get("Retry-After"))
	w.log.set(func() { w.log.fail = &UnavailableError{Code: "unavailable", RetryAfter: time.Second} })
	w.post("NCB-BR", "/v1/records:batch", row, "Content-Type", mediaNDJSON).problem(t, http.StatusServiceUnavailable, "unavailable")
	w.post("NCB-BR", "/v1/records:batch", row).problem(t, http.StatusUnsupportedMediaType, "unsupported_media_type")
	require.Empty(t, w.gw.flight.records())
}

// curl asks before it sends a large body.
func TestBatchThatAsksFirst(t *testing.T) {
	w := newWorld(t)
	conn, err := net.Dial("tcp", strings.TrimPrefix(w.url, "http://"))
	require.NoError(t, err)
	defer conn.Close()
	row := recordBody("D-1", "KT044170") + "\n"
	fmt.Fprintf(conn, "POST /v1/records:batch HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer %s\r\nContent-Type: %s\r\nContent-Length: %d\r\nExpect: 100-continue\r\n\r\n", w.keys["NCB-BR/admin"], mediaNDJSON, len(row))
	in := bufio.NewReader(conn)
	resp, err := http.ReadResponse(in, nil)
	require.NoError(t, err)
	require.Equal(t, http.StatusContinue, resp.StatusCode)
	_, err = io.WriteString(conn, row)
	require.NoError(t, err)
	resp, err = http.ReadResponse(in, nil)
	require.NoError(t, err)
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	require.Contains(t, string(b), `"registered":1`)
}

// Where the registry does not decide, the sender is told where to go on, and
// not left waiting for what nobody can say.
func TestBatchThatIsNotDecidedIsBrokenOff(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.BatchWait = 50 * time.Millisecond })
	s := w.stream("NCB-BR", "/v1/records:batch", headerKey, "imp-1")
	s.send(recordBody("D-1", "KT044170"))
	require.Equal(t, "registered", s.next().Status)
	release := w.log.hold()
	s.send(recordBody("D-2", "KT044171"), recordBody("D-3", "KT044172"))
	v := s.next()
	require.Equal(t, "outcome_unknown", v.Error.Code)
	require.Equal(t, uint64(2), v.From)
	release()
	require.Eventually(t, func() bool { return len(w.gw.flight.records()) == 0 }, 5*time.Second, time.Millisecond)
	again := w.batch("NCB-BR", "/v1/records:batch?from=2", recordBody("D-2", "KT044171")+"\n"+recordBody("D-3", "KT044172"), headerKey, "imp-1")
	require.True(t, again[0].Replayed)
	require.Equal(t, "registered", again[0].Status)
}

// A fault of ours in one batch must not end the process.
func TestPanicInABatchEndsThatBatch(t *testing.T) {
	f := &faulty{}
	w := newWorld(t, func(c *Config) { f.Log, c.Mailboxes = c.Mailboxes, f })
	w.post("NCB-BR", "/v1/records:batch", recordBody("D-1", "KT044170"), "Content-Type", mediaNDJSON).problem(t, http.StatusInternalServerError, "internal")
	f.good = 1
	s := w.stream("NCB-BR", "/v1/records:batch")
	s.send(recordBody("D-1", "KT044170"))
	require.Equal(t, "registered", s.next().Status)
	s.send(recordBody("D-2", "KT044171"))
	v := s.next()
	require.Equal(t, "internal", v.Error.Code)
	require.Equal(t, uint64(2), v.From)
}

// faulty takes so many appends, and panics at the next.
type faulty struct {
	Log
	good int
}

func (f *faulty) Submit(ctx context.Context, org events.OrgID, msgs []events.Message) (Pending, error) {
	if f.good == 0 {
		panic("KT044170")
	}
	f.good--
	return f.Log.Submit(ctx, org, msgs)
}

func TestBatchThatBreaksOffSaysWhereToGoOn(t *testing.T) {
	w := newWorld(t)
	s := w.stream("NCB-BR", "/v1/records:batch?from=11")
	s.send(recordBody("D-1", "KT044170"))
	require.Equal(t, uint64(11), s.next().Line)
	w.log.set(func() { w.log.fail = &UnavailableError{Code: "unavailable", RetryAfter: time.Second} })
	s.send(recordBody("D-2", "KT044171"))
	v := s.next()
	require.Equal(t, "unavailable", v.Error.Code)
	require.Equal(t, uint64(12), v.From)
	_, err := s.in.ReadByte()
	require.ErrorIs(t, err, io.EOF)
}

func TestBatchWaitsForAFullQueueInMidStream(t *testing.T) {
	w := newWorld(t)
	w.log.limit = 1
	var body strings.Builder
	for i := range 40 {
		fmt.Fprintln(&body, recordBody(fmt.Sprint("D-", i), fmt.Sprintf("KT%06d", i)))
	}
	s := w.stream("NCB-BR", "/v1/records:batch")
	for line := range strings.Lines(body.String()) {
		s.send(strings.TrimSpace(line))
		require.Equal(t, "registered", s.next().Status)
	}
	require.NoError(t, s.out.Close())
	require.Equal(t, uint64(40), s.next().Done.Registered)
}

func TestBatchOfASlowSenderIsBrokenOff(t *testing.T) {
	w := newWorld(t, func(c *Config) { c.Bounds.ReadTimeout = 50 * time.Millisecond })
	s := w.stream("NCB-BR", "/v1/records:batch")
	s.send(recordBody("D-1", "KT044170"))
	require.Equal(t, "registered", s.next().Status)
	v := s.next()
	require.Equal(t, "timeout", v.Error.Code)
	require.Equal(t, uint64(2), v.From)
}
