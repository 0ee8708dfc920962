package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// table makes a CSV of n invented rows in the form of sp-ssp: every tenth is
// filtered, every ninth of the rest is no firearm.
func table(n int) (text string, ready, rejected, filtered int) {
	var b strings.Builder
	b.WriteString(sample[:strings.IndexByte(sample, '\n')+1])
	for i := range n {
		kind, flag := "Revolver", "TRUE"
		switch {
		case i%10 == 9:
			flag = "FALSE"
			filtered++
		case i%9 == 8:
			kind = "Granada"
			rejected++
		default:
			ready++
		}
		fmt.Fprintf(&b, "%d,SANTOS,2020,%d,1,APREENDIDO,%s,rossi,rossi,38,.38,RZ%06d,,,,,%s\n", 100+i%7, i, kind, i, flag)
	}
	return b.String(), ready, rejected, filtered
}

// settled holds what must be true of a finished import of table, however often
// it was broken off: every row once, and the receipt right.
func settled(t *testing.T, w *world, ready, rejected, filtered int) {
	t.Helper()
	var r receipt
	require.NoError(t, json.Unmarshal([]byte(w.read("table.receipt.json")), &r))
	require.EqualValues(t, ready, r.Registered, "%+v", r)
	require.EqualValues(t, rejected, r.Rejected, "%+v", r)
	require.EqualValues(t, filtered, r.Filtered, "%+v", r)
	require.EqualValues(t, ready+rejected+filtered, r.Rows)
	require.Zero(t, r.Amended+r.Unchanged, "%+v", r)
	require.EqualValues(t, map[string]int64{"not_a_firearm": int64(rejected)}, r.Errors)
	accepted := w.journal.accepted(events.TypeRecordSubmitted)
	require.Len(t, accepted, ready, "a row is missing, or was decided twice")
	seen := map[events.UUID]bool{}
	for _, e := range accepted {
		id := e.Effects[0].(events.RecordEffect).ID
		require.False(t, seen[id])
		seen[id] = true
	}
	require.Equal(t, rejected+1, strings.Count(w.read("table.rejects.csv"), "\n"), "the rejects hold each row once")
	require.Equal(t, rejected, strings.Count(w.read("table.rejects.csv"), ",not_a_firearm,"))
}

func TestImport(t *testing.T) {
	w := newWorld(t)
	text, ready, rejected, filtered := table(5000)
	w.write("table.csv", text)
	r := w.run("-p ncb-br import table.csv --map sp-ssp")
	require.Equal(t, exitRejected, r.code, r.err)
	settled(t, w, ready, rejected, filtered)
}

// A connection that breaks again and again costs nothing but time.
func TestImportOverBrokenConnections(t *testing.T) {
	w := newWorld(t)
	text, ready, rejected, filtered := table(5000)
	w.write("table.csv", text)
	cutter := newCutter(t, w.url)
	t.Setenv("ARMSLOG_URL", "http://"+cutter.addr)
	r := w.run("-p ncb-br import table.csv --map sp-ssp")
	require.Equal(t, exitRejected, r.code, r.err)
	require.Positive(t, cutter.cuts.Load())
	settled(t, w, ready, rejected, filtered)
}

// cutter is a wire that is cut after some bytes, a few times.
type cutter struct {
	addr string
	cuts atomic.Int64
}

func newCutter(t *testing.T, to string) *cutter {
	target, err := url.Parse(to)
	require.NoError(t, err)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { l.Close() })
	c := &cutter{addr: l.Addr().String()}
	random := rand.New(rand.NewPCG(1, 2))
	go func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			most := int64(1 << 40)
			if c.cuts.Load() < 5 {
				most = 100_000 + random.Int64N(400_000)
			}
			go c.carry(conn, target.Host, most)
		}
	}()
	return c
}

func (c *cutter) carry(conn net.Conn, to string, most int64) {
	defer conn.Close()
	up, err := net.Dial("tcp", to)
	if err != nil {
		return
	}
	defer up.Close()
	go func() {
		_, _ = io.Copy(conn, up)
		conn.Close()
	}()
	if n, _ := io.CopyN(up, conn, most); n == most {
		c.cuts.Add(1)
	}
}

// Ctrl-C prints how to go on, and going on repeats nothing.
func TestImportInterrupted(t *testing.T) {
	w := newWorld(t)
	text, ready, rejected, filtered := table(20_000)
	w.write("table.csv", text)
	release := w.journal.holdAt(3000)
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		w.journal.reach(3000, nil)
		cancel()
	}()
	r := w.runContext(ctx, strings.Fields("-p ncb-br import table.csv --map sp-ssp"), "")
	release()
	require.Equal(t, exitInterrupted, r.code, r.err)
	require.Contains(t, r.err, "resume with: armslog import resume imp-")
	job := onlyJob(t, w)
	require.Equal(t, "interrupted", job.Status)
	require.Less(t, job.Sent, int64(ready))
	require.Contains(t, w.ok("import status"), "interrupted")
	r = w.run("-p ncb-br import resume " + job.ID)
	require.Equal(t, exitRejected, r.code, r.err)
	settled(t, w, ready, rejected, filtered)
	require.Contains(t, w.run("-p ncb-br import resume "+job.ID).err, "job_finished: ")
}

func onlyJob(t *testing.T, w *world) *job {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(w.home, "state", "jobs", "imp-*.json"))
	require.NoError(t, err)
	require.Len(t, paths, 1)
	j, err := readJob(paths[0])
	require.NoError(t, err)
	return j
}

