package gateway

import (
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// What differs between two answers to two questions even if both found nothing.
var ownWords = regexp.MustCompile(`("(?:seq|last_seq|N)":)\d+|[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}`)

func masked(b []byte) string { return ownWords.ReplaceAllString(string(b), "$1*") }

// A record that is withheld changes nothing in the answer of the one from whom
// it is: not its status, not its headers' names, not a byte of it.
func TestWithheldIsNoMatchByteForByte(t *testing.T) {
	w := newWorld(t)
	withheld := strings.Replace(recordBody("D-1", "KT044170"), `"retain_until"`, `"deny":["NCB-CL"],"retain_until"`, 1)
	w.post("NCB-BR", "/v1/records", withheld).into(t, 201, new(events.Reply))

	const there, none = "KT044170", "ZQ955871"
	same := func(name string, ask func(serial string) answered) {
		hidden, nothing := ask(there), ask(none)
		require.Equal(t, nothing.status, hidden.status, name)
		require.Equal(t, masked(nothing.body), strings.NewReplacer(there, none, there[:5], none[:5]).Replace(masked(hidden.body)), name)
		for _, a := range []answered{hidden, nothing} {
			a.header.Del("Date")
			a.header.Del(headerSeq)
			a.header.Del("Content-Length") // of the seq's digits
		}
		require.Equal(t, nothing.header, hidden.header, name)
	}
	same("search", func(serial string) answered { return w.post("NCB-CL", "/v1/searches", searchBody(serial)) })
	same("partial search", func(serial string) answered {
		return w.post("NCB-CL", "/v1/searches", strings.Replace(searchBody(serial[:5]+"*"), "readable", "partial", 1))
	})
	same("bulk search", func(serial string) answered {
		return w.post("NCB-CL", "/v1/searches:batch", searchBody(serial)+"\n"+searchBody(serial), "Content-Type", mediaNDJSON)
	})
	same("bulk search, errors alone", func(serial string) answered {
		return w.post("NCB-CL", "/v1/searches:batch?only=errors", searchBody(serial), "Content-Type", mediaNDJSON)
	})
	var page Inbox
	w.get("NCB-CL", "/v1/inbox").into(t, 200, &page)
	require.Zero(t, page.Last, "nobody tells it")
	same("own record that would meet it", func(serial string) answered {
		return w.post("NCB-CL", "/v1/records", strings.Replace(recordBody(serial, serial), "stolen", "seized", 1))
	})

	w.get("NCB-BR", "/v1/inbox").into(t, 200, &page)
	require.NotEmpty(t, page.Items, "the owner is told")
	match := page.Items[0].About.ID
	same("match by id", func(serial string) answered {
		if serial == none {
			return w.get("NCB-CL", "/v1/matches/00000000-0000-5000-8000-000000000000")
		}
		return w.get("NCB-CL", "/v1/matches/"+match)
	})
	w.get("IPSG", "/v1/inbox").into(t, 200, &page)
	require.NotEmpty(t, page.Items, "the General Secretariat is told")
}
