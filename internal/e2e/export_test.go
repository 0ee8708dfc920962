package e2e

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// An export holds what the list holds and nothing else, as it is or as it was,
// whatever is withheld from whom; and import takes every row back unchanged.
func TestExport(t *testing.T) {
	w := withTables(t)
	var before uint64
	for i := range 25 {
		deny := ""
		if i%5 == 0 {
			deny = `"deny":["NCB-CL","NCB-PY"],`
		}
		reply := w.post("NCB-BR", "/v1/records", record(fmt.Sprint("D-", i), fmt.Sprintf("XP%06d", 104_177+i*7919), "stolen", deny)).reply(t)
		if i == 9 {
			before = reply.Seq
		}
	}
	w.post("NCB-BR", "/v1/records", record("D-3", "XP900003", "lost", "")).reply(t)
	w.post("NCB-CL", "/v1/records", record("C-1", "XP700001", "stolen", "")).reply(t)
	var withdrawn string
	for _, id := range listed(t, w, "NCB-BR") {
		withdrawn = id
	}
	require.Equal(t, http.StatusOK, w.post("NCB-BR", "/v1/records/"+withdrawn+"/withdrawal", `{"reason":"returned"}`).status)
	w.settled()

	for org, want := range map[string]int{"NCB-BR": 25, "NCB-CL": 1, "NCB-PY": 0} {
		file := filepath.Join(t.TempDir(), "records.csv")
		r := w.by(org).run("record", "export", file)
		require.Zero(t, r.code, r.err)
		ids := listed(t, w, org)
		require.Len(t, ids, want)
		require.Equal(t, ids, exportedIDs(t, file))
		if want > 1 {
			r = w.by(org).run("-o", "table", "import", file)
			require.Zero(t, r.code, r.err)
			require.Contains(t, r.out, fmt.Sprintf(" %d unchanged   1 filtered   nothing appended", want-1))
		}
	}
	file := filepath.Join(t.TempDir(), "then.csv")
	r := w.by("NCB-BR").run("record", "export", file, "--as-of", fmt.Sprint(before))
	require.Zero(t, r.code, r.err)
	require.Len(t, exportedIDs(t, file), 10)
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NotContains(t, string(text), "XP900003", "it was amended later")
	require.NotContains(t, string(text), "withdrawn", "nothing was withdrawn then")
}

// listed are the ids of the list, page by page.
func listed(t *testing.T, w *world, org string) (ids []string) {
	w.settled()
	for path := "/v1/records?limit=7"; ; {
		var page struct {
			Items []struct{ ID string }
			Next  string
		}
		a := w.get(org, path)
		require.Equal(t, http.StatusOK, a.status)
		require.NoError(t, json.Unmarshal(a.body, &page))
		for _, item := range page.Items {
			ids = append(ids, item.ID)
		}
		if page.Next == "" {
			return ids
		}
		path = "/v1/records?limit=7&after=" + page.Next
	}
}

func exportedIDs(t *testing.T, file string) (ids []string) {
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	rows, err := csv.NewReader(strings.NewReader(string(text))).ReadAll()
	require.NoError(t, err)
	at := slices.Index(rows[0], "id")
	for _, row := range rows[1:] {
		ids = append(ids, row[at])
	}
	return ids
}
