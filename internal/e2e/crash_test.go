package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/segmentio/kafka-go"
	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/consumers"
	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/client"
	"github.com/armslog/armslog/internal/embedded/embeddedtest"
	"github.com/armslog/armslog/internal/failpoint"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/internal/single"
)

// crashRows is how long one imported file is; crashRounds how often each of the
// two set-ups is killed, unless ARMSLOG_CRASH_ROUNDS says otherwise.
const crashRows = 20_000

func crashRounds(t *testing.T) int {
	rounds, err := strconv.Atoi(os.Getenv("ARMSLOG_CRASH_ROUNDS"))
	switch {
	case err == nil:
		return rounds
	case testing.Short():
		return 2
	}
	return 6
}

// points are the steps of the write path, and "" a kill from outside, in an
// order that visits as much as possible in few rounds of either set-up.
var points = []string{
	"leader.5.after", "leader.6.before", "", "leader.5.before", "leader.4.before", "leader.6.after",
	"leader.2.after", "leader.1.before", "", "leader.3.before", "leader.2.before", "",
}

// TestCrash kills the whole of armslog in the middle of an import, again and
// again, and holds after each time that what was acknowledged is there, once.
func TestCrash(t *testing.T) {
	engine := embeddedtest.Engine(t)
	for i, name := range []string{"armslog up", "broker in a process of its own"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			x := newCrashes(t, single.Config{Dir: t.TempDir(), Engine: engine}, i == 1)
			rounds := crashRounds(t)
			for round := range rounds {
				x.round(points[(2*round+i)%len(points)])
			}
			x.finish()
		})
	}
}

// crashes is a data directory whose process is killed, and a bureau that
// imports a file into it all the while.
type crashes struct {
	t       *testing.T
	dir     string
	url     string
	cfg     single.Config // for a broker of its own
	alone   bool          // the broker has a process of its own
	on      *world        // on a cluster; nil = embedded engines
	key     string
	bureau  *command
	files   int
	acked   map[uint64]string // by seq: source ids of records that this test posted itself
	acks    atomic.Int64      // how many those are
	posted  int
	mailed  int // requests that were written straight into the mailbox
	stopped int // clients that were stopped
}

// crashQuestions are asked about rows of the first file before it is imported.
const crashQuestions = 40

func newCrashes(t *testing.T, cfg single.Config, alone bool) *crashes {
	x := &crashes{t: t, dir: cfg.Dir, alone: alone, acked: map[uint64]string{}}
	listen := freeAddr(t)
	w := begin(t, cfg)
	w.askOfCrashes()
	x.key = w.keys["NCB-BR"]
	w.stop()
	x.cfg = cfg
	x.cfg.Listen = freeAddr(t)
	x.cfg.Kafka = listen
	x.cfg.Election = 1500 * time.Millisecond
	if alone {
		brokerProcess(t, filepath.Join(cfg.Dir, "kafka"), listen)
		x.cfg.Brokers = []string{listen}
	}
	x.url = "http://" + x.cfg.Listen
	x.bureau = user(t, x.url, x.key)
	return x
}

// askOfCrashes asks about rows of the first file.
func (w *world) askOfCrashes() {
	for i := range crashQuestions {
		w.post("WCO", "/v1/searches", question(serialOf(1, 1+i*crashRows/crashQuestions))).reply(w.t)
	}
}

// kafka is a client of the brokers.
func (x *crashes) kafka() *kafka.Client {
	if x.on != nil {
		return x.on.kafka()
	}
	return sim.Connect(x.t, x.cfg.Kafka)
}

func (x *crashes) start(fail string) *child {
	if x.on != nil {
		return x.on.cluster.serve()
	}
	var cmd *exec.Cmd
	if x.alone {
		text, err := json.Marshal(x.cfg)
		require.NoError(x.t, err)
		cmd = exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), childEnv+"="+string(text))
	} else {
		cmd = x.bureau.prepare("up", "--data", x.dir, "--listen", x.cfg.Listen, "--kafka", x.cfg.Kafka, "--tables-port", "0", "--tables-http-port", "0")
	}
	cmd.Env = append(cmd.Env, failpoint.Env+"="+fail)
	return follow(x.t, cmd, "ready in ")
}

// round lets the process die at a point, or kills it from outside, while a file
// is imported.
func (x *crashes) round(point string) {
	fail := point
	if fail != "" {
		hit := 1
		if point >= "leader.4" { // the steps that come once a batch
			hit += rand.IntN(4)
		}
		fail += "=kill@" + strconv.Itoa(hit)
	}
	s := x.start(fail)
	if <-s.ready {
		x.importUntilDeath(s, point == "")
	} else {
		require.NotEmpty(x.t, point, "%s", &s.said)
	}
	<-s.done
	x.resumes()
}

// resumes looks at what a new process finds.
func (x *crashes) resumes() {
	s := x.start("")
	require.True(x.t, <-s.ready, "%s", &s.said)
	x.check()
	x.mail()
	s.kill() // before, while or after that is decided and replied to
}

