package matching

import (
	"crypto/sha256"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// model is an index that compares everything with everything.
type model struct {
	entries map[MarkID]Entry
	scratch Scratch
}

func (m *model) findable(e Entry) bool {
	return e.Indexed && (e.Partial && CanSearch(e.Text, e.Series) || !e.Partial && Form(e.Series+e.Text, false) != "")
}

func (m *model) meet(asked Mark) (hits []Hit) {
	for id, e := range m.entries {
		if g := m.scratch.Compare(asked, e.Mark); m.findable(e) && g != NoMeeting {
			hits = append(hits, Hit{id, g})
		}
	}
	slices.SortFunc(hits, byMark)
	return hits
}

func (m *model) sameKey(id MarkID) (ids []MarkID) {
	want := wholeKey(m.entries[id].Mark)
	for other, e := range m.entries {
		if m.findable(e) && !e.Partial && wholeKey(e.Mark) == want {
			ids = append(ids, other)
		}
	}
	slices.Sort(ids)
	if at, ok := slices.BinarySearch(ids, id); ok {
		return append(slices.Clone(ids[at:]), ids[:at]...)
	}
	return nil
}

func wholeKey(m Mark) string {
	for _, key := range Keys(m) {
		return string(key)
	}
	return ""
}

func meet(x *Index, s *Scratch, asked Mark) []Hit { return append([]Hit(nil), x.Meet(s, asked)...) }

func sumOf(x *Index) string {
	h := sha256.New()
	x.Hash(h)
	return fmt.Sprintf("%x", h.Sum(nil))
}

// The index answers like the model after any additions and removals, and holds
// what an index would that was built from what is left.
func TestIndexAgainstBruteForce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var x Index
		var s Scratch
		m := model{entries: map[MarkID]Entry{}}
		t.Repeat(map[string]func(*rapid.T){
			"add":    func(t *rapid.T) { addTo(t, &x, &m) },
			"add 2":  func(t *rapid.T) { addTo(t, &x, &m); addTo(t, &x, &m) },
			"remove": func(t *rapid.T) { removeFrom(t, &x, &m) },
			"meet": func(t *rapid.T) {
				asked := anyMark.Draw(t, "asked")
				require.Equal(t, m.meet(asked), meet(&x, &s, asked))
			},
			"": func(t *rapid.T) {
				require.Equal(t, len(m.entries), x.Len())
			},
		})
		for _, e := range m.entries {
			require.Equal(t, m.meet(e.Mark), meet(&x, &s, e.Mark), "%+v", e)
		}
		checkHeld(t, &x, &m)
	})
}

func addTo(t *rapid.T, x *Index, m *model) {
	e := Entry{
		Mark:    anyMark.Draw(t, "mark"),
		Subject: rapid.Uint32().Draw(t, "subject"),
		Number:  rapid.Uint8().Draw(t, "number"),
		Indexed: rapid.IntRange(0, 5).Draw(t, "indexed") > 0,
	}
	id := x.Add(e)
	require.NotContains(t, m.entries, id)
	for lower := range id {
		require.Contains(t, m.entries, lower, "the lowest free number is taken")
	}
	m.entries[id] = e
}

func removeFrom(t *rapid.T, x *Index, m *model) {
	if len(m.entries) == 0 {
		t.Skip("nothing to remove")
	}
	id := rapid.SampledFrom(sortedIDs(m)).Draw(t, "removed")
	x.Remove(id)
	require.False(t, x.Has(id))
	delete(m.entries, id)
}

