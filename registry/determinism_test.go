package registry_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/registry/internal/oracle"
)

// drawJournal leads a journal of random requests.
func drawJournal(t *rapid.T) *world {
	w := newWorld(t)
	for range rapid.IntRange(10, 120).Draw(t, "steps") {
		w.step(t)
	}
	return w
}

// stored is an entry as it is read back from the journal.
func stored(t require.TestingT, e *events.Entry) *events.Entry {
	it, err := events.ParseItem(e.Headers(), bytes.Clone(e.Value), 0)
	require.NoError(t, err)
	return it.Entry
}

// What the leader knows, every reader of its journal comes to know: with the
// request prepared ahead or not, from the leader's own entries or from bytes.
func TestFoldEqualsLeader(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawJournal(t)
		plain, prepared := registry.New(), registry.New()
		for _, e := range w.journal {
			require.Equal(t, e.Seq, plain.Next())
			read := stored(t, e)
			plain.Evolve(read, nil)
			prepared.Evolve(read, registry.PrepareEntry(read))
		}
		require.Equal(t, w.s.Hash(), plain.Hash())
		require.Equal(t, w.s.Hash(), prepared.Hash())

		// A standby that takes over decides as the leader would.
		in := w.input("NCB-AA", search(serials[0], serials[6]))
		in.At = w.at + events.MillisPerDay
		require.Equal(t, w.s.Decide(in).Headers(), plain.Decide(in).Headers())
		at, ok := w.s.NextDue()
		at2, ok2 := plain.NextDue()
		require.Equal(t, []any{at, ok}, []any{at2, ok2})
	})
}

// Journals in which anything has been erased fold without failing: their
// numbers stay, and so does who was told of what.
func TestFoldOfErasedEntries(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := drawJournal(t)
		s := registry.New()
		percent := rapid.SampledFrom([]int{5, 30, 100}).Draw(t, "percent")
		for _, e := range w.journal {
			read := stored(t, e)
			if chance(t, "erased", percent) {
				leaf := read.Leaf()
				read.Erase()
				read = stored(t, read)
				require.Equal(t, leaf, read.Leaf())
			}
			s.Evolve(read, nil)
			require.Equal(t, e.Seq+1, s.Next())
		}
		for _, org := range append(everyone, secretary) {
			require.Equal(t, w.s.InboxLen(org), s.InboxLen(org), org)
			for n := range s.InboxLen(org) {
				seq, ok := s.InboxSeq(org, n+1)
				seq2, ok2 := w.s.InboxSeq(org, n+1)
				require.Equal(t, []any{seq, ok}, []any{seq2, ok2})
			}
		}
		// And the registry goes on: it decides, whatever is missing.
		for _, body := range []events.Body{search(serials[0]), record("seized", "1", serials[0]), withdrawal("2"), grants["AGR-NE"]()} {
			in := w.input("NCB-AA", body)
			in.At = w.at
			e := s.Decide(in)
			if s.PolicyName() != "" {
				require.NotEqual(t, events.Failed, e.Verdict, "%v", e.Errors)
			}
			s.Evolve(e, in.Prepared)
		}
		s.Hash()
	})
}

// Late due work never changes an answer: dates are compared where it is decided.
// Only that a record's matches ended with its day is then told by the answer to
// its renewal or withdrawal, instead of by due work before.
func TestLateDueWorkChangesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newWorld(t)
		w.calm = true
		for range rapid.IntRange(10, 120).Draw(t, "steps") {
			w.step(t)
		}
		late := &leader{t: t, s: registry.New(), offs: map[string]int64{}, lazy: true}
		late.decide(registry.GenesisInput(genesis(t), start))
		answers := requested(w.journal)
		require.Len(t, answers, len(w.inputs))
		for i, in := range w.inputs {
			again := &registry.Input{Src: in.Src, Span: 1, Value: in.Value, Prepared: in.Prepared}
			late.at = in.At
			e := late.decideNow(again)
			require.Equal(t, answers[i].Verdict, e.Verdict, "%v and %v", answers[i].Errors, e.Errors)
			require.Equal(t, answers[i].Errors, e.Errors)
			require.Equal(t, withoutExpiries(oracle.Lines(answers[i])), withoutExpiries(oracle.Lines(e)))
		}
	})
}

func withoutExpiries(lines []string) []string {
	return slices.DeleteFunc(lines, func(line string) bool {
		return strings.HasPrefix(line, "match_ended") && strings.Contains(line, " record_expired ")
	})
}

// requested are the entries that answer organisations.
func requested(journal []*events.Entry) (list []*events.Entry) {
	for _, e := range journal {
		if e.Src != events.SourceRegistry {
			list = append(list, e)
		}
	}
	return list
}

// drawnFrom is a world that every process draws alike.
func drawnFrom(seed int) *world {
	return rapid.Custom(func(t *rapid.T) *world {
		w := newWorld(t)
		for range 150 {
			w.step(t)
		}
		return w
	}).Example(seed)
}

func foldHash(w *world) string {
	s := registry.New()
	replies := sha256.New()
	for _, e := range w.journal {
		replies.Write(events.AppendEffects(nil, e.Effects))
		s.Evolve(e, nil)
	}
	h := s.Hash()
	return hex.EncodeToString(h[:]) + " " + hex.EncodeToString(replies.Sum(nil))
}

const foldEnv = "ARMSLOG_TEST_FOLD"

// TestFoldInAnotherProcess is what TestSameHashInEveryProcess runs in others.
func TestFoldInAnotherProcess(t *testing.T) {
	if os.Getenv(foldEnv) == "" {
		t.Skip("run by TestSameHashInEveryProcess")
	}
	fmt.Println("fold", foldHash(drawnFrom(7)))
}

// The journal is decided and folded to the same bytes in every process, however
// many threads it has: nothing hangs on addresses, map order or scheduling.
func TestSameHashInEveryProcess(t *testing.T) {
	w := drawnFrom(7)
	require.Greater(t, len(w.journal), 150)
	want := "fold " + foldHash(w)
	for i := range 20 {
		cmd := exec.Command(os.Args[0], "-test.run=^TestFoldInAnotherProcess$", "-test.v")
		cmd.Env = append(os.Environ(), foldEnv+"=1", fmt.Sprintf("GOMAXPROCS=%d", 1+i%8))
		out, err := cmd.CombinedOutput()
		require.NoError(t, err, string(out))
		require.True(t, strings.Contains(string(out), want), "process %d: %s", i, out)
	}
}

// Hashes of states are kept: in backups, by whoever compares two nodes. Where this
// one changes, StateForm grows.
func TestStateForm(t *testing.T) {
	l, _ := meetingTown(t)
	l.accept("NCB-AA", withdrawal("D-1"))
	h := l.s.Hash()
	require.Equal(t, 2, registry.StateForm)
	require.Equal(t, "cf50e5f0c89a8f94", hex.EncodeToString(h[:8]))
}
