package events

import (
	"encoding/json"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The order of sets, base_revision and how a body is written do not count.
func TestDigestIsOfContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := genBody{t}.record()
		other := *r
		other.BaseRevision++
		for _, set := range []*[]string{&other.Deny, &other.IllicitBasis, &other.Firearm.Features} {
			*set = slices.Clone(*set)
			rand.Shuffle(len(*set), func(i, j int) { (*set)[i], (*set)[j] = (*set)[j], (*set)[i] })
		}
		require.Equal(t, Digest(r), Digest(&other))

		indented := must(json.MarshalIndent(other, "", "  "))
		body, errs := Decode(TypeRecordSubmitted, indented)
		require.Empty(t, errs, "%s", indented)
		require.Equal(t, Digest(r), Digest(body.(*RecordSubmitted)), "%s", indented)
	})
}

// What differs in content differs in form: no two fields, and no two lists, run
// into each other.
func TestDigestTellsContentsApart(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, b := genBody{t}.record(), genBody{t}.record()
		for _, r := range []*RecordSubmitted{a, b} {
			r.BaseRevision = 0
			for _, set := range [][]string{r.Deny, r.IllicitBasis, r.Firearm.Features} {
				slices.Sort(set)
			}
		}
		same := string(must(json.Marshal(a))) == string(must(json.Marshal(b)))
		require.Equal(t, same, Digest(a) == Digest(b))
	})
	base := RecordSubmitted{Firearm: Firearm{Marks: []Mark{{Kind: "serial", Text: "AB"}, {Kind: "other", Text: "C"}}}}
	for _, other := range []Firearm{
		{Marks: []Mark{{Kind: "serial", Text: "A"}, {Kind: "other", Text: "BC"}}},
		{Marks: []Mark{{Kind: "other", Text: "C"}, {Kind: "serial", Text: "AB"}}},
		{Marks: []Mark{{Kind: "serial", Text: "AB"}, {Kind: "other"}, {Text: "C"}}},
		{Marks: []Mark{{Kind: "serial", Text: "AB", Series: "C"}, {Kind: "other"}}},
	} {
		require.NotEqual(t, Digest(&base), Digest(&RecordSubmitted{Firearm: other}), "%v", other)
	}
}

// Each field of a record counts.
func TestDigestCoversEveryField(t *testing.T) {
	r := must(fields(sampleRecord(t)))
	base, errs := Decode(TypeRecordSubmitted, sampleRecord(t))
	require.Empty(t, errs)
	want := Digest(base.(*RecordSubmitted))
	left := 0
	leaves(r, func() {
		value := must(json.Marshal(r))
		body, errs := Decode(TypeRecordSubmitted, value)
		if len(errs) > 0 {
			return // a required field
		}
		left++
		require.NotEqual(t, want, Digest(body.(*RecordSubmitted)), "%s", value)
	})
	require.Greater(t, left, 25)
}

func fields(b []byte) (v map[string]any, err error) {
	err = json.Unmarshal(b, &v)
	delete(v, "base_revision")
	return v, err
}

// leaves leaves each member out in turn.
func leaves(v any, check func()) {
	switch v := v.(type) {
	case map[string]any:
		for k, below := range v {
			delete(v, k)
			check()
			v[k] = below
			leaves(below, check)
		}
	case []any:
		for _, below := range v {
			leaves(below, check)
		}
	}
}
