package registry_test

import (
	"bytes"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/events"
	"github.com/armslog/armslog/registry"
	"github.com/armslog/armslog/registry/reference"
	"github.com/armslog/armslog/schemas"
)

// The seed is taken in whole, and what it calls related is there: a code that
// names nothing would make two names of one weapon a conflict.
func TestSeedRelatesWhatItHolds(t *testing.T) {
	l := table(t)
	known := map[string]registry.ReferenceInfo{}
	for _, r := range l.s.References() {
		known[r.ID] = r
	}
	related := 0
	for id, r := range known {
		for _, other := range r.Related {
			related++
			require.Contains(t, known, other, "%s is related to it", id)
		}
	}
	require.Greater(t, related, 5)
	found := l.s.FindReferences("TAUROS", "make", 5)
	require.Len(t, found, 1)
	require.Equal(t, []string{"make:TAS", "alias", "tauros"}, []string{found[0].ID, found[0].Reason, found[0].Spelling})
	require.Contains(t, found[0].RelatedTo, registry.ReferenceName{ID: "make:ROS", Name: "Rossi"})

	// Joint production is no conflict: the numbers meet as of unknown makes.
	taken := record("seized", "1", serial("KTO44170"))
	taken.Firearm.Make = "Rossi"
	l.accept("NCB-AA", taken)
	q := search(serial("KTO44170"))
	q.Firearm.Make = "tauros"
	met := meetingIn(t, l.accept("WCO", q))
	require.Equal(t, "unknown", met.Results.Make)
}

// table is a town with the built-in reference table.
func table(t *testing.T) *leader {
	l := newTown(t)
	for line := range bytes.Lines(schemas.ReferenceSeed()) {
		body, errs := events.Decode(events.TypeReferenceSubmitted, bytes.TrimSpace(line))
		require.Empty(t, errs, "%s", line)
		l.accept(secretary, body)
	}
	return l
}

// No spelling of the seed stands for two entries of a kind: the later would
// take it from the earlier unseen.
func TestSeedClaimsEachSpellingOnce(t *testing.T) {
	owner := map[string]string{}
	kinds := map[string]int{}
	for _, r := range table(t).s.References() {
		kinds[r.Kind]++
		if r.Kind == "make" {
			require.NotEmpty(t, r.Country, r.Name)
		}
		for _, text := range append([]string{r.Name}, r.Aliases...) {
			key := r.Kind + " " + reference.Fold(text)
			require.NotEqual(t, r.Kind+" ", key, "%s names nothing", r.ID)
			require.Empty(t, owner[key], "%s of %s", text, r.ID)
			owner[key] = r.ID
		}
	}
	require.GreaterOrEqual(t, kinds["make"], 150)
	require.GreaterOrEqual(t, kinds["calibre"], 80)
	require.Equal(t, len(events.FirearmTypes.Codes()), kinds["type"])
}

func TestReferencePages(t *testing.T) {
	l := table(t)
	all := l.s.References()
	for _, kind := range []string{"", "make", "calibre", "model", "type"} {
		var want, got []string
		for _, r := range all {
			if kind == "" || r.Kind == kind {
				want = append(want, r.ID)
			}
		}
		for after := ""; ; {
			page, next, ok := l.s.ReferencePage(kind, after, 37)
			require.True(t, ok)
			for _, r := range page {
				got = append(got, r.ID)
			}
			if after = next; next == "" {
				break
			}
		}
		require.Equal(t, want, got, kind)
	}
	_, _, ok := l.s.ReferencePage("", "make:NOBODY", 10)
	require.False(t, ok)
}

func TestCheckSerialOfTheTable(t *testing.T) {
	l := table(t)
	l.accept(secretary, &events.ReferenceSubmitted{Name: "85", Kind: "model", Make: "make:TAS", FirearmType: "revolver", Aliases: []string{"model 85"},
		SerialForms: []events.SerialForm{{Pattern: "[A-Z]{2}[0-9]{5}"}}})
	l.accept(secretary, &events.ReferenceSubmitted{Name: "66", Kind: "model", Make: "make:TAS"})
	for _, c := range []struct{ maker, model, serial, result string }{
		{"taurus", "", "ZK434432", reference.Fits}, {"make:TAS", "", "ZK434432", reference.Fits}, {"tuarus", "", "ZK434432", reference.Fits},
		{"Taurus", "MODEL 85", "XX43443", reference.Fits}, {"Taurus", "model 85", "ZK434432", reference.DoesNotFit}, {"Taurus", "66", "ZK434432", reference.Fits},
		{"rossi", "", "E12345", reference.NoScheme},
	} {
		got, ok := l.s.CheckSerial(c.maker, c.model, c.serial, 0)
		require.True(t, ok)
		require.Equal(t, c.result, got.Result, "%+v", c)
	}
	_, ok := l.s.CheckSerial("nobody", "", "1", 0)
	require.False(t, ok)
}

// Who may read the table: the General Secretariat, bureaus, and who has the
// right.
func TestMayReadReference(t *testing.T) {
	l := newTown(t)
	require.True(t, l.s.MayReadReference(secretary))
	require.True(t, l.s.MayReadReference("NCB-AA"))
	require.False(t, l.s.MayReadReference("WCO"))
	require.False(t, l.s.MayReadReference("NOBODY"))
	l.accept(secretary, agreement("AGR-REF", "WCO", "search", "reference"))
	require.True(t, l.s.MayReadReference("WCO"))
}

// All of an entry is part of the state, and its seq says from where it holds.
func TestReferenceIsFolded(t *testing.T) {
	a, b := table(t), table(t)
	require.Equal(t, a.s.Hash(), b.s.Hash())
	b.accept(secretary, &events.ReferenceSubmitted{Name: "Taurus", Kind: "make", Codes: map[string]string{"local": "TAS", "ncic": "XX"}})
	a.accept(secretary, &events.ReferenceSubmitted{Name: "Taurus", Kind: "make", Codes: map[string]string{"local": "TAS", "ncic": "YY"}})
	require.NotEqual(t, a.s.Hash(), b.s.Hash(), "codes are part of the state")
	found, ok := a.s.Reference("make:TAS")
	require.True(t, ok)
	require.Equal(t, a.s.Next()-1, found.Seq)
	require.Equal(t, "YY", found.Codes["ncic"])
	_, ok = a.s.Reference("make:NOBODY")
	require.False(t, ok)
}
