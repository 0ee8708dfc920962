package main

import (
	"encoding/json"
	"fmt"

	"github.com/armslog/armslog/events"
)

// owned is a record of a caller.
type owned struct {
	id, serial, category string
	place                int
}

// draw is the next request of a caller over HTTP: a question, or a record that
// is registered, amended or withdrawn.
func (c *caller) draw() (t events.Type, path string, body []byte) {
	if c.asks {
		return events.TypeSearchMade, "/v1/searches", c.search()
	}
	t, source, body := c.record()
	if t == events.TypeRecordWithdrawn {
		id := events.RecordID(c.org, source)
		return t, "/v1/records/" + id.String() + "/withdrawal", []byte(`{"reason":"recovered"}`)
	}
	return t, "/v1/records", body
}

// drawMail is the same, for a mailbox.
func (c *caller) drawMail() (events.Type, []byte) {
	if c.rand.IntN(4) == 0 {
		return events.TypeSearchMade, c.search()
	}
	t, _, body := c.record()
	return t, body
}

// numbers is from how many serial numbers is drawn, for each minute of the run:
// few enough that questions and records of several organisations meet all the
// time, and so many that a request meets no more in the end than in the
// beginning.
const numbers = 2000

func (c *caller) serial() string {
	return fmt.Sprintf("KXT%07d", 1_000_000+c.rand.IntN(numbers*max(1, int(c.load.cfg.length.Minutes())))*7)
}

func (c *caller) search() []byte {
	return fmt.Appendf(nil, `{"purpose":"border_control","context":"recovered","firearm":{"type":"revolver","make":"taurus","calibre":".38",`+
		`"marks":[{"kind":"serial","status":"readable","text":%q}]}}`, c.serial())
}

// record registers a new one six times of ten; else one of its own is amended
// (half of the time it gets another number, which ends its matches) or, one in
// ten, withdrawn.
func (c *caller) record() (events.Type, events.Source, []byte) {
	what := c.rand.IntN(10)
	if len(c.own) == 0 || what < 6 {
		category := [...]string{"seized", "stolen", "lost"}[c.rand.IntN(3)]
		c.own = append(c.own, owned{id: fmt.Sprintf("%s-%d", c.name, c.n+1), serial: c.serial(), category: category})
		o := &c.own[len(c.own)-1]
		return events.TypeRecordSubmitted, o.source(), o.body()
	}
	at := c.rand.IntN(len(c.own))
	if what == 9 {
		o := c.own[at]
		c.own = append(c.own[:at], c.own[at+1:]...)
		body, _ := json.Marshal(events.RecordWithdrawn{Source: o.source(), Reason: "recovered"}) // cannot fail
		return events.TypeRecordWithdrawn, o.source(), body
	}
	o := &c.own[at]
	o.place++ // or it would be unchanged
	if c.rand.IntN(2) == 0 {
		o.serial = c.serial()
	}
	return events.TypeRecordSubmitted, o.source(), o.body()
}

func (o *owned) source() events.Source { return events.Source{System: "chaos", ID: o.id} }

func (o *owned) body() []byte {
	return fmt.Appendf(nil, `{"source":{"system":"chaos","id":%q},"category":%q,"firearm":{"type":"revolver","make":"taurus","calibre":".38",`+
		`"marks":[{"kind":"serial","place":"frame","status":"readable","text":%q}]},`+
		`"incident":{"country":"BR","date":"2020","place":"PLACE %d","case_number":%q},"retain_until":"2036-12-31"}`,
		o.id, o.category, o.serial, o.place, o.id)
}
