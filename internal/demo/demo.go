// Package demo is the sample world of `armslog up --demo`: invented
// organisations' records under public acronyms, made by rule, the same on every
// machine. No record describes a real firearm, no text a person.
package demo

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/schemas"
)

// Secretariat is the organisation that the genesis entry names.
const Secretariat = "IPSG"

// Request is one request of the sample world.
type Request struct {
	Org  events.OrgID
	Type events.Type
	Body []byte
}

// Profile is a ready-made user of the sample world.
type Profile struct {
	Name         string
	Organisation events.OrgID
	Roles        []string
	Purpose      string
	Context      string
}

// Profiles are the users that --demo makes keys for.
func Profiles() []Profile {
	bureau := []string{"searcher", "registrar", "tracer", "desk", "analyst"}
	return []Profile{
		{"wco", "WCO", []string{"searcher", "tracer", "desk", "analyst"}, "border_control", "recovered"},
		{"ncb-br", "NCB-BR", bureau, "criminal_investigation", "recovered"},
		{"ncb-cl", "NCB-CL", bureau, "criminal_investigation", "recovered"},
		{"ncb-py", "NCB-PY", bureau, "criminal_investigation", "recovered"},
		{"ipsg", Secretariat, []string{"admin", "desk", "analyst"}, "threat_analysis", "documents"},
		{"auditor", Secretariat, []string{"auditor", "analyst"}, "threat_analysis", "documents"},
	}
}

// Directory is who there is and what they have agreed: asked for first, so that
// the rest has senders.
func Directory() []Request {
	var out []Request
	add := func(t events.Type, body string) {
		out = append(out, Request{Secretariat, t, []byte(body)})
	}
	for _, ncb := range []struct{ id, country, name string }{
		{"NCB-BR", "BR", "National Central Bureau, Brazil"},
		{"NCB-CL", "CL", "National Central Bureau, Chile"},
		{"NCB-PY", "PY", "National Central Bureau, Paraguay"},
	} {
		add(events.TypeOrganisationSubmitted, fmt.Sprintf(
			`{"organisation_id":%q,"kind":"ncb","country":%q,"name":%q,"inbox":true}`, ncb.id, ncb.country, ncb.name))
	}
	add(events.TypeOrganisationSubmitted, `{"organisation_id":"WCO","kind":"international_entity","name":"World Customs Organization","inbox":true}`)
	add(events.TypeOrganisationSubmitted, `{"organisation_id":"FJ-CUSTOMS","kind":"customs_administration","country":"FJ","name":"Customs administration without access of its own"}`)
	add(events.TypeAgreementGranted, `{"agreement_id":"AGR-WCO","grantee":"WCO","rights":["search","trace","reference"],"purposes":["border_control","security_check"],`+
		`"acts_for":{"kinds":["customs_administration"],"only_without_own_access":true},"limits":{"searches_per_day":50000,"partial_per_day":500},`+
		`"legal_basis":"Invented agreement of the sample world","valid_from":"2026-01-01","valid_until":"2035-12-31"}`)
	out = append(out, Request{"WCO", events.TypeOperationSubmitted, []byte(`{"operation_id":"TRIGGER-X","kind":"operation",` +
		`"name":"Invented operation of the sample world","lead":"WCO","members":["FJ-CUSTOMS"],"from":"2026-01-01"}`)})
	for line := range strings.SplitSeq(strings.TrimSpace(string(schemas.ReferenceSeed())), "\n") {
		add(events.TypeReferenceSubmitted, line)
	}
	return out
}

// model is a kind of weapon and the shape of its invented serial numbers: A a
// letter, 9 a digit, anything else itself.
type model struct{ typ, make, model, calibre, serial string }

var models = []model{
	{"pistol", "taurus", "PT 100", ".40", "TAA99999"}, {"pistol", "taurus", "838", ".380", "KAA99999"},
	{"revolver", "taurus", "82", ".38", "AA999999"}, {"revolver", "rossi", "88", ".38", "E999999"},
	{"pistol", "glock", "22", ".40", "BAAA999"}, {"pistol", "beretta", "92", "9 mm", "A99999Z"},
	{"shotgun", "boito", "A680", "12", "G999999"}, {"rifle", "imbel", "IA2", "5.56", "JAA99999"},
	{"submachine_gun", "famae", "SAF", "9 mm", "M999999"}, {"carbine", "cbc", "7022", ".22", "C9999999"},
}

type bureau struct {
	org, country string
	records      int
	places       []string
	categories   []string
}

var bureaus = []bureau{
	{"NCB-BR", "BR", 500, []string{"SAO PAULO", "SANTOS", "CAMPINAS", "RECIFE"}, []string{"seized", "seized", "seized", "stolen", "found"}},
	{"NCB-CL", "CL", 300, []string{"SANTIAGO", "VALPARAISO", "TEMUCO"}, []string{"stolen", "lost", "stolen", "seized"}},
	{"NCB-PY", "PY", 300, []string{"ASUNCION", "ENCARNACION", "LUQUE"}, []string{"stolen", "lost", "smuggled", "seized"}},
}

// Records are some eleven hundred firearms of three countries; one in forty is
// known in two of them.
func Records() []Request {
	r := rand.New(rand.NewPCG(2026, 11))
	var out []Request
	var shared []string
	for _, b := range bureaus {
		for i := range b.records {
			m := models[r.IntN(len(models))]
			serial := invent(r, m.serial)
			if len(shared) > 0 && r.IntN(20) == 0 {
				m, serial = unpack(shared[r.IntN(len(shared))])
			} else if r.IntN(20) == 0 {
				shared = append(shared, m.typ+"|"+m.make+"|"+m.model+"|"+m.calibre+"|"+serial)
			}
			out = append(out, Request{b.org, events.TypeRecordSubmitted, b.record(r, i, m, serial)})
		}
	}
	return out
}

func (b bureau) record(r *rand.Rand, i int, m model, serial string) []byte {
	year := 2015 + r.IntN(11)
	return fmt.Appendf(nil, `{"source":{"system":"sample","id":"%s-%04d"},"category":%q,"firearm":{"type":%q,"make":%q,"model":%q,"calibre":%q,`+
		`"marks":[{"kind":"serial","place":"frame","status":"readable","text":%q}]},`+
		`"incident":{"date":"%d-%02d","country":%q,"place":%q,"case_number":"%s-%d/%d"},"handling":"official_use_only","retain_until":"2036-12-31"}`,
		b.country, i, b.categories[r.IntN(len(b.categories))], m.typ, m.make, m.model, m.calibre, serial,
		year, 1+r.IntN(12), b.country, b.places[r.IntN(len(b.places))], b.country, i/3, year)
}

func unpack(s string) (model, string) {
	p := strings.Split(s, "|")
	return model{typ: p[0], make: p[1], model: p[2], calibre: p[3]}, p[4]
}

func invent(r *rand.Rand, shape string) string {
	b := []byte(shape)
	for i, c := range b {
		switch c {
		case 'A':
			b[i] = byte('A' + r.IntN(26))
		case '9':
			b[i] = byte('0' + r.IntN(10))
		}
	}
	return string(b)
}
