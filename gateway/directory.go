package gateway

import (
	"net/http"
	"slices"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// The directory is read from the state: it is small, and who may do what must
// be seen as the registry sees it.

// Organisations are all of the directory: everybody may know who takes part.
type Organisations struct {
	Items []events.OrganisationSubmitted `json:"items"`
}

// Agreements are those that the caller may see.
type Agreements struct {
	Items []registry.AgreementInfo `json:"items"`
}

// Me is who the caller is to the registry.
type Me struct {
	Organisation events.OrgID `json:"organisation"`
	Kind         string       `json:"kind,omitempty"`
	Country      string       `json:"country,omitempty"`
	KeyID        string       `json:"key_id"`
	Roles        []Role       `json:"roles"`
	Rights       []string     `json:"rights" doc:"What the organisation may do now."`
	Purposes     []string     `json:"purposes" doc:"Of its agreements; empty = any."`
	ActsFor      []Delegation `json:"acts_for"`
}

// Delegation is for whom an agreement lets the caller act.
type Delegation struct {
	Agreement string `json:"agreement"`
	events.ActsFor
}

// fromState answers with what the state says, at min_seq or later.
func (c *call) fromState(read func(*registry.State) any) error {
	if err := c.waitSeq(); err != nil {
		return err
	}
	var v any
	if err := c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) { v = read(s) }); err != nil {
		return err
	}
	return c.json(http.StatusOK, 0, v)
}

func (c *call) listOrganisations() error {
	return c.fromState(func(s *registry.State) any {
		return Organisations{Items: append([]events.OrganisationSubmitted{}, s.Organisations()...)}
	})
}

func (c *call) listAgreements() error {
	return c.fromState(func(s *registry.State) any {
		return Agreements{Items: append([]registry.AgreementInfo{}, s.Agreements(c.org())...)}
	})
}

func (c *call) revokeAgreement() error {
	body, err := c.body(events.MaxBody)
	if err != nil {
		return err
	}
	return c.submit(events.TypeAgreementRevoked, splice(body, `"agreement_id":`+string(appendString(nil, c.text("id")))))
}

func (c *call) skipMailbox() error {
	body, err := c.body(events.MaxBody)
	if err != nil {
		return err
	}
	return c.submit(events.TypeMailboxSkipped, splice(body, `"organisation":`+string(appendString(nil, c.text("id")))))
}

func (c *call) showMe() error {
	return c.fromState(func(s *registry.State) any {
		me := Me{
			Organisation: c.org(), KeyID: c.who.KeyID, Roles: c.who.Roles,
			Rights: append([]string{}, s.Rights(c.org())...), Purposes: []string{}, ActsFor: []Delegation{},
		}
		o, _ := s.Organisation(c.org())
		me.Kind, me.Country = o.Kind, o.Country
		for _, a := range s.Agreements(c.org()) {
			if a.Grantee == c.org() && a.Status == "active" {
				me.add(a)
			}
		}
		slices.Sort(me.Purposes)
		me.Purposes = slices.Compact(me.Purposes)
		return me
	})
}

func (m *Me) add(a registry.AgreementInfo) {
	m.Purposes = append(m.Purposes, a.Purposes...)
	if a.ActsFor != nil {
		m.ActsFor = append(m.ActsFor, Delegation{a.AgreementID, *a.ActsFor})
	}
}

// health says that the process lives.
func (c *call) health() error {
	c.send(http.StatusOK, 0, []byte(`{"status":"ok"}`))
	return nil
}
