package references

import (
	"encoding/csv"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/armslog/armslog/registry/reference"
)

// The Sao Paulo table, which never enters the project, has a column in which
// its analysts wrote the make that they made of what was stated. Where a name is
// forgiven, it must be forgiven as they did.
func TestForgivenMakesAreThoseOfTheAnalysts(t *testing.T) {
	shared := os.Getenv("ARMSLOG_SHARED")
	if shared == "" {
		t.Skip("ARMSLOG_SHARED is not set")
	}
	f, err := os.Open(filepath.Join(shared, "data", "sp_seized_2019_2023.csv"))
	require.NoError(t, err)
	defer f.Close()
	in := csv.NewReader(f)
	head, err := in.Read()
	require.NoError(t, err)
	stated, judged := slices.Index(head, "MARCA_ARMA"), slices.Index(head, "MARCA_ARMA_V2")
	all, err := in.ReadAll()
	require.NoError(t, err)

	var makes []*reference.Spellings
	for _, b := range seed(t) {
		if b.Kind == "make" {
			makes = append(makes, reference.SpellingsOf(b.Name, b.Aliases, nil))
		}
	}
	found := map[string]reference.Hit{}
	find := func(text string) reference.Hit {
		hit, known := found[text]
		if !known {
			hit, _ = reference.Only(reference.Find(text, slices.All(makes), 0))
			found[text] = hit
		}
		return hit
	}
	agree, differ := 0, map[string]int{}
	for _, row := range all {
		if row[stated] == "" || row[judged] == "" {
			continue
		}
		asked, analysts := find(row[stated]), find(row[judged])
		if asked.Reason == reference.None || asked.Reason.Exact() || !analysts.Reason.Exact() {
			continue
		}
		if asked.Entry == analysts.Entry {
			agree++
		} else {
			differ[row[stated]+" is "+row[judged]]++
		}
	}
	others := 0
	for _, n := range differ {
		others += n
	}
	t.Logf("%d rows forgiven as the analysts did, %d not: %v", agree, others, differ)
	require.Greater(t, agree, 1000)
	require.Less(t, others*33, agree, "at most three in a hundred; most of those are slips of the other side")
}
