package e2e

import (
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// What differs between two registries that were told the same: times, and the
// ids of requests that the command line makes up.
var passing = regexp.MustCompile(`\d{4}-\d\d-\d\dT[0-9:.]+Z|\b\d\d:\d\d:\d\d\b|\b\d+ ms\b|\bu:[0-9a-f]{16}|[0-9a-f]{8}-[0-9a-f]{4}-[57][0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

// seen is all that an organisation was shown, by what it asked.
type seen struct {
	what []string
	text map[string]string
}

func (s *seen) add(what, text string) {
	s.what = append(s.what, what)
	s.text[what] = passing.ReplaceAllString(text, "*")
}

func (s *seen) answer(what string, a answered) {
	var headers strings.Builder
	a.header.Del("Date")
	_ = a.header.Write(&headers) // a Builder never fails
	s.add(what, fmt.Sprintf("%d\n%s\n%s", a.status, headers.String(), a.body))
}

// TestWithheld shows a bureau two registries that differ in one thing: in the
// first there is a record that is withheld from it, in the other there is none
// that it could meet. It must see the same, byte for byte, wherever it looks.
func TestWithheld(t *testing.T) {
	withheld(t, withTables(t), withTables(t))
}

// withheld begins in two worlds that are told the same.
func withheld(t *testing.T, hidden, absent *world) {
	serials, others := []string{"WH204187", "WH310955", "WH466128"}, []string{"XYW55871", "XYW66193", "XYW77318"}
	for i := range serials {
		for w, serial := range map[*world]string{hidden: serials[i], absent: others[i]} {
			w.post("NCB-BR", "/v1/records", record(fmt.Sprint("D-", i), serial, "stolen", `"deny":["NCB-CL"],`)).reply(t)
		}
	}

	first := hidden.lookAs("NCB-CL", serials)
	var matches []string
	for _, n := range hidden.news("IPSG") {
		matches = append(matches, n.About.ID)
	}
	require.NotEmpty(t, matches, "the General Secretariat is told")
	require.Len(t, hidden.news("NCB-BR"), len(matches), "so is the owner")
	require.Zero(t, hidden.told()["NCB-CL"])
	require.Equal(t, map[events.OrgID]int{"WCO": 0, "NCB-BR": 0, "NCB-CL": 0, "NCB-PY": 0, "IPSG": 0}, absent.told())

	second := absent.lookAs("NCB-CL", serials)
	require.Equal(t, second.what, first.what)
	for _, what := range second.what {
		require.Equal(t, second.text[what], first.text[what], what)
	}
	for _, id := range matches {
		a, b := &seen{text: map[string]string{}}, &seen{text: map[string]string{}}
		a.answer("match", hidden.get("NCB-CL", "/v1/matches/"+id))
		b.answer("match", absent.get("NCB-CL", "/v1/matches/"+id))
		require.Equal(t, b, a)
		require.Equal(t, http.StatusOK, hidden.get("NCB-BR", "/v1/matches/"+id).status)
	}
}

// lookAs asks about the first number in every way there is, and registers
// weapons with the others.
func (w *world) lookAs(org events.OrgID, serials []string) *seen {
	serial := serials[0]
	s := &seen{text: map[string]string{}}
	key := 0
	post := func(what, path, body string, header ...string) {
		key++
		id := events.RequestIDFrom(org, fmt.Sprint("look ", key)).String() // the same in every registry
		s.answer(what, w.post(org, path, body, append(header, "Idempotency-Key", id)...))
	}
	partial := strings.Replace(question(serial[:5]+"*"), "readable", "partial", 1)
	lines := question(serial) + "\n" + partial + "\n" + question("QQ"+serial)
	ndjson := []string{"Content-Type", "application/x-ndjson"}
	post("search", "/v1/searches", question(serial))
	post("confusable search", "/v1/searches", question(strings.Replace(serial, "0", "O", 1)))
	post("partial search", "/v1/searches", partial)
	post("bulk search", "/v1/searches:batch", lines, ndjson...)
	post("bulk search, errors alone", "/v1/searches:batch?only=errors", lines, ndjson...)
	post("own record", "/v1/records", record("own-1", serials[1], "seized", ""))
	post("own records", "/v1/records:batch", record("own-2", serials[2], "seized", "")+"\n"+record("own-3", serials[2]+"0", "seized", ""), ndjson...)

	w.settled()
	for _, path := range []string{"searches", "matches", "matches?status=candidate", "inbox", "inbox?after=1", "records", "records?mark=" + serial, "organisations", "me", "audit/accesses?mark=" + serial} {
		s.answer("GET "+path, w.get(org, "/v1/"+path))
	}
	for _, id := range []events.UUID{
		events.RecordID("NCB-BR", events.Source{System: "test", ID: "D-0"}), events.RecordID("NCB-BR", events.Source{System: "test", ID: "none"}),
	} {
		s.answer("its record "+id.String(), w.get(org, "/v1/records/"+id.String()))
		s.answer("its history "+id.String(), w.get(org, "/v1/records/"+id.String()+"/history"))
	}
	c := w.by(org)
	for _, line := range []string{
		"-o csv record export", "record export --format ndjson", "inbox export --format csv", "-o csv record list", "-o csv search list", "-o csv match list", "-o csv inbox", "-o csv search " + serial + " --make taurus", "record show " + serial,
	} {
		r := c.run(strings.Fields(line)...)
		s.add(line, fmt.Sprintf("exit %d\n%s%s", r.code, r.out, r.err))
	}
	w.settled()
	for _, path := range []string{"audit/accesses?organisation=NCB-BR", "audit/accesses?id=" + events.RecordID("NCB-BR", events.Source{System: "test", ID: "D-0"}).String()} {
		s.answer(path, w.get(org, "/v1/"+path))
	}
	return s
}
