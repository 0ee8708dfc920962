package gateway

import (
	"errors"
	"net/http"

	"github.com/armslog/armslog/events"
)

// Role is what a person or a key may do inside its organisation.
type Role string

// The roles. An admin has all of them within its organisation; what the
// organisation itself may do (its rights) is the registry's to decide.
const (
	Searcher  Role = "searcher"
	Registrar Role = "registrar"
	Tracer    Role = "tracer" // sends and answers trace requests
	Desk      Role = "desk"   // reads the inbox and follows matches up
	Analyst   Role = "analyst"
	Auditor   Role = "auditor"
	Admin     Role = "admin"
)

// Roles are all roles there are.
func Roles() []Role { return []Role{Searcher, Registrar, Tracer, Desk, Analyst, Auditor, Admin} }

// Principal is who asks, as their credential says.
type Principal struct {
	Organisation events.OrgID
	KeyID        string
	Roles        []Role
	Actor        string // ce_actor: opaque, pairwise; never a name
}

// Credentials say who sent a request. API keys are the first (KeyFile); OIDC
// and mutual TLS have the same form.
type Credentials interface {
	// Authenticate reads the credential of r, never its body. It returns
	// ErrNoCredential (wrapped or not) for every credential that is missing,
	// unknown or wrong, and takes the same time for all of them.
	Authenticate(r *http.Request) (Principal, error)
}

// ErrNoCredential is returned when a request bears no credential that is
// known here.
var ErrNoCredential = errors.New("no valid credential")

// has says whether p has one of the roles; an admin has them all.
func (p *Principal) has(roles []Role) bool {
	for _, have := range p.Roles {
		if have == Admin {
			return true
		}
		for _, want := range roles {
			if have == want {
				return true
			}
		}
	}
	return false
}
