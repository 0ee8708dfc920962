package node_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/failpoint"
	"github.com/armslog/armslog/internal/sim"
)

func itoa(i int) string { return strconv.Itoa(i) }

// crashRounds is how often each of the two set-ups is killed.
const crashRounds = 25

// points are the numbered steps of the leader's loop, in their order.
var points = []string{
	"leader.1.before", "leader.2.before", "leader.2.after", "leader.3.before", "leader.4.before",
	"leader.5.before", "leader.5.after", "leader.6.before", "leader.6.after",
}

func TestCrashLosesAndRepeatsNothing(t *testing.T) {
	for name, alone := range map[string]bool{"broker in the process": false, "broker in its own process": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := &crashes{t: t, dir: t.TempDir(), addr: freeAddr(t), alone: alone, answers: map[int]string{}}
			if alone {
				x.startBroker()
			}
			for round := range crashRounds {
				x.round(round)
			}
			x.finish()
		})
	}
}

func freeAddr(t *testing.T) string {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer l.Close()
	return l.Addr().String()
}

// crashes sends rows to a node that is killed again and again, and sends those
// again that were not answered, as any client does.
type crashes struct {
	t      *testing.T
	dir    string
	addr   string
	alone  bool
	broker *embedded.BrokerProcess

	rows    int            // sent so far
	answers map[int]string // "seq" of each row that was answered
}

func (x *crashes) startBroker() {
	b, err := embedded.StartBrokerProcess(embedded.BrokerConfig{Dir: x.dir, Listen: x.addr, Sync: true}, os.Stderr)
	require.NoError(x.t, err)
	x.broker = b
	x.t.Cleanup(b.Close)
}

func (x *crashes) start(fail string) *sim.Child {
	env := []string{envNode + "=" + x.addr, failpoint.Env + "=" + fail}
	if !x.alone {
		env = append(env, envBroker+"="+x.dir)
	}
	return sim.StartChild(x.t, env...)
}

// round sends some rows and lets the node die at one of its steps, by a kill
// from outside, or loses its broker.
func (x *crashes) round(round int) {
	const fresh = 40
	how := round % (len(points) + 3)
	fail := ""
	if how < len(points) {
		fail = fmt.Sprintf("%s=kill@%d", points[how], 1+rand.IntN(3)*boolInt(how >= 4))
	}
	child := x.start(fail)
	x.rows += fresh
	enough := x.rows
	if fail == "" {
		enough -= rand.IntN(fresh)
	}
	died := x.talk(child, enough)
	if fail != "" {
		require.True(x.t, died, "%s was never reached", fail)
		return
	}
	if how == len(points)+2 && x.alone {
		x.broker.Kill()
		x.startBroker()
		require.False(x.t, x.talk(child, x.rows), "the node outlives its broker")
		child.Stop()
		return
	}
	child.Kill()
}

// talk sends the rows that are not answered, a few at a time, until enough are.
// It says whether the child died before.
func (x *crashes) talk(child *sim.Child, enough int) (died bool) {
	const window = 5
	todo := x.unanswered()
	for i := 0; len(x.answers) < enough; {
		for ; i < len(todo) && i-x.heard(todo[:i]) < window; i++ {
			child.Say("%d", todo[i])
		}
		select {
		case line, alive := <-child.Lines:
			if !alive {
				return true
			}
			x.hear(line)
		case <-time.After(limit):
			child.Kill()
			x.t.Fatalf("%d of %d rows were answered", len(x.answers), x.rows)
		}
	}
	return false
}

// heard counts the rows of a list that were answered.
func (x *crashes) heard(rows []int) (n int) {
	for _, row := range rows {
		if _, ok := x.answers[row]; ok {
			n++
		}
	}
	return n
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

// unanswered are the rows that nobody was told of.
func (x *crashes) unanswered() (list []int) {
	for row := range x.rows {
		if _, ok := x.answers[row]; !ok {
			list = append(list, row)
		}
	}
	return list
}

func (x *crashes) hear(line string) {
	if line == "ready" {
		return
	}
	f := strings.Fields(line)
	require.Len(x.t, f, 4)
	row, err := strconv.Atoi(f[0])
	require.NoError(x.t, err)
	seq := f[1]
	if f[2] == string(events.Duplicate) {
		seq = f[3]
	} else {
		require.Equal(x.t, string(events.Accepted), f[2], line)
	}
	x.answers[row] = seq
}

// finish lets everything be answered, and audits the journal as somebody who
// was not there.
func (x *crashes) finish() {
	child := x.start("")
	require.False(x.t, x.talk(child, x.rows))
	child.Stop()
	if !x.alone {
		embeddedtest.Broker(x.t, embedded.BrokerConfig{Dir: x.dir, Listen: x.addr, Sync: true})
	}
	decided := map[string]string{} // row's record id or "" for row 0 -> seq
	for _, e := range acceptedIn(x.t, x.addr) {
		if e.Verdict != events.Accepted || e.Src == events.SourceRegistry {
			continue
		}
		key := e.Envelope.ID.String()
		require.NotContains(x.t, decided, key, "decided twice")
		decided[key] = fmt.Sprint(e.Seq)
	}
	require.Len(x.t, decided, x.rows)
	for row, seq := range x.answers {
		key := headerOf(rowMessage(row), events.HeaderID)
		require.Equal(x.t, seq, decided[string(key)], "row %d was told another seq than the journal's", row)
	}
}

func headerOf(m events.Message, key string) []byte {
	for _, h := range m.Headers {
		if h.Key == key {
			return h.Value
		}
	}
	return nil
}

// acceptedIn reads the journal from its start.
func acceptedIn(t *testing.T, addr string) (entries []*events.Entry) {
	t.Helper()
	j := consumers.NewJournal(sim.Connect(t, addr), consumers.JournalConfig{Log: sim.Quiet()})
	end, err := j.End(t.Context())
	require.NoError(t, err)
	b := &consumers.Batch{}
	require.NoError(t, j.Read(t.Context(), 0, end, func(items []consumers.Item) error {
		if err := b.Take(items); err != nil {
			return err
		}
		entries = append(entries, b.Entries...)
		return nil
	}))
	return entries
}

func TestFoldIsTheSameInEveryProcess(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	r := run(t, config(c))
	orgs := []string{"NCB-CL", "NCB-PY", "NCB-BR"}
	r.enrol(orgs...)
	for i := range 300 {
		org := orgs[i%len(orgs)]
		question := fmt.Sprintf(`{"purpose":"border_control","context":"recovered","firearm":{"type":"revolver","make":"taurus",`+
			`"marks":[{"kind":"serial","status":"readable","text":"RV%06d"}]}}`, i/2)
		r.ask(org,
			request(org, fmt.Sprint("q", i), events.TypeSearchMade, question),
			recordOf(org, i/3), recordOf(org, i/3+100), recordOf(org, i), recordOf(org, i),
			request(org, fmt.Sprint("w", i), events.TypeRecordWithdrawn, fmt.Sprintf(`{"source":{"system":"test","id":"%d"},"reason":"returned"}`, i/4)))
	}
	require.NoError(t, r.CatchUp(t.Context()))
	next, hash := r.hash()
	want := fmt.Sprintf("%d %x", next, hash)
	for i := range 20 {
		child := sim.StartChild(t, envFold+"="+c.Addr(), fmt.Sprint("GOMAXPROCS=", 1+i%5))
		require.Equal(t, want, <-child.Lines)
		child.Stop()
	}
	state, err := foldJournal(context.Background(), c.Addr())
	require.NoError(t, err)
	require.Equal(t, hash, state.Hash())
}
