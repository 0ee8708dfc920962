package process_test

import (
	"fmt"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestStopUnderLoad: a process is stopped amid records, searches and a batch of
// several callers. It stops within the time it has (else the node says so, and
// that fails the test), what it has told stands in the journal as told, whoever
// was not answered is told to ask again or sees the connection end, and, asking
// again, is answered as if nothing had happened: everything is decided once.
func TestStopUnderLoad(t *testing.T) {
	h := newHost(t)
	r := h.start()
	l := newLoad()
	for k := range 8 {
		l.running.Go(func() { l.ask(r, "/v1/records", fmt.Sprint("r", k, "-"), http.StatusCreated, record) })
		l.running.Go(func() { l.ask(r, "/v1/searches", fmt.Sprint("q", k, "-"), http.StatusOK, question) })
	}
	l.running.Go(func() { l.batch(r, 1, endless) })
	require.Eventually(t, func() bool { one, lines := l.answered(); return one > 100 && lines > 100 }, limit, tick)
	l.stops.Store(true)
	r.stop()
	l.running.Wait()
	require.Empty(t, l.wrong, "answers that nobody should get")
	one, lines := l.answered()
	t.Logf("%d answered one by one, %d in the batch, %d to ask again", one, lines, len(l.untold))
	h.holds(l)

	r = h.start()
	for _, q := range l.untold {
		require.Eventually(t, func() bool { return l.note(q, r.post(bureau, q.path, q.key, q.body)) }, limit, tick, "asked again")
	}
	l.batch(r, lines+1, lines+200) // some of it was taken, and nobody told
	r.stop()
	require.Empty(t, l.wrong)
	_, again := l.answered()
	require.Equal(t, lines+200, again)
	h.holds(l)
	h.disconnected()
}
