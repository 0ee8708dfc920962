package gateway

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/schemas"
)

// bodiesOf are a full body for every route that takes one.
func bodiesOf(t *testing.T, w *world) map[string]string {
	var record, doomed, search events.Reply
	w.post("NCB-BR", "/v1/records", recordBody("D-2", "KT044171")).into(t, 201, &doomed)
	w.post("NCB-BR", "/v1/records", recordBody("D-1", "KT044170")).into(t, 201, &record)
	w.post("NCB-BR", "/v1/searches", searchBody("AB112233")).into(t, 200, &search)
	w.post("NCB-BR", "/v1/operations", `{"operation_id":"NEPTUNE-X","kind":"operation","name":"Neptune X","lead":"NCB-BR","from":"2026"}`).into(t, 201, new(events.Reply))
	policy, err := schemas.FS.ReadFile("policy/default.json")
	require.NoError(t, err)
	full := `{"source":{"system":"desk","id":"D-1"},"category":"stolen","illicit_basis":["embargo"],
		"firearm":{"type":"revolver","action":"double_barrel","make":"taurus","make_code":"TAS","model":"82","calibre":"38","calibre_code":"38","country_of_manufacture":"BR","manufactured":"2006-11",
			"features":["cut_down"],"barrel_length_mm":101,"reference_id":"model:TAS/82","marks":[{"kind":"serial","place":"frame","status":"readable","text":"RV204187","series":"RV"},
			{"kind":"import","place":"frame","status":"readable","text":"CAI ST ALB VT","country":"US","year":"1998"}]},
		"incident":{"date":"2019","country":"BR","subdivision":"BR-SP","place":"SAO PAULO","locode":"BRSAO","case_number":"D-101/2019/384","circumstance":"vehicle_stop","operation":"TRIGGER-X",
			"customs":{"channel":"postal","hs_code":"930200"},"route":[{"country":"PY","role":"departure"}]},
		"origin":{"status":"established_otherwise","diversion":{"country":"PY","date":"2017","kind":"theft_private"}},"deny":["NCB-CL"],"handling":"official_use_only","retain_until":"2031-11-23"}`
	bodies := map[string]string{
		"POST /v1/records":                              full,
		"PUT /v1/records/" + record.ID:                  full,
		"POST /v1/records/" + doomed.ID + "/withdrawal": `{"reason":"duplicate","replaced_by":"9c1be2d4-7a30-5c52-8a43-51f0c2d9e001"}`,
		"POST /v1/searches": `{"purpose":"border_control","context":"recovered","firearm":{"type":"submachine_gun","make":"FAMAE","calibre":".40","marks":[{"kind":"serial","place":"receiver","status":"partial","text":"KTO44170*"}]},
			"incident":{"country":"FJ","date":"2026-11-20","case_number":"FJ-881","circumstance":"cargo_control","operation":"TRIGGER-X"},"stand_until":"2027-11-23","limit":50}`,
		"POST /v1/searches/" + search.ID + "/withdrawal": `{"reason":"mistyped"}`,
		"POST /v1/organisations": `{"organisation_id":"BR-ARMY","kind":"national_entity","country":"BR","name":"Army","parent":"NCB-BR","inbox":true,"rights":["search"],
			"clocks_minutes":{"urgent":10,"routine":60,"deferred":720},"notify_floor":"fair"}`,
		"POST /v1/agreements": `{"agreement_id":"AGR-X","grantee":"WCO","rights":["search"],"purposes":["border_control"],"acts_for":{"kinds":["customs_administration"],"organisations":["FJ-CUSTOMS"],"only_without_own_access":true},
			"limits":{"searches_per_day":50000,"partial_per_day":500},"legal_basis":"invented","valid_from":"2026-01-01","valid_until":"2030-12-31"}`,
		"POST /v1/agreements/AGR-WCO/revocation":      `{"reason":"expired","standing_searches":"end"}`,
		"POST /v1/organisations/NCB-CL/mailbox-skips": `{"to":1042}`,
		"POST /v1/policy":                             string(policy),
		"POST /v1/operations": `{"operation_id":"TRIGGER-X","kind":"programme","programme":"airport_control","name":"Trigger X","lead":"NCB-BR",
			"members":["WCO"],"from":"2026-01-01","until":"2026-12-31"}`,
		"POST /v1/operations/NEPTUNE-X/closure": `{"reason":"completed"}`,
		"POST /v1/policy:try":                   string(policy),
		"POST /v1/reference": `{"name":"FAMAE","kind":"make","country":"CL","aliases":["famae mt 40"],"codes":{"local":"FAMAE"},"related":["make:TAS"],
			"type":"pistol","calibres":["calibre:40"],
			"serial_forms":[{"pattern":"[A-Z]{3}[0-9]{4}","from":"2005","until":"2020","year":{"at":1,"length":2,"signs":"ABC","first":"2005","down":true},"month":{"at":3}}]}`,
	}
	maps.Copy(bodies, traceBodies(t, w))
	maps.Copy(bodies, confirmationBodies(w))
	return bodies
}

