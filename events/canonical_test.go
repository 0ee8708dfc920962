package events

import (
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// The bytes and the digest were written once: digests are in states that live on.
func TestCanonicalGolden(t *testing.T) {
	body, errs := Decode(TypeRecordSubmitted, sampleRecord(t))
	require.Empty(t, errs)
	r := body.(*RecordSubmitted)
	want, err := os.ReadFile("testdata/record.canonical.json")
	require.NoError(t, err)
	require.Equal(t, strings.TrimSpace(string(want)), string(AppendCanonical(nil, r)))
	digest := Digest(r)
	require.Equal(t, "e34bb9c310212290", hex.EncodeToString(digest[:]))
}

// The canonical form is a body of the same content, and one that is in it
// already; order of sets and base_revision do not count, all else does.
func TestCanonical(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := genBody{t}.record()
		form := AppendCanonical(nil, r)
		back, errs := Decode(TypeRecordSubmitted, form)
		require.Empty(t, errs, "%s", form)
		again := back.(*RecordSubmitted)
		require.Equal(t, form, AppendCanonical(nil, again))

		other := *r
		other.BaseRevision++
		for _, set := range []*[]string{&other.Deny, &other.IllicitBasis, &other.Firearm.Features} {
			*set = slices.Clone(*set)
			rand.Shuffle(len(*set), func(i, j int) { (*set)[i], (*set)[j] = (*set)[j], (*set)[i] })
		}
		require.Equal(t, Digest(r), Digest(&other))

		other.BaseRevision = 0
		for _, set := range []*[]string{&other.Deny, &other.IllicitBasis, &other.Firearm.Features} {
			slices.Sort(*set)
		}
		require.JSONEq(t, string(must(json.Marshal(other))), string(form))
	})
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
