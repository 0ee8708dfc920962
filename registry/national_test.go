package registry_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
)

// A national entity has the rights that its NCB gives it; nobody else has any
// without an agreement.
func TestRightsOfANationalEntity(t *testing.T) {
	l := newTown(t)
	entity := &events.OrganisationSubmitted{OrganisationID: "AA-POLICE", Kind: "national_entity", Country: "AR", Name: "Police", Parent: "NCB-AA"}
	l.accept("NCB-AA", entity)
	rejects(t, l.send("AA-POLICE", record("stolen", "1", serial("KTO44170"))), "", "no_right")
	entity.Rights = []string{"register"}
	l.accept("NCB-AA", entity)
	l.accept("AA-POLICE", record("stolen", "1", serial("KTO44170")))
	rejects(t, l.send("AA-POLICE", search(serial("KTO44170"))), "", "no_right")
	rejects(t, l.send("IPSG", &events.OrganisationSubmitted{OrganisationID: "ENTITY", Kind: "international_entity", Name: "Entity", Rights: []string{"search"}}), "/rights", "no_right")
	_, known := l.s.Organisation("ENTITY")
	require.False(t, known)
}
