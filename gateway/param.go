package gateway

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/armslog/armslog/events"
)

// param is a parameter of a route, declared once: the document describes what
// parse accepts.
type param struct {
	name string
	in   string // query, path, header
	kind paramKind
	doc  string
	enum []string // of a code
	min  uint64
	max  uint64 // of a number; of a text, its length in bytes
	def  uint64 // of a number that is absent
}

type paramKind int

const (
	number paramKind = iota
	text
	code
	uuid
	moment // a seq, or an RFC 3339 time
	day    // 2006-01-02
)

const maxText = 200

func queryNumber(name string, low, high, def uint64, doc string) param {
	return param{name: name, in: "query", kind: number, min: low, max: high, def: def, doc: doc}
}

func queryText(name, doc string) param {
	return param{name: name, in: "query", kind: text, max: maxText, doc: doc}
}

func queryCode(name, doc string, codes ...string) param {
	return param{name: name, in: "query", kind: code, enum: codes, doc: doc}
}

func header(name, doc string) param {
	return param{name: name, in: "header", kind: text, max: maxText, doc: doc}
}

// value is a parameter that was read.
type value struct {
	text   string
	number uint64
	id     events.UUID
	asOf   AsOf
}

// values are the parameters of one call that are there.
type values map[string]value

// parse reads one parameter; message says what it must be.
func (p *param) parse(s string) (v value, message string) {
	v.text = s
	switch p.kind {
	case number:
		n, err := strconv.ParseUint(s, 10, 64)
		if err != nil || n < p.min || n > p.max {
			return v, p.name + " must be a whole number from " + strconv.FormatUint(p.min, 10) + " to " + strconv.FormatUint(p.max, 10)
		}
		v.number = n
	case text:
		if s == "" || len(s) > int(p.max) || !plain(s) {
			return v, p.name + " must be 1 to " + strconv.FormatUint(p.max, 10) + " bytes of text"
		}
	case code:
		if !slices.Contains(p.enum, s) {
			return v, p.name + " must be one of: " + strings.Join(p.enum, " ")
		}
	case uuid:
		id, ok := events.ParseUUID(s)
		if !ok {
			return v, p.name + " must be a UUID"
		}
		v.id = id
	case day:
		if _, ok := events.ParseDay(s); !ok {
			return v, p.name + " must be a day such as 2026-11-23"
		}
	case moment:
		at, ok := parseAsOf(s)
		if !ok {
			return v, p.name + " must be a seq or a time such as 2026-11-23T12:03:00Z"
		}
		v.asOf = at
	}
	return v, ""
}

func parseAsOf(s string) (AsOf, bool) {
	if n, err := strconv.ParseUint(s, 10, 64); err == nil {
		return AsOf{Seq: n}, n > 0
	}
	t, err := time.Parse(time.RFC3339, s)
	return AsOf{At: t.UnixMilli()}, err == nil
}

// plain says that s is UTF-8 without control characters.
func plain(s string) bool {
	for _, r := range s {
		if r < ' ' || r == 0x7f || r == '\uFFFD' {
			return false
		}
	}
	return true
}

// parseParams reads what a route declares, and refuses what it does not: a
// misspelt filter must not look like one that holds.
func (c *call) parseParams() error {
	query, err := url.ParseQuery(c.r.URL.RawQuery)
	if err != nil {
		return invalidParameter("invalid_parameter", "/query", "the query cannot be read", "encode it as application/x-www-form-urlencoded")
	}
	c.values = make(values, len(c.route.params))
	for i := range c.route.params {
		p := &c.route.params[i]
		s, there, err := c.lookup(p, query)
		if err != nil {
			return err
		}
		if !there {
			c.values[p.name] = value{number: p.def}
			continue
		}
		v, message := p.parse(s)
		if message != "" && p.in == "path" {
			return notFound() // no id, so nothing that could be there
		}
		if message != "" {
			return invalidParameter("invalid_parameter", "/"+p.in+"/"+p.name, message, "")
		}
		c.values[p.name] = v
	}
	if len(query) > 0 {
		return invalidParameter("unknown_parameter", "/query", "this path has no such parameter", "it takes: "+c.route.queryNames())
	}
	return nil
}

// lookup takes a parameter out of the request; query keeps what nobody took.
func (c *call) lookup(p *param, query url.Values) (s string, there bool, err error) {
	switch p.in {
	case "path":
		return c.r.PathValue(p.name), true, nil
	case "header":
		s = c.r.Header.Get(p.name)
		return s, s != "", nil
	}
	all := query[p.name]
	delete(query, p.name)
	if len(all) > 1 {
		return "", false, invalidParameter("invalid_parameter", "/query/"+p.name, p.name+" is there twice", "")
	}
	if len(all) == 0 {
		return "", false, nil
	}
	return all[0], true, nil
}

func (r *route) queryNames() string {
	var names []string
	for _, p := range r.params {
		if p.in == "query" {
			names = append(names, p.name)
		}
	}
	if len(names) == 0 {
		return "none"
	}
	return strings.Join(names, " ")
}