// kill -9 in mid-import, again and again; then the import is resumed to its
// end.
func TestImportKilled(t *testing.T) {
	w := newWorld(t)
	text, ready, rejected, filtered := table(20_000)
	w.write("table.csv", text)
	args := []string{"-p", "ncb-br", "import", "table.csv", "--map", "sp-ssp"}
	for round := range 5 {
		w.killAt((round+1)*ready/6, args...)
		args = []string{"-p", "ncb-br", "import", "resume", onlyJob(t, w).ID}
	}
	r := w.runContext(context.Background(), args, "")
	require.Equal(t, exitRejected, r.code, r.err)
	settled(t, w, ready, rejected, filtered)
}

// killAt runs the program as a process of its own and kills it as soon as so
// many records are registered.
func (w *world) killAt(records int, args ...string) {
	defer w.journal.holdAt(records)()
	self, err := os.Executable()
	require.NoError(w.t, err)
	c := exec.Command(self, args...)
	c.Dir = w.home
	c.Env = append(os.Environ(), asProgram+"=1")
	var said bytes.Buffer
	c.Stderr, c.Stdout = &said, &said
	require.NoError(w.t, c.Start())
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		_ = c.Wait()
	}()
	if !w.journal.reach(records, ended) {
		require.Fail(w.t, "the import ended before it was killed", said.String())
	}
	require.NoError(w.t, c.Process.Kill())
	<-ended
}

// A file that was changed in between is not gone on with.
func TestResumeOfAnotherFile(t *testing.T) {
	w := newWorld(t)
	text, _, _, _ := table(100)
	w.write("table.csv", text)
	r := w.run("-p ncb-br import table.csv --map sp-ssp --max-errors 3")
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, "too_many_errors: more than 3 rows were rejected\nhint: see table.rejects.csv; go on with: armslog import resume imp-")
	job := onlyJob(t, w)
	w.write("table.csv", strings.Replace(text, "rossi", "boito", 1))
	r = w.run("-p ncb-br import resume " + job.ID)
	require.Equal(t, exitError, r.code)
	require.Contains(t, r.err, "file_changed: ")
	w.ok("import abort " + job.ID)
	require.Contains(t, w.run("-p ncb-br import resume "+job.ID).err, "job_aborted: ")
}

// --max-errors stops; resumed without it, the import comes to its end.
func TestMaxErrors(t *testing.T) {
	w := newWorld(t)
	text, ready, rejected, filtered := table(3000)
	w.write("table.csv", text)
	require.Equal(t, exitError, w.run("-p ncb-br import table.csv --map sp-ssp --max-errors 3").code)
	require.Equal(t, exitRejected, w.run("-p ncb-br import resume "+onlyJob(t, w).ID+" --max-errors 0").code)
	settled(t, w, ready, rejected, filtered)
}

// Rejects that were mended are imported as they stand: their reasons are
// columns like any that the mapping does not read.
func TestMendedRejects(t *testing.T) {
	w := newWorld(t)
	w.write("seizures.csv", sample)
	require.Equal(t, exitRejected, w.run("-p ncb-br import seizures.csv --map sp-ssp").code)
	w.write("seizures.rejects.csv", strings.Replace(w.read("seizures.rejects.csv"), "Arma Branca", "Pistola", 1))
	require.Contains(t, w.ok("-p ncb-br import seizures.rejects.csv --map sp-ssp"), " 1 registered")
	// The same with JSON.
	bad := strings.NewReplacer(`"stolen"`, `"borrowed"`, "\n", "").Replace(stolen)
	w.write("rows.ndjson", bad+"\n"+strings.ReplaceAll(stolen, "\n", "")+"\n{\n")
	require.Equal(t, exitRejected, w.run("-p ncb-py import rows.ndjson").code)
	w.write("rows.rejects.ndjson", strings.Replace(strings.Split(w.read("rows.rejects.ndjson"), "\n")[0], `"category":"borrowed"`, `"category":"lost"`, 1)+"\n")
	require.Contains(t, w.ok("-p ncb-py import rows.rejects.ndjson"), " 1 amended")
}

// A file that grows is read as it grows.
func TestImportFollow(t *testing.T) {
	w := newWorld(t)
	head, rest, _ := strings.Cut(sample, "\n")
	rows := strings.SplitAfter(rest, "\n")
	path := filepath.Join(w.home, "growing.csv")
	w.write("growing.csv", head+"\n"+rows[0]+rows[1][:20])
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan ran)
	go func() {
		done <- w.runContext(ctx, strings.Fields("-p ncb-br import growing.csv --map sp-ssp --follow"), "")
	}()
	for n := 1; n <= 3; n++ {
		w.journal.reach(n, nil)
		f, err := os.OpenFile(path, os.O_APPEND|os.O_WRONLY, 0)
		require.NoError(t, err)
		_, err = f.WriteString(rows[n][20:] + rows[n+1][:20])
		require.NoError(t, err)
		require.NoError(t, f.Close())
	}
	cancel()
	r := <-done
	require.Equal(t, exitInterrupted, r.code, r.err)
}

// Standard input is imported too.
func TestImportPipe(t *testing.T) {
	w := newWorld(t)
	row := strings.ReplaceAll(stolen, "\n", "")
	require.Contains(t, w.ok("-p ncb-py import -", row+"\n"), " 1 registered")
	require.Contains(t, w.ok("-p ncb-py import -", "["+stolen+",\n"+strings.Replace(stolen, "PY-7", "PY-8", 1)+"]"), " 1 registered   1 unchanged")
	require.Contains(t, w.ok("-p ncb-br import - --map sp-ssp --dry-run", sample[:strings.Index(sample, "202,")]), "3 would be sent   0 rejected   0 filtered   1 warning")
}