// mail writes a request straight into the mailbox: its reply comes on the
// outbox, once, whoever dies meanwhile.
func (x *crashes) mail() {
	x.mailed++
	id := fmt.Sprint("mailed-", x.mailed)
	write(x.t, x.kafka(), "NCB-BR", message(id, string(events.TypeRecordSubmitted), record(id, fmt.Sprintf("MM%06d", x.mailed), "seized", "")))
}

// importUntilDeath goes on with the import, and posts records one by one beside
// it, until the process has died; from outside, when a part of the file is in
// the journal.
func (x *crashes) importUntilDeath(s *child, outside bool) {
	ctx, cancel := context.WithCancel(context.Background())
	var beside sync.WaitGroup
	defer beside.Wait()
	defer cancel()
	if outside {
		beside.Go(func() {
			x.untilJournalGrew(ctx, 500+rand.Int64N(1500))
			x.untilAcknowledged(ctx)
			s.kill()
		})
	}
	for i := 0; ; i++ {
		c := x.startClient()
		if i == 0 {
			beside.Go(func() { x.post(ctx) })
		}
		select {
		case <-s.done:
			x.stopClient(c)
			return
		case <-c.done:
			x.checkReceipt(c)
		}
	}
}

// post asks for records one after the other and notes those that were
// acknowledged.
func (x *crashes) post(ctx context.Context) {
	c, err := client.New(client.Config{URL: x.url, Key: x.key})
	if err != nil {
		panic(err)
	}
	for ctx.Err() == nil {
		x.posted++
		id := fmt.Sprint("posted-", x.posted)
		var r events.Reply
		_, err := c.Post(ctx, "/v1/records", json.RawMessage(record(id, fmt.Sprintf("PP%06d", x.posted), "seized", "")), &r)
		if err == nil {
			x.acked[r.Seq] = id
			x.acks.Add(1)
		}
	}
}

// untilJournalGrew returns when the journal holds so many entries more, or ctx
// ends.
func (x *crashes) untilJournalGrew(ctx context.Context, more int64) {
	j := consumers.NewJournal(x.kafka(), consumers.JournalConfig{Log: quiet()})
	begin, err := j.End(ctx)
	for end := begin; err == nil && end < begin+more; end, err = j.End(ctx) {
		select {
		case <-ctx.Done():
			return
		case <-time.After(tick):
		}
	}
}

// untilAcknowledged returns when a record that was posted alone has been
// acknowledged, or ctx ends: an import fills the journal faster than that.
func (x *crashes) untilAcknowledged(ctx context.Context) {
	for before := x.acks.Load(); x.acks.Load() == before; {
		select {
		case <-ctx.Done():
			return
		case <-time.After(tick):
		}
	}
}

// check holds that what was acknowledged is in the journal, that nothing was
// decided twice, and that the tables hold what the journal does.
func (x *crashes) check() {
	x.t.Helper()
	told := 0
	if job := x.job(); job != nil {
		told = job.Sent
	} else if x.files > 0 {
		told = crashRows
	}
	a := audit(x.t, x.kafka())
	registered := map[string]uint64{}
	for _, e := range a.accepted(events.TypeRecordSubmitted) {
		body, errs := events.Decode(e.Envelope.Type, e.Value)
		require.Empty(x.t, errs)
		id := body.(*events.RecordSubmitted).Source.ID
		_, twice := registered[id]
		require.False(x.t, twice, "%s was accepted twice", id)
		registered[id] = e.Seq
	}
	for seq, id := range x.acked {
		require.Equal(x.t, seq, registered[id], "%s was acknowledged at %d", id, seq)
	}
	for i := range x.files * crashRows {
		file, row := i/crashRows+1, i%crashRows+1
		if file == x.files && row > told {
			break
		}
		require.NotZero(x.t, registered[fmt.Sprintf("file-%d-%d", file, row)], "row %d of file %d was acknowledged", row, file)
	}
	if x.on != nil {
		x.on.fsck()
		return
	}
	r := x.bureau.run("fsck", "--data", x.dir)
	require.Zero(x.t, r.code, "%s%s", r.out, r.err)
}

// checkOutboxes waits until the courier has delivered what the import told and
// what was mailed; reading holds that nothing is there twice.
func (x *crashes) checkOutboxes() {
	x.t.Helper()
	// WCO was told of its agreement, too.
	for org, tells := range map[events.OrgID]int{"WCO": crashQuestions + 1, "NCB-BR": crashQuestions, "IPSG": crashQuestions} {
		eventually(x.t, "the courier delivers", func() bool {
			return len(readOutbox(x.t, x.kafka(), org).notes) >= tells
		})
		box := readOutbox(x.t, x.kafka(), org)
		require.Len(x.t, box.notes, tells)
		if org == "NCB-BR" {
			require.Len(x.t, box.replies, x.mailed)
		}
	}
}

// finish lets the import end.
func (x *crashes) finish() {
	s := x.start("")
	require.True(x.t, <-s.ready, "%s", &s.said)
	if x.files == 0 || x.job() != nil {
		c := x.startClient()
		<-c.done
		x.checkReceipt(c)
	}
	x.check()
	x.checkOutboxes()
	require.NotEmpty(x.t, x.acked, "nothing was acknowledged one by one")
	s.kill()
}