func sortedIDs(m *model) (ids []MarkID) {
	for id := range m.entries {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	return ids
}

func checkHeld(t require.TestingT, x *Index, m *model) {
	for id, e := range m.entries {
		subject, number := x.Subject(id)
		require.Equal(t, e, Entry{Mark: x.Mark(id), Subject: subject, Number: number, Indexed: e.Indexed})
		require.Equal(t, m.findable(e), x.Findable(id))
		var same []MarkID
		x.SameKey(id, func(id MarkID) bool { same = append(same, id); return true })
		if e.Partial || !m.findable(e) {
			require.Empty(t, same)
			continue
		}
		require.Equal(t, m.sameKey(id), same)
	}
}

// What was added and removed again leaves no trace: neither in the hash nor in
// what comes after.
func TestRemovalLeavesNoTrace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		entries := rapid.SliceOfN(anyMark, 1, 20).Draw(t, "marks")
		var x, never Index
		for _, m := range entries {
			x.Add(Entry{Mark: m, Indexed: true})
			never.Add(Entry{Mark: m, Indexed: true})
		}
		before := sumOf(&x)
		var more []MarkID
		for _, m := range rapid.SliceOfN(anyMark, 1, 20).Draw(t, "more") {
			more = append(more, x.Add(Entry{Mark: m, Indexed: true}))
		}
		if len(more) > 0 {
			require.NotEqual(t, before, sumOf(&x))
		}
		for _, id := range rapid.Permutation(more).Draw(t, "order") {
			x.Remove(id)
		}
		require.Equal(t, before, sumOf(&x))
		require.Equal(t, before, sumOf(&never))
		next := Entry{Mark: full("1"), Indexed: true}
		require.Equal(t, never.Add(next), x.Add(next))
	})
}

// Churn over the same numbers: lists are rewritten, texts compacted, rings
// joined in the middle, and the answers stay right.
func TestChurn(t *testing.T) {
	var x Index
	var s Scratch
	m := model{entries: map[MarkID]Entry{}}
	rng := uint64(1)
	random := func(n int) int {
		rng = mix(rng+1, 0x9e3779b97f4a7c15)
		return int(rng % uint64(n))
	}
	for step := range 30_000 {
		if len(m.entries) > 1500 || step > 20_000 && len(m.entries) > 100 && random(3) > 0 {
			ids := MarkID(random(1600))
			if _, held := m.entries[ids]; held {
				x.Remove(ids)
				delete(m.entries, ids)
			}
			continue
		}
		e := Entry{Mark: randomMark(random), Indexed: true}
		m.entries[x.Add(e)] = e
		if step%97 == 0 {
			asked := randomMark(random)
			require.Equal(t, m.meet(asked), meet(&x, &s, asked), "%+v", asked)
		}
	}
	checkHeld(t, &x, &m)
	for _, id := range sortedIDs(&m) {
		x.Remove(id)
	}
	require.Equal(t, sumOf(&Index{}), sumOf(&x))
	require.LessOrEqual(t, x.texts.used, 2*minGarbage)
	for _, page := range x.full.pages {
		for i := 0; page != nil && i < len(page); i++ {
			require.Zero(t, page[i].live)
			require.LessOrEqual(t, page[i].count, uint32(minStale))
		}
	}
	require.Zero(t, x.anchored.count)
}

func randomMark(random func(int) int) Mark {
	text := fmt.Sprintf("%c%c%04d", "AБ0D"[random(2)], "ABOQ"[random(4)], random(400))
	switch random(10) {
	case 0:
		return part(strings.Replace(text, "0", "?", 1))
	case 1:
		return part("*" + text[len(text)-4:])
	case 2:
		return splitPart("A", text[2:]+"?")
	case 3:
		return split(text[:1], text[1:]+strings.Repeat(" .", random(60)))
	case 4:
		return full("1")
	}
	return full(text)
}

// The index finds what Compare says, whichever of the two is stored.
func TestIndexFindsEachPair(t *testing.T) {
	var s Scratch
	for _, c := range pairs {
		for _, p := range [][2]Mark{{c.a, c.b}, {c.b, c.a}} {
			var x Index
			id := x.Add(Entry{Mark: p[0], Indexed: true})
			var want []Hit
			if c.want != NoMeeting {
				want = []Hit{{id, c.want}}
			}
			require.Equal(t, want, meet(&x, &s, p[1]), "%s: stored %q, asked %q", c.why, p[0].Text, p[1].Text)
		}
	}
}

func TestAMarkIsFoundOnce(t *testing.T) {
	var x Index
	var s Scratch
	a := x.Add(Entry{Mark: part("*123*"), Indexed: true})
	b := x.Add(Entry{Mark: full("123123123"), Indexed: true})
	require.Equal(t, []Hit{{a, Partial}, {b, Exact}}, meet(&x, &s, full("123123123")))
	require.Equal(t, []Hit{{a, Partial}, {b, Partial}}, meet(&x, &s, part("*123*123")))
}