// Every field of every body, mutated in every way that must not pass.
func TestMutatedBodies(t *testing.T) {
	w := newWorld(t)
	bodies := bodiesOf(t, w)
	w.everyBodyIsHere(bodies)
	for _, target := range slices.Sorted(maps.Keys(bodies)) {
		method, path, _ := strings.Cut(target, " ")
		who := "NCB-BR"
		if strings.Contains(path, "agreements") || strings.Contains(path, "policy") || strings.Contains(path, "reference") || strings.Contains(path, "skips") {
			who = "IPSG"
		}
		tried := 0
		for _, m := range mutations(t, bodies[target]) {
			a := w.do(w.request(who, method, path, strings.NewReader(m.body)))
			at := fmt.Sprintf("%s %s at %s: %s", target, m.what, m.pointer, a.body)
			require.GreaterOrEqual(t, a.status, 400, at)
			require.Less(t, a.status, 500, at)
			var p Problem
			require.NoError(t, json.Unmarshal(a.body, &p), at)
			require.NotEmpty(t, p.Errors, at)
			require.True(t, slices.ContainsFunc(p.Errors, func(e events.FieldError) bool {
				hinted := e.Hint != "" || strings.HasPrefix(path, "/v1/policy") // a policy's words are no closed lists that Explain knows
				return strings.HasPrefix(e.Pointer, m.pointer) && e.Message != "" && hinted
			}), at)
			tried++
		}
		require.Greater(t, tried, 5, target)
		ok := w.do(w.request(who, method, path, strings.NewReader(bodies[target])))
		require.Less(t, ok.status, 300, "%s: the body itself must pass: %s", target, ok.body)
	}
}

// everyBodyIsHere: a route that is added must be mutated too.
func (w *world) everyBodyIsHere(bodies map[string]string) {
	for _, r := range w.gw.routes {
		if r.body == nil || r.kind == batchKind {
			continue
		}
		found := false
		for target := range bodies {
			method, path, _ := strings.Cut(target, " ")
			req, err := http.NewRequest(method, path, nil)
			require.NoError(w.t, err)
			_, pattern := w.doc.routes.Handler(req)
			found = found || pattern == r.method+" "+r.path
		}
		require.True(w.t, found, "no body for %s %s", r.method, r.path)
	}
}

type mutation struct {
	what, pointer, body string
}

// mutations walks the body: at every member, what no rule can let pass.
func mutations(t *testing.T, body string) (all []mutation) {
	var root any
	require.NoError(t, json.Unmarshal([]byte(body), &root))
	var walk func(pointer string, v any, set func(any))
	try := func(what, pointer string, set func(any), was, v any) {
		set(v)
		b, err := json.Marshal(root)
		require.NoError(t, err)
		all = append(all, mutation{what, pointer, string(b)})
		set(was)
	}
	walk = func(pointer string, v any, set func(any)) {
		try("null", pointer, set, v, nil)
		try("float", pointer, set, v, 1.5)
		switch x := v.(type) {
		case map[string]any:
			try("string for object", pointer, set, v, "x")
			for _, name := range slices.Sorted(maps.Keys(x)) {
				was := x[name]
				walk(pointer+"/"+name, was, func(n any) { x[name] = n })
			}
			if pointer != "/codes" { // a map of any name
				x["unknown_member"] = "x"
				try("unknown member", pointer+"/unknown_member", func(any) {}, nil, nil)
				delete(x, "unknown_member")
			}
		case []any:
			try("object for list", pointer, set, v, map[string]any{})
			for i := range x {
				walk(fmt.Sprintf("%s/%d", pointer, i), x[i], func(n any) { x[i] = n })
			}
		case string:
			try("empty", pointer, set, v, "")
			try("number for string", pointer, set, v, 17)
			try("too long", pointer, set, v, strings.Repeat("x", 5000))
			try("control sign", pointer, set, v, "a\x00b")
			try("list for string", pointer, set, v, []any{x})
		case float64:
			try("string for number", pointer, set, v, "1E5")
			try("negative", pointer, set, v, -1)
			try("too large", pointer, set, v, 1e18)
		case bool:
			try("string for boolean", pointer, set, v, "true")
		}
	}
	walk("", root, func(v any) { root = v })
	return all
}
