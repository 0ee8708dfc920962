package matching

import (
	"fmt"
	"runtime"
	"testing"
	"time"
)

// The shapes of serials, in parts of a hundred, as in the real tables: A stands
// for a letter, 9 for a digit. Two marks in a hundred repeat an earlier one.
var shapes = []struct {
	share int
	shape string
}{{24, "AAA99999"}, {15, "999999"}, {13, "AAAA999"}, {12, "99999"}, {12, "A999999"}, {12, "AA99999"}, {12, "99999999"}}

type generator struct{ state uint64 }

func (g *generator) intn(n int) int {
	g.state += 0x9e3779b97f4a7c15
	return int(mix(g.state, 0xd6e8feb86659fd93) % uint64(n))
}

func (g *generator) shape() string {
	at := g.intn(100)
	for _, s := range shapes {
		if at -= s.share; at < 0 {
			return s.shape
		}
	}
	return shapes[0].shape
}

func (g *generator) serial(shape string) string {
	text := make([]byte, len(shape))
	for i, c := range []byte(shape) {
		if c == 'A' {
			text[i] = byte('A' + g.intn(26))
		} else {
			text[i] = byte('0' + g.intn(10))
		}
	}
	return string(text)
}

func serials(n int, shape string) []string {
	g := generator{}
	texts := make([]string, n)
	for i := range texts {
		switch {
		case i > 0 && g.intn(50) == 0:
			texts[i] = texts[g.intn(i)]
		case shape == "":
			texts[i] = g.serial(g.shape())
		default:
			texts[i] = g.serial(shape)
		}
	}
	return texts
}

const loaded = 1_400_000

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// BenchmarkLoad adds 1.4 million marks in each round and reports what they take.
func BenchmarkLoad(b *testing.B) {
	for _, c := range []struct{ name, shape string }{{"AAA99999", "AAA99999"}, {"mixed", ""}} {
		b.Run(c.name, func(b *testing.B) {
			texts := serials(loaded, c.shape)
			for b.Loop() {
				before := heap()
				start := time.Now()
				x := load(texts)
				took := time.Since(start)
				b.ReportMetric(float64(heap()-before)/loaded, "B/mark")
				b.ReportMetric(loaded/took.Seconds()/1e6, "Madd/s")
				runtime.KeepAlive(x)
			}
			runtime.KeepAlive(texts)
		})
	}
}

func load(texts []string) *Index {
	x := new(Index)
	for i, text := range texts {
		x.Add(Entry{Mark: Mark{Text: text}, Subject: uint32(i), Indexed: true})
	}
	return x
}

// BenchmarkMeetStrong asks for serials that seldom meet by chance.
func BenchmarkMeetStrong(b *testing.B) {
	texts := serials(loaded, "AAA99999")
	x := load(texts)
	g := generator{state: 7}
	asked := make([]string, 1<<16)
	for i := range asked {
		if asked[i] = g.serial("AAA99999"); g.intn(5) == 0 {
			asked[i] = texts[g.intn(len(texts))]
		}
	}
	benchMeet(b, x, asked, false)
}

func BenchmarkMeet(b *testing.B) {
	texts := serials(loaded, "")
	x := load(texts)
	g := generator{state: 7}
	asked := make([]string, 1<<16)
	hitsOf := func(share int) []string {
		for i := range asked {
			if asked[i] = g.serial(g.shape()); g.intn(100) < share {
				asked[i] = texts[g.intn(len(texts))]
			}
		}
		return asked
	}
	run := func(name string, share int) {
		b.Run(name, func(b *testing.B) { benchMeet(b, x, hitsOf(share), false) })
	}
	run("full, 20% hit", 20)
	run("full, all hit", 100)
	for i := range 28_000 { // two stored marks in a hundred are partial
		x.Add(Entry{Mark: part(hideOne(&g, texts[i])), Subject: uint32(i), Indexed: true})
	}
	run("full, 20% hit, 28,000 partials stored", 20)
	for _, shape := range []string{"AAA99999", "999999"} {
		for i := range asked {
			asked[i] = hideOne(&g, g.serial(shape))
		}
		b.Run("partial "+shape, func(b *testing.B) { benchMeet(b, x, asked, true) })
	}
	for i := range asked {
		asked[i] = fmt.Sprintf("*%03d*", g.intn(1000))
	}
	b.Run("partial *999*", func(b *testing.B) { benchMeet(b, x, asked, true) })
}

func benchMeet(b *testing.B, x *Index, asked []string, partial bool) {
	var s Scratch
	i, met := 0, 0
	for b.Loop() {
		met += len(x.Meet(&s, Mark{Text: asked[i%len(asked)], Partial: partial}))
		i++
	}
	b.ReportMetric(float64(met)/float64(i), "met/op")
}

// hideOne hides a sign such that three known ones in a row remain.
func hideOne(g *generator, text string) string {
	for {
		b := []byte(text)
		b[g.intn(len(b))] = One
		if CanSearch(string(b), "") || len(b) < 7 && g.intn(20) == 0 {
			return string(b)
		}
	}
}

func BenchmarkAmend(b *testing.B) {
	texts := serials(loaded, "")
	x := load(texts)
	g := generator{state: 9}
	for b.Loop() {
		id := MarkID(g.intn(loaded))
		m := x.Mark(id)
		x.Remove(id)
		x.Add(Entry{Mark: m, Indexed: true})
	}
}