func TestMeetFindsWhatIsIndexed(t *testing.T) {
	var x Index
	var s Scratch
	for i := range 100 {
		x.Add(Entry{Mark: full(fmt.Sprintf("RV123%02d", i)), Indexed: true})
	}
	x.Add(Entry{Mark: part("RV123*"), Indexed: true})
	x.Add(Entry{Mark: full("RV12300"), Indexed: false})
	require.Len(t, x.Meet(&s, part("RV123*")), 101)
	require.Empty(t, x.Meet(&s, part("RV*")), "too few signs meet nothing")
}

func TestMarkStaysValid(t *testing.T) {
	var x Index
	id := x.Add(Entry{Mark: full("KTO44170"), Indexed: true})
	m := x.Mark(id)
	x.Remove(id)
	for i := range 20_000 {
		x.Remove(x.Add(Entry{Mark: full(fmt.Sprint("AAA", i)), Indexed: true}))
	}
	require.Less(t, len(x.texts.chunks[0]), 2*minGarbage, "compacted")
	require.Equal(t, full("KTO44170"), m)
}

func TestLongTexts(t *testing.T) {
	var x Index
	var s Scratch
	long := strings.Repeat("A1", chunkSize)
	a := x.Add(Entry{Mark: full(long), Indexed: true})
	b := x.Add(Entry{Mark: split("AB", "12345"), Indexed: true})
	require.Equal(t, full(long), x.Mark(a))
	require.Equal(t, split("AB", "12345"), x.Mark(b))
	require.Equal(t, []Hit{{a, Exact}}, meet(&x, &s, full(long)))
}

// Readers share the index, each with a scratch; the race detector watches.
func TestConcurrentReaders(t *testing.T) {
	var x Index
	for i := range 300 {
		x.Add(Entry{Mark: full(fmt.Sprintf("RV%03d", i%100)), Indexed: true})
		x.Add(Entry{Mark: part(fmt.Sprintf("?V%03d", i%100)), Indexed: true})
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			var s Scratch
			for i := range 100 {
				if got := len(meet(&x, &s, full(fmt.Sprintf("RV%03d", i)))); got != 6 {
					t.Errorf("full mark %d meets %d", i, got)
				}
				if got := len(meet(&x, &s, part(fmt.Sprintf("*V%03d", i)))); got != 6 {
					t.Errorf("partial mark %d meets %d", i, got)
				}
			}
		})
	}
	wg.Wait()
}

func TestReadingAllocatesNothing(t *testing.T) {
	var x Index
	var s Scratch
	var id MarkID
	for i := range 1000 {
		id = x.Add(Entry{Mark: full(fmt.Sprintf("RV%03d", i%100)), Indexed: true})
		x.Add(Entry{Mark: part(fmt.Sprintf("?V%03d", i%100)), Indexed: true})
	}
	visited := 0
	same := func(MarkID) bool { visited++; return true }
	for _, m := range []Mark{full("RV033"), part("?V033")} {
		x.Meet(&s, m)
		require.Zero(t, testing.AllocsPerRun(10, func() { x.Meet(&s, m) }), m.Text)
	}
	require.Zero(t, testing.AllocsPerRun(10, func() { x.SameKey(id, same) }))
	require.Positive(t, visited)
}

func TestIDSet(t *testing.T) {
	var s idSet
	for want := range uint32(70_000) {
		require.Equal(t, want, s.take())
	}
	for _, id := range []uint32{69_999, 64, 4095, 5, 40_000} {
		s.release(id)
		require.False(t, s.has(id))
	}
	for _, want := range []uint32{5, 64, 4095, 40_000, 69_999, 70_000} {
		require.Equal(t, want, s.take())
	}
	require.Equal(t, 70_001, s.n)
	n := uint32(0)
	s.each(func(id uint32) { require.Equal(t, n, id); n++ })
	require.False(t, s.has(1<<31))
}
