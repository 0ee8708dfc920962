// Package workload makes the registry's standard load: a deterministic stream
// of records and searches shaped like real data, for benchmarks and long
// tests. The same Config gives the same bytes on every machine.
package workload

import (
	"math/rand/v2"
	"strconv"

	"github.com/armslog/armslog/events"
)

// Config sizes a load. The zero value is of no use; see Standard.
type Config struct {
	Records  int
	Searches int
	Seed     uint64
}

// Standard is the load that docs/performance.md quotes: 1.4 million records and
// 100,000 searches, one in five of which hits, half of those before its record.
var Standard = Config{Records: 1_400_000, Searches: 100_000, Seed: 1}

// Load makes record i and search j on demand, so that no load has to fit in
// memory.
type Load struct {
	cfg Config
}

// New is the load of a config.
func New(cfg Config) Load { return Load{cfg} }

// Len is how many records and searches there are.
func (l Load) Len() (records, searches int) { return l.cfg.Records, l.cfg.Searches }

func (l Load) rand(kind, i uint64) *rand.Rand {
	return rand.New(rand.NewPCG(l.cfg.Seed*0x9e3779b97f4a7c15+kind, i))
}

// serial shapes and how many of a hundred marks have them, as measured on the
// registers of two countries.
var shapes = []struct {
	form  string
	share int
}{
	{"AAA99999", 24}, {"999999", 15}, {"AAAA999", 13}, {"99999", 10}, {"A999999", 9},
	{"9999999", 8}, {"AA99999", 8}, {"9999", 5}, {"AA9999", 4}, {"99999A", 4},
}

var weapons = []struct{ typ, make, calibre string }{
	{"pistol", "norvik", "9 mm"}, {"pistol", "halden", ".40"}, {"pistol", "castano", ".380"}, {"revolver", "castano", ".38"},
	{"revolver", "brome", ".32"}, {"shotgun", "ridley", "12"}, {"rifle", "oresund", "5.56"}, {"carbine", "oresund", ".22"},
	{"submachine_gun", "halden", "9x19"}, {"pistol", "tarn", "7.65"},
}

var (
	categories = []string{"stolen", "lost", "lost", "stolen", "stolen", "seized"}
	places     = []string{"NORDHAVN", "SAN TELMO", "PORT ELLIS", "KARVALA", "MIRASOL", "DUNMORE"}
)

const (
	kindSerial = iota + 1
	kindRecord
	kindSearch
)

// Serial is the mark of record i; 2 of 100 repeat an earlier record's.
func (l Load) Serial(i int) string {
	r := l.rand(kindSerial, uint64(i))
	if i > 0 && r.IntN(100) < 2 {
		return l.Serial(r.IntN(i))
	}
	return shaped(r)
}

func shaped(r *rand.Rand) string {
	pick := r.IntN(100)
	form := ""
	for _, s := range shapes {
		if form = s.form; pick < s.share {
			break
		}
		pick -= s.share
	}
	b := []byte(form)
	for i, c := range b {
		if c == 'A' {
			b[i] = byte('A' + r.IntN(26))
		} else {
			b[i] = byte('0' + r.IntN(10))
		}
	}
	if b[0] == '0' {
		b[0] = '1'
	}
	return string(b)
}

// AppendRecord appends the body of record i, about 350 bytes.
func (l Load) AppendRecord(dst []byte, i int) []byte {
	r := l.rand(kindRecord, uint64(i))
	w := weapons[r.IntN(len(weapons))]
	year := 1992 + r.IntN(34)
	a := appender(dst)
	a.text(`{"source":{"system":"bench","id":"B-`).number(i, 1)
	a.text(`"},"category":"`).text(categories[r.IntN(len(categories))])
	a.text(`","firearm":{"type":"`).text(w.typ).text(`","make":"`).text(w.make)
	a.text(`","model":"M`).number(r.IntN(40), 1).text(`","calibre":"`).text(w.calibre)
	a.text(`","marks":[{"kind":"serial","place":"frame","status":"readable","text":"`).text(l.Serial(i))
	a.text(`"}]},"incident":{"date":"`).number(year, 4).text("-").number(1+r.IntN(12), 2).text("-").number(1+r.IntN(28), 2)
	a.text(`","country":"FJ","place":"`).text(places[r.IntN(len(places))])
	a.text(`","case_number":"C-`).number(i/2, 1).text("/").number(year, 1)
	a.text(`"},"handling":"official_use_only","retain_until":"2040-12-31"}`)
	return a
}

// appender writes a body without fmt: who makes the load shares the cores with
// what is measured.
type appender []byte

func (a *appender) text(s string) *appender {
	*a = append(*a, s...)
	return a
}

// number writes n with at least so many digits.
func (a *appender) number(n, digits int) *appender {
	for least := 10; digits > 1; digits, least = digits-1, 10*least {
		if n < least {
			*a = append(*a, '0')
		}
	}
	*a = strconv.AppendInt(*a, int64(n), 10)
	return a
}

// AppendSearch appends the body of search j. Of the searches that hit, those
// with an even number ask for a record of the first half of the load, the
// others for one of the second half, which arrives after them.
func (l Load) AppendSearch(dst []byte, j int) []byte {
	r := l.rand(kindSearch, uint64(j))
	mark := "ZQ" + strconv.Itoa(10_000_000+j)
	if r.IntN(100) < 20 {
		half := l.cfg.Records / 2
		at := r.IntN(max(half, 1))
		if j%2 == 1 {
			at += half
		}
		mark = l.Serial(at)
	}
	a := appender(dst)
	a.text(`{"purpose":"border_control","context":"recovered","firearm":{"marks":[{"kind":"serial","status":"readable","text":"`).text(mark)
	a.text(`"}]},"incident":{"country":"FJ","case_number":"S-`).number(j, 1).text(`"}}`)
	return a
}

// RequestID is the ce_id of record i or search j of the load.
func RequestID(org events.OrgID, kind string, i int) events.UUID {
	return events.RequestIDFrom(org, "load:"+kind+":"+strconv.Itoa(i))
}

// Headers are a request's headers, as a mailbox holds them.
func Headers(org events.OrgID, t events.Type, i int) []events.Header {
	return events.NewEnvelope(RequestID(org, string(t), i), t).Headers
}
