package gateway

import (
	"context"
	"strings"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
)

// AccessScope says how far a reader of looks may see.
type AccessScope int

// The scopes.
const (
	AccessesOfOwn  AccessScope = iota // looks at what is the organisation's own
	AccessesByOwn                     // these, and the looks of its own people
	AccessesOfEach                    // all of them
)

// AccessQuery filters looks; "" is no filter.
type AccessQuery struct {
	PageQuery
	Scope        AccessScope
	ID           string // of what was looked at, or its beginning in lower case
	Mark         string // of a record, as written; compared in normal form
	Organisation events.OrgID
}

// AccessRow is one look at a record, a match or a trace in full.
type AccessRow struct {
	Seq          uint64         `json:"seq"`
	At           string         `json:"at" doc:"RFC 3339, UTC"`
	Organisation events.OrgID   `json:"organisation" doc:"That looked."`
	Actor        string         `json:"actor,omitempty" doc:"Opaque, pairwise: never a name."`
	ActingFor    events.OrgID   `json:"acting_for,omitempty"`
	What         string         `json:"what" doc:"record, match, trace"`
	ID           events.UUID    `json:"id" doc:"Of what was looked at."`
	Shown        uint64         `json:"shown" doc:"Entry that holds what was shown."`
	Purpose      string         `json:"purpose,omitempty"`
	Parties      []events.OrgID `json:"parties,omitempty" doc:"Whose it was; to the General Secretariat's auditor."`
}

// listAccesses tells who looked: an owner, at what is its own; an auditor, also
// its own people; the General Secretariat's auditor, everybody.
func (c *call) listAccesses() error {
	id := strings.ToLower(c.text("id"))
	if id != "" && !isIDStart(id) {
		return invalidParameter("invalid_parameter", "/query/id", "id must be a UUID or its first four signs or more", "")
	}
	scope, err := c.accessScope()
	if err != nil {
		return err
	}
	return list(c, func(ctx context.Context, t Tables, q PageQuery) (Page[AccessRow], error) {
		return t.Accesses(ctx, c.org(), AccessQuery{
			PageQuery: q, Scope: scope, ID: id, Mark: c.text("mark"), Organisation: c.text("organisation"),
		})
	})
}

func (c *call) accessScope() (scope AccessScope, err error) {
	if !c.who.has([]Role{Auditor}) {
		return AccessesOfOwn, nil
	}
	scope = AccessesByOwn
	err = c.cfg.Registry.Read(c.r.Context(), func(s *registry.State) {
		if s.Secretariat() == c.org() {
			scope = AccessesOfEach
		}
	})
	return scope, err
}

func isIDStart(s string) bool {
	return len(s) >= 4 && len(s) <= 36 && strings.Trim(s, "0123456789abcdef-") == ""
}
