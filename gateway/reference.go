package gateway

import (
	"net/http"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// The firearms reference table is read from the state: it is what requests are
// compared by at that moment.

func referenceRoutes() []*route {
	refused := []string{"no_right", "lagging"}
	return []*route{
		{
			method: http.MethodGet, path: "/v1/reference", id: "list-reference", tag: "Reference",
			doc: "The firearms reference table, or what of it a name may mean, however it is spelt: the best first, each with the reason.",
			params: []param{
				queryText("find", "A make, model, calibre or type as written, or a code."),
				queryCode("kind", "Entries of this kind alone.", events.ReferenceKinds.Codes()...),
				queryNumber("limit", 1, 1000, 100, "At most so many."),
				queryText("after", "The cursor that the page before gave as next; what was looked for has one page."),
				minSeq(),
			},
			needs: refused, ok: []answer{answers[Page[registry.FoundReference]](200, "One page.")}, serve: (*call).listReference,
		},
		{
			method: http.MethodGet, path: "/v1/reference/{id}", id: "show-reference", tag: "Reference", doc: "One entry of the firearms reference table.",
			params: []param{{name: "id", in: "path", kind: text, max: maxText, doc: "Its id, such as make:TAS or model:TAS%2F82."}, minSeq()},
			needs:  append([]string{"not_found"}, refused...), ok: []answer{answers[registry.FoundReference](200, "The entry.")}, serve: (*call).showReference,
		},
		{
			method: http.MethodGet, path: "/v1/reference:check", id: "check-serial", tag: "Reference",
			doc: "Does a serial number fit a make and a year, and what year does it imply: a lead, since makers made exceptions.",
			params: []param{
				queryText("make", "As written, or its id."), queryText("model", "As written; its own forms stand before those of its make."),
				queryText("serial", "As it stands on the weapon."), queryNumber("year", 1500, 2999, 0, "Year of manufacture, where it is known."), minSeq(),
			},
			needs: append([]string{"not_found"}, refused...), ok: []answer{answers[registry.SerialCheck](200, "What the forms that are known say.")}, serve: (*call).checkSerial,
		},
		{
			method: http.MethodPost, path: "/v1/reference", id: "submit-reference", tag: "Reference",
			doc:   "Add or amend an entry of the firearms reference table: its full state. It holds from its seq on.",
			roles: admins, params: postParams(), body: bodyOf[events.ReferenceSubmitted](), posts: true,
			ok: directoryAnswers(), serve: post(events.TypeReferenceSubmitted),
		},
	}
}

// fromReference answers what read says, to those who may read the table. An
// error of read is the answer.
func (c *call) fromReference(read func(*registry.State) (any, error)) error {
	if err := c.waitSeq(); err != nil {
		return err
	}
	var v any
	var problem error
	err := c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) {
		if !s.MayReadReference(c.org()) {
			problem = newProblem("no_right", "your organisation may not read the reference table")
			return
		}
		v, problem = read(s)
	})
	if err != nil {
		return err
	}
	if problem != nil {
		return problem
	}
	return c.json(http.StatusOK, 0, v)
}

func (c *call) listReference() error {
	kind, limit := c.text("kind"), int(c.number("limit"))
	return c.fromReference(func(s *registry.State) (any, error) {
		if asked := c.text("find"); asked != "" {
			return Page[registry.FoundReference]{Items: s.FindReferences(asked, kind, limit)}, nil
		}
		list, next, ok := s.ReferencePage(kind, c.text("after"), limit)
		if !ok {
			return nil, invalidParameter("invalid_parameter", "/query/after", "after is no cursor of this list", "take it from next of the page before")
		}
		page := Page[registry.FoundReference]{Items: make([]registry.FoundReference, 0, len(list)), Next: next}
		for _, r := range list {
			page.Items = append(page.Items, registry.FoundReference{ReferenceInfo: r})
		}
		return page, nil
	})
}

func (c *call) showReference() error {
	return c.fromReference(func(s *registry.State) (any, error) {
		if r, ok := s.Reference(c.text("id")); ok {
			return r, nil
		}
		return nil, notFound()
	})
}

func (c *call) checkSerial() error {
	for _, name := range []string{"make", "serial"} {
		if c.text(name) == "" {
			return invalidParameter("invalid_parameter", "/query/"+name, name+" is missing", "give make and serial: ?make=taurus&serial=ZK434432")
		}
	}
	return c.fromReference(func(s *registry.State) (any, error) {
		check, ok := s.CheckSerial(c.text("make"), c.text("model"), c.text("serial"), int(c.number("year")))
		if !ok {
			return nil, newProblem("not_found", "the table knows no make of that name, or several: look with ?find=")
		}
		return check, nil
	})
}
