package gateway

import (
	"bytes"
	"net/http"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/schemas"
)

func withSeed(t *testing.T) *world {
	w := newWorld(t)
	for line := range bytes.Lines(schemas.ReferenceSeed()) {
		w.log.ask("IPSG", events.TypeReferenceSubmitted, string(bytes.TrimSpace(line)))
	}
	return w
}

func TestReferenceIsSubmittedAndShown(t *testing.T) {
	w := newWorld(t)
	var reply events.Reply
	w.post("IPSG", "/v1/reference", `{"name":"FAMAE","kind":"make","country":"CL","aliases":["famae"],"codes":{"ncic":"FMA"},"related":["make:TAS"]}`).into(t, 201, &reply)
	w.post("IPSG", "/v1/reference", `{"name":"Taurus","kind":"make","codes":{"local":"TAS"}}`).into(t, 201, new(events.Reply))
	w.post("IPSG", "/v1/reference", `{"name":"SAF","kind":"model","make":"make:FAMAE","type":"submachine_gun"}`).into(t, 201, new(events.Reply))
	w.post("IPSG", "/v1/reference", `{"name":"SAF","kind":"model","make":"make:NOBODY"}`).problem(t, http.StatusUnprocessableEntity, "reference_unknown")
	var r registry.FoundReference
	w.get("NCB-BR", "/v1/reference/make:FAMAE").into(t, 200, &r)
	require.Equal(t, reply.Seq, r.Seq)
	require.Equal(t, map[string]string{"ncic": "FMA"}, r.Codes)
	require.Equal(t, []registry.ReferenceName{{ID: "make:TAS", Name: "Taurus"}}, r.RelatedTo)
	w.get("NCB-BR", "/v1/reference/model:FAMAE%2FSAF").into(t, 200, &r)
	require.Equal(t, "submachine_gun", r.FirearmType)
	w.get("NCB-BR", "/v1/reference/make:NOBODY").problem(t, http.StatusNotFound, "not_found")
}

func TestReferenceIsFound(t *testing.T) {
	w := withSeed(t)
	find := func(query string) (found []string) {
		var page Page[registry.FoundReference]
		w.get("NCB-BR", "/v1/reference?"+query).into(t, 200, &page)
		for _, r := range page.Items {
			found = append(found, r.ID+" "+r.Reason)
		}
		return found
	}
	require.Equal(t, []string{"make:TAS alias"}, find("find="+url.QueryEscape("TAURUS BRASIL")))
	require.Equal(t, []string{"make:SW alias"}, find("find="+url.QueryEscape("S&W")+"&kind=make"))
	require.Equal(t, []string{"make:TAS spelling"}, find("find=tuarus&kind=make&limit=1"))
	require.Empty(t, find("find=taurus&kind=calibre"))
	require.Empty(t, find("find=---"))

	var all []string
	for query := "limit=100"; query != ""; {
		var page Page[registry.FoundReference]
		w.get("NCB-BR", "/v1/reference?"+query).into(t, 200, &page)
		for _, r := range page.Items {
			all = append(all, r.ID)
		}
		query = ""
		if page.Next != "" {
			query = "limit=100&after=" + url.QueryEscape(page.Next)
		}
	}
	require.Len(t, all, bytes.Count(schemas.ReferenceSeed(), []byte("\n")))
	w.get("NCB-BR", "/v1/reference?after=make:NOBODY").problem(t, http.StatusBadRequest, "invalid_parameter")
	w.get("NCB-BR", "/v1/reference?kind=gun").problem(t, http.StatusBadRequest, "invalid_parameter")
}

func TestSerialIsChecked(t *testing.T) {
	w := withSeed(t)
	var c registry.SerialCheck
	w.get("NCB-BR", "/v1/reference:check?make=taurus&serial=ZK434432").into(t, 200, &c)
	require.Equal(t, []any{"fits", []int{2006}, 11, "make:TAS"}, []any{c.Result, c.Years, c.Month, c.Make.ID})
	c = registry.SerialCheck{}
	w.get("NCB-BR", "/v1/reference:check?make=taurus&serial=RV204187&year=2006").into(t, 200, &c)
	require.Equal(t, "does_not_fit", c.Result)
	w.get("NCB-BR", "/v1/reference:check?make=nobody&serial=1").problem(t, http.StatusNotFound, "not_found")
	w.get("NCB-BR", "/v1/reference:check?make=taurus").problem(t, http.StatusBadRequest, "invalid_parameter")
	w.get("NCB-BR", "/v1/reference:check?make=taurus&serial=1&year=99").problem(t, http.StatusBadRequest, "invalid_parameter")
}

// The table is for bureaus, the General Secretariat, and partners that have the
// right to read it.
func TestReferenceNeedsTheRight(t *testing.T) {
	w := withSeed(t)
	paths := []string{"/v1/reference", "/v1/reference?find=taurus", "/v1/reference/make:TAS", "/v1/reference/make:NOBODY", "/v1/reference:check?make=taurus&serial=1"}
	for _, path := range paths {
		w.get("WCO", path).problem(t, http.StatusForbidden, "no_right")
		require.NotEqual(t, http.StatusForbidden, w.get("IPSG", path).status, path)
	}
	w.log.ask("IPSG", events.TypeAgreementGranted, `{"agreement_id":"AGR-REF","grantee":"WCO","rights":["reference"],"legal_basis":"invented","valid_from":"2026-01-01","valid_until":"2030-12-31"}`)
	require.Equal(t, http.StatusOK, w.get("WCO", paths[0]).status)
	w.post("NCB-BR", "/v1/reference", `{"name":"X","kind":"make"}`).problem(t, http.StatusForbidden, "no_right")
}
