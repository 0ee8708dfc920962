package decodebench

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/mailru/easyjson"

	"github.com/armslog/armslog/events"
)

// short is what most records look like: 363 bytes.
const short = `{"source":{"system":"state-rdo","id":"D-101/2019/384/1"},"category":"seized","firearm":{"type":"revolver","make":"taurus","calibre":"38",` +
	`"marks":[{"kind":"serial","place":"frame","status":"readable","text":"RV204187"}]},"incident":{"date":"2019","country":"BR","subdivision":"BR-SP",` +
	`"place":"SAO PAULO","case_number":"D-101/2019/384"},"retain_until":"2031-11-23"}`

// middle is a full one: 594 bytes, two marks.
const middle = `{"source":{"system":"state-rdo","id":"D-200/2020/491/2"},"category":"seized","illicit_basis":["law_of_place"],"firearm":{"type":"submachine_gun","make":"famae",` +
	`"model":"MT 40","calibre":".40","country_of_manufacture":"CL","manufactured":"2008-07","marks":[{"kind":"serial","place":"receiver","status":"readable","text":"KTO44170"},` +
	`{"kind":"serial","place":"barrel","status":"obliterated"}]},"incident":{"date":"2020","country":"BR","subdivision":"BR-SP","place":"SAO PAULO","case_number":"D-200/2020/491",` +
	`"circumstance":"crime_scene"},"handling":"official_use_only","retain_until":"2031-11-23"}`

func bodies(b *testing.B) map[string][]byte {
	full, err := os.ReadFile("../../testdata/record.json")
	if err != nil {
		b.Fatal(err)
	}
	return map[string][]byte{"short": []byte(short), "middle": []byte(middle), "full": bytes.TrimSpace(full)}
}

func bench(b *testing.B, decode func(value []byte) error) {
	for _, name := range strings.Fields("short middle full") {
		value := bodies(b)[name]
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			before := cpu(b)
			for b.Loop() {
				if err := decode(value); err != nil {
					b.Fatal(err)
				}
			}
			// Of all threads, with the collector's share, and none of other processes.
			b.ReportMetric(float64(cpu(b)-before)/float64(b.N), "cpu-ns/op")
		})
	}
}

// cpu is the processor time that this process has used.
func cpu(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkStandard: no rule is checked but unknown fields.
func BenchmarkStandard(b *testing.B) {
	bench(b, func(value []byte) error {
		d := json.NewDecoder(bytes.NewReader(value))
		d.DisallowUnknownFields()
		return d.Decode(new(Record))
	})
}

// BenchmarkGenerated: no rule is checked but unknown fields.
func BenchmarkGenerated(b *testing.B) {
	bench(b, func(value []byte) error { return easyjson.Unmarshal(value, new(Record)) })
}

// BenchmarkByHand: all rules are checked.
func BenchmarkByHand(b *testing.B) {
	bench(b, func(value []byte) error {
		if _, errs := events.Decode(events.TypeRecordSubmitted, value); len(errs) > 0 {
			return errs[0]
		}
		return nil
	})
}
