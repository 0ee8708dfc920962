package node_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/internal/embedded"
	"github.com/armslog/armslog/internal/sim"
	"github.com/armslog/armslog/node"
	"github.com/armslog/armslog/registry"
)

// The directory that is read without a node is the one that a node has folded.
func TestReadDirectory(t *testing.T) {
	c := sim.NewCluster(t, embedded.BrokerConfig{})
	d, err := node.ReadDirectory(t.Context(), config(c).Cluster, sim.Quiet())
	require.NoError(t, err)
	require.Equal(t, node.Directory{}, d, "nobody has begun it")

	r := run(t, config(c))
	r.enrol(bureau, "NCB-G", "NCB-GB")
	r.accepted(bureau, recordOf(bureau, 1), recordOf(bureau, 2))
	for i, body := range []string{
		`{"organisation_id":"FJ-CUSTOMS","kind":"customs_administration","country":"FJ","name":"Customs FJ"}`,
		`{"organisation_id":"TO-CUSTOMS","kind":"customs_administration","country":"TO","name":"Customs TO"}`,
	} {
		r.accepted(secretariat, request(secretariat, "customs"+string(rune('0'+i)), events.TypeOrganisationSubmitted, body))
	}
	r.accepted(secretariat, request(secretariat, "agreement", events.TypeAgreementGranted,
		`{"agreement_id":"AGR-FJ","grantee":"FJ-CUSTOMS","rights":["search"],"purposes":["border_control"],"legal_basis":"invented","valid_from":"2026-01-01","valid_until":"2036-12-31"}`))
	d, err = node.ReadDirectory(t.Context(), config(c).Cluster, sim.Quiet())
	require.NoError(t, err)
	require.Equal(t, []events.OrgID{secretariat, bureau, "NCB-G", "NCB-GB", "FJ-CUSTOMS"}, d.Mailboxes)
	r.read(func(s *registry.State) {
		require.Equal(t, s.Mailboxes(), d.Mailboxes)
		require.Equal(t, s.Next(), d.Entries)
	})
}
